// SPDX-License-Identifier: MIT
#include "native/sys/filter.h"

#include <errno.h>
#include <sys/socket.h>

#include "native/sys/result.h"
#ifdef __linux__
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sockkit::sys {

#ifdef __linux__

int DropIncoming(int fd) {
  sock_filter dropAll[] = {{BPF_RET | BPF_K, 0, 0, 0}};
  sock_fprog program = {1, dropAll};
  return Result(::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

int AwaitPackets() {
  // Packets pass a socket's filter inside an RCU read-side section of the network's receive path,
  // and this command of membarrier(2) returns after every such section that was open has ended.
  return static_cast<int>(Result(::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)));
}

#else

int DropIncoming(int) {
  return -ENOPROTOOPT;
}

int AwaitPackets() {
  return -ENOSYS;
}

#endif

}  // namespace sockkit::sys
