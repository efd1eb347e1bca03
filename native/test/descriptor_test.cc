// SPDX-License-Identifier: MIT
#include "native/sys/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include <vector>

#include "native/sys/filter.h"
#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/files.h"

namespace sockkit::test {
namespace {

constexpr int kNoDescriptor = 900'000;

TEST(DupGivesAnotherDescriptorThatIsCloseOnExec) {
  Fd fd(sys::socket(AF_INET, SOCK_STREAM, 0));
  Fd copy(sys::dup(fd.get()));
  REQUIRE(copy.get() >= 0);
  CHECK(copy.get() != fd.get());
  CHECK_EQ(fcntl(copy.get(), F_GETFD), FD_CLOEXEC);
  CHECK_EQ(sys::setNonblocking(fd.get(), true), 0);
  CHECK_EQ(fcntl(copy.get(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  CHECK_EQ(sys::dup(kNoDescriptor), -EBADF);
}

TEST(AnInheritedDescriptorBecomesCloseOnExec) {
  Fd fd(sys::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(fcntl(fd.get(), F_SETFD, 0) == 0);
  CHECK_EQ(sys::setCloseOnExec(fd.get()), 0);
  CHECK_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  CHECK_EQ(sys::setCloseOnExec(kNoDescriptor), -EBADF);
}

#ifdef __linux__
TEST(AFilterIsTakenOrRefusedAsTheKernelSays) {
  constexpr uint64_t kDropAll = 6;  // { code = BPF_RET | BPF_K, jt = 0, jf = 0, k = 0 }
  Fd fd(sys::socket(AF_INET, SOCK_DGRAM, 0));
  std::vector<uint64_t> program(4097, kDropAll);
  CHECK_EQ(sys::AttachFilter(fd.get(), program.data(), 1), 0);
  CHECK_EQ(sys::AttachFilter(fd.get(), program.data(), 4096), 0);
  CHECK_EQ(sys::AttachFilter(fd.get(), program.data(), 4097), -EINVAL);
  CHECK_EQ(sys::AttachFilter(fd.get(), program.data(), 0), -EINVAL);
  // As many as an unsigned short holds is not the same as what is left of a larger number.
  CHECK_EQ(sys::AttachFilter(fd.get(), program.data(), 65537), -EINVAL);
  CHECK_EQ(sys::AttachFilter(kNoDescriptor, program.data(), 1), -EBADF);
}
#endif

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
