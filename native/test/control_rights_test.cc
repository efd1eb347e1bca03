// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <memory>
#include <vector>

#include "native/sys/control.h"
#include "native/sys/message.h"
#include "native/test/check.h"
#include "native/test/files.h"

namespace sockkit::test {
namespace {

std::vector<int> Rights(const void* control, size_t length) {
  std::vector<int> fds;
  sys::ForEachRight(control, length, [&fds](int fd) { fds.push_back(fd); });
  return fds;
}

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(sys::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    one = Fd(ends[0]);
    other = Fd(ends[1]);
  }
  Fd one;
  Fd other;
};

void SendRights(const Pair& pair, int count) {
  uint8_t room[256];
  sys::ControlBuffer control{room, sizeof(room), 0};
  const std::vector<int> fds(static_cast<size_t>(count), pair.one.get());
  CHECK_EQ(control.Raw(SOL_SOCKET, SCM_RIGHTS, fds.data(), fds.size() * sizeof(int)), 0);
  char byte = 'x';
  iovec vector = {&byte, 1};
  msghdr header = {};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = room;
  header.msg_controllen = static_cast<decltype(header.msg_controllen)>(control.used);
  CHECK_EQ(sys::sendmsg(pair.one.get(), header, 0), 1);
}

// With every size of room from none to enough: as many as the kernel put in are found, they are
// close-on-exec, and none is left once they are closed (RunTests counts).
TEST(DescriptorsThatFitAreFound) {
  for (size_t room = 0; room <= CMSG_SPACE(3 * sizeof(int)); room++) {
    Pair pair;
    SendRights(pair, 3);
    const int before = OpenDescriptors();
    std::unique_ptr<uint8_t[]> block(new uint8_t[room]());
    char byte = 0;
    iovec vector = {&byte, 1};
    msghdr header = {};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = block.get();
    header.msg_controllen = static_cast<decltype(header.msg_controllen)>(room);
    CHECK_EQ(sys::recvmsg(pair.other.get(), &header, 0), 1);
    std::vector<int> fds = Rights(block.get(), header.msg_controllen);
    CHECK_EQ(OpenDescriptors(), before + static_cast<int>(fds.size()));
    CHECK_EQ((header.msg_flags & MSG_CTRUNC) != 0, fds.size() < 3);
    for (int fd : fds) CHECK_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    sys::CloseRights(block.get(), header.msg_controllen);
    CHECK_EQ(OpenDescriptors(), before);
  }
}

TEST(SocketpairLeavesTheArrayWhenItFails) {
  int ends[2] = {-7, -8};
  CHECK(sys::socketpair(AF_INET, SOCK_STREAM, 0, ends) < 0);
  CHECK_EQ(ends[0], -7);
  CHECK_EQ(ends[1], -8);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
