// SPDX-License-Identifier: MIT
#include "native/sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <string>

#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"

namespace sockkit::test {
namespace {

using sys::Address;

bool CloseOnExec(const Fd& fd) {
  return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}

bool Nonblocking(const Fd& fd) {
  return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0;
}

TEST(NewDescriptorsAreCloseOnExecAndBlocking) {
  Address where;
  Fd listener(Listen(AF_INET, &where));
  CHECK(CloseOnExec(listener));
  CHECK(!Nonblocking(listener));
  CHECK_EQ(sys::setNonblocking(listener.get(), true), 0);
  CHECK(Nonblocking(listener));
  Fd client = Connect(where);
  // Whatever the listener is.
  Address peer;
  Fd accepted(sys::accept(listener.get(), &peer));
  REQUIRE(accepted.get() >= 0);
  CHECK(CloseOnExec(accepted));
  CHECK(!Nonblocking(accepted));
  CHECK_EQ(sys::setNonblocking(listener.get(), false), 0);
  CHECK(!Nonblocking(listener));

  Address own;
  CHECK_EQ(sys::getsockname(client.get(), &own), 0);
  CHECK_EQ(peer.length, own.length);
  CHECK_EQ(sys::Port(peer), sys::Port(own));
  CHECK_EQ(sys::getpeername(client.get(), &own), 0);
  CHECK_EQ(sys::Port(own), sys::Port(where));
}

TEST(AcceptWithoutAPeer) {
  Address where;
  Fd listener(Listen(AF_INET, &where));
  Fd client = Connect(where);
  Fd accepted(sys::accept(listener.get(), nullptr));
  CHECK(accepted.get() >= 0);
}

TEST(BytesGoThroughAndTheEndIsZero) {
  Address where;
  Fd listener(Listen(AF_INET, &where));
  Fd client = Connect(where);
  Fd accepted(sys::accept(listener.get(), nullptr));
  char buffer[100];
  CHECK_EQ(sys::recv(accepted.get(), buffer, sizeof(buffer), MSG_DONTWAIT), -EAGAIN);
  CHECK_EQ(sys::BytesReadable(accepted.get()), 0u);
  CHECK_EQ(sys::send(client.get(), "\0\xFF text", 7, 0), 7);
  pollfd ready = {accepted.get(), POLLIN, 0};
  CHECK_EQ(sys::poll(&ready, 1, -1), 1);
  CHECK_EQ(ready.revents, POLLIN);
  CHECK_EQ(sys::BytesReadable(accepted.get()), 7u);
  CHECK_EQ(sys::recv(accepted.get(), buffer, 3, 0), 3);
  CHECK_EQ(sys::recv(accepted.get(), buffer + 3, sizeof(buffer) - 3, 0), 4);
  CHECK_EQ(std::string(buffer, 7), std::string("\0\xFF text", 7));
  CHECK_EQ(sys::shutdown(client.get(), SHUT_WR), 0);
  CHECK_EQ(sys::recv(accepted.get(), buffer, sizeof(buffer), 0), 0);
  CHECK_EQ(sys::poll(&ready, 0, 0), 0);
}

TEST(ABrokenPipeIsAnErrorAndNoSignal) {
  signal(SIGPIPE, SIG_DFL);
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Fd one(ends[0]);
  Fd{ends[1]};
  CHECK_EQ(sys::send(one.get(), "x", 1, 0), -EPIPE);
}

TEST(ErrorsAreNegatedErrnos) {
  Fd udp(sys::socket(AF_INET, SOCK_DGRAM, 0));
  Fd tcp(sys::socket(AF_INET, SOCK_STREAM, 0));
  Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Address address;
  Address nowhere;
  CHECK_EQ(sys::ParseIp("192.0.2.1", 1, &nowhere), 0);
  char byte = 0;
  CHECK_EQ(sys::socket(12345, SOCK_STREAM, 0), -EAFNOSUPPORT);
  CHECK_EQ(sys::bind(-1, nowhere), -EBADF);
  CHECK_EQ(sys::bind(tcp.get(), nowhere), -EADDRNOTAVAIL);
  CHECK_EQ(sys::listen(udp.get(), 1), -EOPNOTSUPP);
  CHECK_EQ(sys::accept(tcp.get(), &address), -EINVAL);
  CHECK_EQ(sys::accept(file.get(), &address), -ENOTSOCK);
  CHECK_EQ(sys::connect(file.get(), nowhere), -ENOTSOCK);
  CHECK_EQ(sys::send(tcp.get(), "x", 1, 0), -EPIPE);
  CHECK_EQ(sys::recv(tcp.get(), &byte, 1, 0), -ENOTCONN);
  CHECK_EQ(sys::shutdown(tcp.get(), SHUT_RD), -ENOTCONN);
  CHECK_EQ(sys::shutdown(tcp.get(), 17), -EINVAL);
  CHECK_EQ(sys::getpeername(tcp.get(), &address), -ENOTCONN);
  CHECK_EQ(sys::getsockname(-1, &address), -EBADF);
  CHECK_EQ(sys::close(-1), -EBADF);
  CHECK_EQ(sys::setNonblocking(-1, true), -EBADF);
  CHECK_EQ(sys::BytesReadable(-1), SIZE_MAX);
  CHECK_EQ(sys::BytesReadable(file.get()), SIZE_MAX);
  CHECK_EQ(sys::poll(nullptr, 1, 0), -EFAULT);
}

TEST(ARefusedConnection) {
  Address where;
  Fd{Listen(AF_INET, &where)};
  Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_EQ(sys::connect(client.get(), where), -ECONNREFUSED);
  Fd patient(sys::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_EQ(sys::setNonblocking(patient.get(), true), 0);
  CHECK_EQ(sys::connect(patient.get(), where), -EINPROGRESS);
  pollfd ready = {patient.get(), POLLOUT, 0};
  CHECK_EQ(sys::poll(&ready, 1, -1), 1);
  int error = 0;
  socklen_t length = sizeof(error);
  CHECK_EQ(sys::getsockopt(patient.get(), SOL_SOCKET, SO_ERROR, &error, &length), 0);
  CHECK_EQ(error, ECONNREFUSED);
}

TEST(OptionsComeBack) {
  Fd fd(sys::socket(AF_INET, SOCK_STREAM, 0));
  int value = -1;
  socklen_t length = sizeof(value);
  CHECK_EQ(sys::getsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &value, &length), 0);
  CHECK_EQ(value, 0);
  CHECK_EQ(length, sizeof(value));
  const int one = 1;
  CHECK_EQ(sys::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
  CHECK_EQ(sys::getsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &value, &length), 0);
  CHECK_EQ(value, 1);
  // The kernel says how much it filled in.
  char room[100];
  length = sizeof(room);
  CHECK_EQ(sys::getsockopt(fd.get(), SOL_SOCKET, SO_LINGER, room, &length), 0);
  CHECK_EQ(length, sizeof(linger));
  CHECK_EQ(sys::getsockopt(fd.get(), SOL_SOCKET, 9999, &value, &length), -ENOPROTOOPT);
  CHECK_EQ(sys::setsockopt(fd.get(), SOL_SOCKET, 9999, &one, sizeof(one)), -ENOPROTOOPT);
  CHECK_EQ(sys::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, 1), -EINVAL);
}

TEST(UnixSocketsHaveNamesInBothDirections) {
  Address where;
  Fd listener(Listen(AF_UNIX, &where));
  Fd client = Connect(where);
  Address peer;
  Fd accepted(sys::accept(listener.get(), &peer));
  CHECK_EQ(peer.family(), AF_UNIX);
  size_t length = 99;
  sys::UnixName(peer, &length);
  CHECK_EQ(length, 0u);
  CHECK_EQ(sys::getpeername(client.get(), &peer), 0);
  CHECK_EQ(peer.length, where.length);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
