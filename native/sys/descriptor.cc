// SPDX-License-Identifier: MIT
#include "native/sys/descriptor.h"

#include <fcntl.h>

#include "native/sys/result.h"

namespace sockkit::sys {

int dup(int fd) {
  return Result(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int setCloseOnExec(int fd) {
  return Result(::fcntl(fd, F_SETFD, FD_CLOEXEC));
}

}  // namespace sockkit::sys
