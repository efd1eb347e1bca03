// SPDX-License-Identifier: MIT
#include "native/sys/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "native/sys/result.h"
#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace sockkit::sys {

int Wake::Open() {
#ifdef __linux__
  int fd = Result(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (fd < 0) return fd;
  read_ = write_ = fd;
#else
  int ends[2];
  if (::pipe(ends) != 0) return -errno;
  for (int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  read_ = ends[0];
  write_ = ends[1];
#endif
  return 0;
}

void Wake::Close() {
  if (write_ >= 0 && write_ != read_) ::close(write_);
  if (read_ >= 0) ::close(read_);
  read_ = write_ = -1;
}

void Wake::Signal() {
  if (write_ < 0) return;
  const uint64_t one = 1;
  // EAGAIN means that the counter or the pipe is full: whoever polls is awake already.
  while (::write(write_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

void Wake::Clear() {
  uint64_t count;
  while (::read(read_, &count, sizeof(count)) > 0 && read_ != write_) {
  }
}

}  // namespace sockkit::sys
