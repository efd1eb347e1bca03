// SPDX-License-Identifier: MIT
#include "native/sys/descriptor.h"

#include <fcntl.h>

#include "native/sys/result.h"
#include "native/sys/trace.h"

namespace sockkit::sys {

int dup(int fd) {
  int result = Result(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (trace::On()) trace::Fcntl(result, fd, "F_DUPFD_CLOEXEC", "0");
  return result;
}

int setCloseOnExec(int fd) {
  int result = Result(::fcntl(fd, F_SETFD, FD_CLOEXEC));
  if (trace::On()) trace::Fcntl(result, fd, "F_SETFD", "FD_CLOEXEC");
  return result;
}

}  // namespace sockkit::sys
