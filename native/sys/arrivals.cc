// SPDX-License-Identifier: MIT
#include "native/sys/arrivals.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "native/sys/filter.h"
#include "native/sys/result.h"
#include "native/sys/socket.h"
#include "native/sys/trace.h"
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
  int error = AttachFilter(fd, dropAll, 1);
  if (error != -EPERM) return error;
  const int most = 255;
  // An IPv6 socket may get packets of both kinds.
  int v6 = sys::setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &most, sizeof(most));
  int v4 = sys::setsockopt(fd, IPPROTO_IP, IP_MINTTL, &most, sizeof(most));
  return v6 == 0 ? 0 : v4;
}

int AwaitPackets() {
  // Packets pass a socket's checks inside an RCU read-side section of the network's receive path,
  // and this command of membarrier(2) returns after every such section that was open has ended.
  auto result = static_cast<int>(Result(::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)));
  if (trace::On()) trace::Membarrier(result, "MEMBARRIER_CMD_GLOBAL");
  return result;
}

bool PeerEnded(int fd) {
  pollfd end = {fd, POLLRDHUP, 0};
  return sys::poll(&end, 1, 0) > 0 && (end.revents & POLLRDHUP) != 0;
}

#else

int DropIncoming(int) {
  return -ENOPROTOOPT;
}

int AwaitPackets() {
  return -ENOSYS;
}

bool PeerEnded(int) {
  return false;
}

#endif

}  // namespace sockkit::sys
