// SPDX-License-Identifier: MIT
//
// Traces: each call as strace 6.1 shows it, but for the names of the C library's functions.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>

#include <string>

#include "native/sys/arrivals.h"
#include "native/sys/descriptor.h"
#include "native/sys/filter.h"
#include "native/sys/message.h"
#include "native/sys/names.h"
#include "native/sys/resolve.h"
#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/net.h"
#include "native/test/trace.h"

namespace sockkit::test {
namespace {

using sys::Address;

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int made[2];
    REQUIRE(sys::socketpair(AF_UNIX, type, 0, made) == 0);
    one = Fd(made[0]);
    other = Fd(made[1]);
    a = std::to_string(made[0]);
    b = std::to_string(made[1]);
  }
  Fd one, other;
  std::string a, b;
};

std::string Number(int number) {
  return std::to_string(number);
}

TEST(NothingIsWrittenWhileTracesAreOff) {
  TemporaryFile file;
  sys::trace::SetOutput(file.fd());
  Pair pair;
  CHECK_EQ(sys::send(pair.one.get(), "x", 1, 0), 1);
  sys::trace::SetOutput(-1);
  CHECK_EQ(file.text(), "");
}

TEST(TheExampleOfTheManual) {
  Pair pair;
  CHECK_EQ(Traced([&] { sys::send(pair.one.get(), "Go Tigers!\n", 11, 0); }),
           "send(" + pair.a + ", \"Go Tigers!\\n\", 11, MSG_NOSIGNAL) = 11\n");
}

