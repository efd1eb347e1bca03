// SPDX-License-Identifier: MIT
#include "native/sys/filter.h"

#include <errno.h>
#include <sys/socket.h>

#include "native/sys/result.h"
#include "native/sys/trace.h"
#ifdef __linux__
#include <linux/bpf_common.h>
#include <linux/filter.h>
#endif

namespace sockkit::sys {

#ifdef __linux__

int AttachFilter(int fd, void* program, size_t count) {
  if (count > BPF_MAXINSNS) return -EINVAL;
  sock_fprog list = {static_cast<unsigned short>(count), static_cast<sock_filter*>(program)};
  int result = Result(::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &list, sizeof(list)));
  if (trace::On()) trace::AttachFilter(result, fd, program, count);
  return result;
}

#else

int AttachFilter(int, void*, size_t) {
  return -ENOPROTOOPT;
}

#endif

}  // namespace sockkit::sys
