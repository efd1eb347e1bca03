// SPDX-License-Identifier: MIT
//
// Traces: messages with their buffers and control data, and how long a line may be.
#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "native/sys/control.h"
#include "native/sys/message.h"
#include "native/sys/socket.h"
#include "native/sys/trace_line.h"
#include "native/sys/trace_values.h"
#include "native/test/check.h"
#include "native/test/net.h"
#include "native/test/trace.h"

namespace sockkit::test {
namespace {

using sys::Address;
using sys::trace::Line;

struct Ends {
  Ends() {
    int made[2];
    REQUIRE(sys::socketpair(AF_UNIX, SOCK_DGRAM, 0, made) == 0);
    one = Fd(made[0]);
    other = Fd(made[1]);
  }
  Fd one, other;
};

std::string Control(sys::ControlBuffer* control, bool json = false) {
  return Made(
      [&](Line* line) {
        line->Argument("c");
        sys::trace::PutControl(line, control->bytes, control->used);
      },
      json);
}

TEST(ControlData) {
  alignas(cmsghdr) uint8_t bytes[512];
  sys::ControlBuffer control = {bytes, sizeof(bytes), 0};
  const int fds[2] = {0, 1};
  control.Raw(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
  control.Credentials(7, 8, 9);
  CHECK_EQ(Control(&control),
           "[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0, 1]}, "
           "{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=7, "
           "uid=8, gid=9}}]");
  CHECK_EQ(Control(&control, true),
           "\"c\":[{\"cmsg_len\":24,\"cmsg_level\":\"SOL_SOCKET\",\"cmsg_type\":\"SCM_RIGHTS\","
           "\"cmsg_data\":[0,1]},{\"cmsg_len\":28,\"cmsg_level\":\"SOL_SOCKET\","
           "\"cmsg_type\":\"SCM_CREDENTIALS\",\"cmsg_data\":{\"pid\":7,\"uid\":8,\"gid\":9}}]");
  control.used = 0;
  control.Ttl(AF_INET, 64);
  control.Pktinfo(AF_INET, 1, Ip("127.0.0.1", 0));
  control.Raw(IPPROTO_IP, 1234, "ab", 2);
  CHECK_EQ(Control(&control),
           "[{cmsg_len=20, cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=[64]}, {cmsg_len=28, "
           "cmsg_level=SOL_IP, cmsg_type=IP_PKTINFO, "
           "cmsg_data={ipi_ifindex=if_nametoindex(\"lo\"), ipi_spec_dst=inet_addr(\"127.0.0.1\"), "
           "ipi_addr=inet_addr(\"0.0.0.0\")}}, {cmsg_len=18, cmsg_level=SOL_IP, cmsg_type=0x4d2 "
           "/* IP_??? */, cmsg_data=\"ab\"}]");
}

TEST(MessagesWithTheirBuffers) {
  Ends ends;
  const std::string one = std::to_string(ends.one.get());
  const std::string other = std::to_string(ends.other.get());
  char in[100];
  iovec parts[2] = {{const_cast<char*>("hello "), 6}, {const_cast<char*>("world"), 5}};
  iovec room[2] = {{in, 4}, {in + 4, 96}};
  msghdr sent = {};
  sent.msg_iov = parts;
  sent.msg_iovlen = 2;
  msghdr got = {};
  got.msg_iov = room;
  got.msg_iovlen = 2;
  CHECK_EQ(Traced([&] {
             sys::sendmsg(ends.one.get(), sent, 0);
             sys::recvmsg(ends.other.get(), &got, 0);
             sys::recvmsg(ends.other.get(), &got, MSG_DONTWAIT);
           }),
           "sendmsg(" + one +
               ", {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"hello \", iov_len=6}, "
               "{iov_base=\"world\", iov_len=5}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, "
               "MSG_NOSIGNAL) = 11\n" +
               "recvmsg(" + other +
               ", {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"hell\", iov_len=4}, "
               "{iov_base=\"o world\", iov_len=96}], msg_iovlen=2, msg_controllen=0, "
               "msg_flags=MSG_CMSG_CLOEXEC}, MSG_CMSG_CLOEXEC) = 11\n" +
               "recvmsg(" + other +
               ", {msg_namelen=0}, MSG_DONTWAIT|MSG_CMSG_CLOEXEC) = -1 EAGAIN (Resource "
               "temporarily unavailable)\n");
}

TEST(ManyMessagesAtOnce) {
  Ends ends;
  const std::string one = std::to_string(ends.one.get());
  const std::string other = std::to_string(ends.other.get());
  iovec parts[2] = {{const_cast<char*>("a"), 1}, {const_cast<char*>("bc"), 2}};
  char in[2][8];
  iovec room[2] = {{in[0], 8}, {in[1], 8}};
  sys::BatchHeader headers[2] = {};
  for (int i = 0; i < 2; i++) headers[i].msg_hdr.msg_iov = &parts[i];
  for (int i = 0; i < 2; i++) headers[i].msg_hdr.msg_iovlen = 1;
  const std::string head = "{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=";
  const std::string tail = "}], msg_iovlen=1, msg_controllen=0, msg_flags=";
  CHECK_EQ(Traced([&] {
             sys::sendmmsg(ends.one.get(), headers, 2, 0);
             for (int i = 0; i < 2; i++) headers[i].msg_hdr.msg_iov = &room[i];
             sys::recvmmsg(ends.other.get(), headers, 2, MSG_DONTWAIT);
             sys::recvmmsg(ends.other.get(), headers, 2, MSG_DONTWAIT);
           }),
           "sendmmsg(" + one + ", [" + head + "\"a\", iov_len=1" + tail + "0}, msg_len=1}, " +
               head + "\"bc\", iov_len=2" + tail + "0}, msg_len=2}], 2, MSG_NOSIGNAL) = 2\n" +
               "recvmmsg(" + other + ", [" + head + "\"a\", iov_len=8" + tail +
               "MSG_CMSG_CLOEXEC}, msg_len=1}, " + head + "\"bc\", iov_len=8" + tail +
               "MSG_CMSG_CLOEXEC}, msg_len=2}], 2, MSG_DONTWAIT|MSG_CMSG_CLOEXEC, NULL) = 2\n" +
               "recvmmsg(" + other +
               ", PTR, 2, MSG_DONTWAIT|MSG_CMSG_CLOEXEC, NULL) = -1 EAGAIN (Resource temporarily "
               "unavailable)\n");
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at++) count++;
  return count;
}

TEST(ALineIsNeverLongerThanAPipeTakesAtOnce) {
  Ends ends;
  // Each of them long: every byte of the name and of the data takes four characters, or six.
  std::string path = "/" + std::string(100, '\1');
  Address address = Unix(path);
  std::string data(40, '\2');
  iovec parts[40];
  for (iovec& part : parts) part = {data.data(), data.size()};
  sys::BatchHeader headers[40] = {};
  for (sys::BatchHeader& header : headers) {
    header.msg_hdr.msg_name = &address.storage;
    header.msg_hdr.msg_namelen = address.length;
    header.msg_hdr.msg_iov = parts;
    header.msg_hdr.msg_iovlen = 40;
  }
  std::string lines[2];
  lines[0] = Traced([&] { sys::sendmmsg(ends.one.get(), headers, 40, 0); });
  lines[1] = TracedJson([&] { sys::sendmmsg(ends.one.get(), headers, 40, 0); });
  for (const std::string& line : lines) {
    CHECK(line.size() <= Line::kMost);
    CHECK_EQ(Count(line, "\n"), 1u);
    CHECK_EQ(Count(line, "{"), Count(line, "}"));
    CHECK_EQ(Count(line, "["), Count(line, "]"));
    CHECK(Count(line, "ENOENT") == 1);
  }
  pollfd fds[1000];
  for (pollfd& fd : fds) fd = {ends.one.get(), POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
  lines[0] = Traced([&] { sys::poll(fds, 1000, 0); });
  lines[1] = TracedJson([&] { sys::poll(fds, 1000, 0); });
  for (const std::string& line : lines) {
    CHECK(line.size() <= Line::kMost);
    CHECK_EQ(Count(line, "{"), Count(line, "}"));
    CHECK_EQ(Count(line, "["), Count(line, "]"));
    CHECK(Count(line, "...") > 0);
  }
}

TEST(JsonOfACall) {
  Ends ends;
  const std::string one = std::to_string(ends.one.get());
  const std::string text = TracedJson([&] {
    sys::send(ends.one.get(), "\377x", 2, 0);
    sys::send(-1, "x", 1, MSG_OOB);
    pollfd fd = {ends.other.get(), POLLIN, 0};
    sys::poll(&fd, 1, 0);
  });
  CHECK_EQ(text, "{\"call\":\"send\",\"args\":{\"fd\":" + one +
                     ",\"buf\":\"\\u00ffx\",\"len\":2,\"flags\":\"MSG_NOSIGNAL\"},\"result\":2}\n"
                     "{\"call\":\"send\",\"args\":{\"fd\":-1,\"buf\":\"x\",\"len\":1,\"flags\":"
                     "\"MSG_OOB|MSG_NOSIGNAL\"},\"result\":-1,\"error\":\"EBADF\"}\n"
                     "{\"call\":\"poll\",\"args\":{\"fds\":[{\"fd\":" +
                     std::to_string(ends.other.get()) +
                     ",\"events\":\"POLLIN\",\"revents\":\"POLLIN\"}],\"nfds\":1,\"timeout\":0},"
                     "\"result\":1}\n");
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