TEST(SendAndRecv) {
  Pair pair;
  char buffer[100];
  CHECK_EQ(Traced([&] {
             sys::send(pair.one.get(), "abc", 3, MSG_DONTWAIT | MSG_EOR);
             sys::recv(pair.other.get(), buffer, sizeof(buffer), MSG_PEEK);
             sys::recv(pair.other.get(), buffer, sizeof(buffer), 0);
             sys::recv(pair.other.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
             sys::send(-1, nullptr, 0, 0);
             sys::shutdown(pair.one.get(), SHUT_WR);
             sys::shutdown(pair.one.get(), 17);
             sys::recv(pair.other.get(), buffer, sizeof(buffer), 0);
           }),
           "send(" + pair.a + ", \"abc\", 3, MSG_DONTWAIT|MSG_EOR|MSG_NOSIGNAL) = 3\n" + "recv(" +
               pair.b + ", \"abc\", 100, MSG_PEEK) = 3\n" + "recv(" + pair.b +
               ", \"abc\", 100, 0) = 3\n" + "recv(" + pair.b +
               ", PTR, 100, MSG_DONTWAIT) = -1 EAGAIN "
               "(Resource temporarily unavailable)\n" +
               "send(-1, NULL, 0, MSG_NOSIGNAL) = -1 EBADF (Bad file descriptor)\n" + "shutdown(" +
               pair.a + ", SHUT_WR) = 0\n" + "shutdown(" + pair.a +
               ", 0x11 /* SHUT_??? */) = -1 EINVAL (Invalid argument)\n" + "recv(" + pair.b +
               ", \"\", 100, 0) = 0\n");
}

TEST(MakingSockets) {
  int made[2];
  int stream = -1;
  int raw = -1;
  std::string text = Traced([&] {
    stream = sys::socket(AF_INET, SOCK_STREAM, 0);
    raw = sys::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
    sys::socket(12345, 77, 88);
    sys::socket(AF_UNIX, SOCK_SEQPACKET, 5);
    sys::socketpair(AF_UNIX, SOCK_DGRAM, 0, made);
    sys::socketpair(AF_INET, SOCK_DGRAM, 0, made);
  });
  CHECK_EQ(text,
           "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = " + Number(stream) +
               "\nsocket(AF_INET6, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_UDP) = " +
               Number(raw) +
               "\nsocket(0x3039 /* AF_??? */, 0x4d|SOCK_CLOEXEC /* SOCK_??? */, 88) = -1 EINVAL "
               "(Invalid argument)\n"
               "socket(AF_UNIX, SOCK_SEQPACKET|SOCK_CLOEXEC, 5) = -1 EPROTONOSUPPORT "
               "(Protocol not supported)\n"
               "socketpair(AF_UNIX, SOCK_DGRAM|SOCK_CLOEXEC, 0, [" +
               Number(made[0]) + ", " + Number(made[1]) +
               "]) = 0\n"
               "socketpair(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP, PTR) = -1 EOPNOTSUPP "
               "(Operation not supported)\n");
  for (int fd : {stream, raw, made[0], made[1]}) sys::close(fd);
}

TEST(FromBindToClose) {
  Address where;
  Address peer;
  Fd listener(sys::socket(AF_INET, SOCK_STREAM, 0));
  Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(sys::ParseIp("127.0.0.1", 0, &where) == 0);
  int accepted = -1;
  std::string text = Traced([&] {
    sys::bind(listener.get(), where);
    sys::listen(listener.get(), 10);
    sys::getsockname(listener.get(), &where);
    sys::getpeername(listener.get(), &peer);
    sys::connect(client.get(), where);
    accepted = sys::accept(listener.get(), &peer);
    sys::accept(-1, &peer);
    sys::close(accepted);
    sys::close(-1);
  });
  sys::getsockname(client.get(), &peer);
  auto ip = [](int port) {
    return "{sa_family=AF_INET, sin_port=htons(" + Number(port) +
           "), sin_addr=inet_addr(\"127.0.0.1\")}";
  };
  const std::string l = Number(listener.get());
  const std::string c = Number(client.get());
  CHECK_EQ(
      text,
      "bind(" + l + ", " + ip(0) + ", 16) = 0\n" + "listen(" + l + ", 10) = 0\n" + "getsockname(" +
          l + ", " + ip(sys::Port(where)) + ", [128 => 16]) = 0\n" + "getpeername(" + l +
          ", PTR, [128]) = -1 ENOTCONN (Transport endpoint is not connected)\n" + "connect(" + c +
          ", " + ip(sys::Port(where)) + ", 16) = 0\n" + "accept4(" + l + ", " +
          ip(sys::Port(peer)) + ", [128 => 16], SOCK_CLOEXEC) = " + Number(accepted) + "\n" +
          "accept4(-1, PTR, [128], SOCK_CLOEXEC) = -1 EBADF (Bad file descriptor)\n" + "close(" +
          Number(accepted) + ") = 0\n" + "close(-1) = -1 EBADF (Bad file descriptor)\n");
}

TEST(SendtoAndRecvfrom) {
  Address where;
  Fd one(sys::socket(AF_INET, SOCK_DGRAM, 0));
  Fd other(sys::socket(AF_INET, SOCK_DGRAM, 0));
  REQUIRE(sys::ParseIp("127.0.0.1", 0, &where) == 0);
  REQUIRE(sys::bind(one.get(), where) == 0);
  REQUIRE(sys::bind(other.get(), where) == 0);
  sys::getsockname(one.get(), &where);
  Address sender;
  Address none;
  none.length = 0;
  char buffer[4];
  std::string text = Traced([&] {
    sys::sendto(other.get(), "hello", 5, 0, where);
    sys::sendto(other.get(), "hello", 5, 0, none);
    sys::recvfrom(one.get(), buffer, sizeof(buffer), MSG_TRUNC, &sender);
    sys::recvfrom(one.get(), buffer, sizeof(buffer), MSG_DONTWAIT, &sender);
  });
  sys::getsockname(other.get(), &sender);
  const std::string a = Number(one.get());
  const std::string b = Number(other.get());
  CHECK_EQ(text,
           "sendto(" + b + ", \"hello\", 5, MSG_NOSIGNAL, {sa_family=AF_INET, sin_port=htons(" +
               Number(sys::Port(where)) + "), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 5\n" +
               "sendto(" + b +
               ", \"hello\", 5, MSG_NOSIGNAL, NULL, 0) = -1 EDESTADDRREQ (Destination "
               "address required)\n" +
               "recvfrom(" + a + ", \"hell\", 4, MSG_TRUNC, {sa_family=AF_INET, sin_port=htons(" +
               Number(sys::Port(sender)) +
               "), sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16]) = 5\n" + "recvfrom(" + a +
               ", PTR, 4, MSG_DONTWAIT, PTR, [128]) = -1 EAGAIN (Resource temporarily "
               "unavailable)\n");
}

TEST(PollWithItsAnswer) {
  Pair pair;
  pollfd fds[3] = {{pair.one.get(), POLLIN, 0},
                   {pair.other.get(), POLLIN | POLLOUT | 0x4000, 0},
                   {-1, POLLIN, 0}};
  CHECK_EQ(Traced([&] {
             sys::poll(fds, 3, 1000);
             sys::poll(fds, 1, 0);
             sys::poll(nullptr, 0, 0);
           }),
           "poll([{fd=" + pair.a + ", events=POLLIN}, {fd=" + pair.b +
               ", events=POLLIN|POLLOUT|0x4000}, {fd=-1}], 3, 1000) = 1 ([{fd=" + pair.b +
               ", revents=POLLOUT}])\n" + "poll([{fd=" + pair.a +
               ", events=POLLIN}], 1, 0) = 0 (Timeout)\npoll(NULL, 0, 0) = 0 (Timeout)\n");
  // What waits for descriptors of our own is no call of the program's.
  CHECK_EQ(Traced([&] { sys::pollUntraced(fds, 1, 0); }), "");
}

TEST(DescriptorsAndTheirModes) {
  Pair pair;
  int copy = -1;
  sys::send(pair.one.get(), "abc", 3, 0);
  std::string text = Traced([&] {
    sys::setNonblocking(pair.one.get(), true);
    sys::setNonblocking(pair.one.get(), false);
    sys::BytesReadable(pair.other.get());
    copy = sys::dup(pair.one.get());
    sys::setCloseOnExec(pair.one.get());
    sys::dup(-1);
  });
  sys::close(copy);
  CHECK_EQ(text, "ioctl(" + pair.a + ", FIONBIO, [1]) = 0\nioctl(" + pair.a +
                     ", FIONBIO, [0]) = 0\nioctl(" + pair.b + ", FIONREAD, [3]) = 0\nfcntl(" +
                     pair.a + ", F_DUPFD_CLOEXEC, 0) = " + Number(copy) + "\nfcntl(" + pair.a +
                     ", F_SETFD, FD_CLOEXEC) = 0\n" +
                     "fcntl(-1, F_DUPFD_CLOEXEC, 0) = -1 EBADF (Bad file descriptor)\n");
}

TEST(Sendfile) {
  Pair pair;
  TemporaryFile file;
  REQUIRE(::write(file.fd(), "0123456789", 10) == 10);
  int64_t offset = 1;
  const std::string in = Number(file.fd());
  CHECK_EQ(Traced([&] {
             sys::sendfile(pair.one.get(), file.fd(), &offset, 3);
             sys::sendfile(pair.one.get(), file.fd(), nullptr, 3);
             sys::sendfile(-1, file.fd(), nullptr, 3);
           }),
           "sendfile(" + pair.a + ", " + in + ", [1] => [4], 3) = 3\nsendfile(" + pair.a + ", " +
               in + ", NULL, 3) = 0\nsendfile(-1, " + in +
               ", NULL, 3) = -1 EBADF (Bad file descriptor)\n");
}

TEST(TheCallsOfTheCLibrary) {
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  int error = 0;
  Address address;
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  char name[IF_NAMESIZE];
  REQUIRE(sys::ParseIp("127.0.0.1", 80, &address) == 0);
  const std::string text = Traced([&] {
    sys::getaddrinfo("127.0.0.1", "5000", hints, &list, &error);
    freeaddrinfo(list);
    sys::getaddrinfo("no number", nullptr, hints, &list, &error);
    sys::getnameinfo(address, host, sizeof(host), service, sizeof(service),
                     NI_NUMERICHOST | NI_NUMERICSERV, &error);
    sys::if_nametoindex("lo");
    sys::if_nametoindex("no-such");
    sys::if_indextoname(1, name);
    sys::if_indextoname(4000000, name);
  });
  CHECK_EQ(
      text,
      "getaddrinfo(\"127.0.0.1\", \"5000\", {ai_flags=AI_PASSIVE|AI_NUMERICHOST, "
      "ai_family=AF_UNSPEC, ai_socktype=SOCK_STREAM, ai_protocol=IPPROTO_IP}, "
      "[{ai_family=AF_INET, ai_socktype=SOCK_STREAM, ai_protocol=IPPROTO_TCP, "
      "ai_addr={sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr(\"127.0.0.1\")}}])"
      " = 0\n"
      "getaddrinfo(\"no number\", NULL, {ai_flags=AI_PASSIVE|AI_NUMERICHOST, "
      "ai_family=AF_UNSPEC, ai_socktype=SOCK_STREAM, ai_protocol=IPPROTO_IP}, []) = -2 "
      "EAI_NONAME (Name or service not known)\n"
      "getnameinfo({sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, "
      "16, \"127.0.0.1\", \"80\", NI_NUMERICHOST|NI_NUMERICSERV) = 0\n"
      "if_nametoindex(\"lo\") = 1\n"
      "if_nametoindex(\"no-such\") = 0 ENODEV (No such device)\n"
      "if_indextoname(1) = \"lo\"\n"
      "if_indextoname(4000000) = NULL ENXIO (No such device or address)\n");
}

TEST(FiltersAndWhatStopsPackets) {
  Fd fd(sys::socket(AF_INET, SOCK_DGRAM, 0));
  const uint64_t program[1] = {6};
  const std::string s = Number(fd.get());
  CHECK_EQ(Traced([&] { sys::AttachFilter(fd.get(), const_cast<uint64_t*>(program), 1); }),
           "setsockopt(" + s + ", SOL_SOCKET, SO_ATTACH_FILTER, {len=1, filter=PTR}, 16) = 0\n");
}

TEST(TheCallItselfIsNotChanged) {
  // errno and the result are those of the call, whatever the trace did in between.
  Traced([&] {
    errno = 0;
    CHECK_EQ(sys::send(-1, "x", 1, 0), -EBADF);
    const int error = errno;
    CHECK_EQ(error, EBADF);
  });
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
