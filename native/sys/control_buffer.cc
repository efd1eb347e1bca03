// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "native/sys/control.h"

namespace sockkit::sys {

namespace {

constexpr size_t kHead = CMSG_LEN(0);
constexpr size_t kAlign = CMSG_SPACE(1) - CMSG_SPACE(0);

}  // namespace

int ControlBuffer::Raw(int level, int type, const void* data, size_t length) {
  const size_t left = room - used;
  if (used > room || left < kHead || length > left - kHead) return -ENOBUFS;
  const size_t space = ControlSpace(length);
  if (space > left) return -ENOBUFS;
  cmsghdr header;
  memset(&header, 0, sizeof(header));
  header.cmsg_level = level;
  header.cmsg_type = type;
  header.cmsg_len = static_cast<decltype(header.cmsg_len)>(kHead + length);
  uint8_t* at = bytes + used;
  memset(at, 0, space);
  memcpy(at, &header, sizeof(header));
  if (length > 0) memcpy(at + kHead, data, length);
  used += space;
  return 0;
}

int ControlBuffer::Credentials(uint32_t pid, uint32_t uid, uint32_t gid) {
#ifdef SCM_CREDENTIALS
  struct ucred own;
  own.pid = static_cast<pid_t>(pid);
  own.uid = uid;
  own.gid = gid;
  return Raw(SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof(own));
#else
  (void)pid, (void)uid, (void)gid;
  return -EOPNOTSUPP;
#endif
}

int ControlBuffer::Pktinfo(int family, uint32_t ifindex, const Address& address) {
  int result = -EOPNOTSUPP;
#ifdef IP_PKTINFO
  if (family != AF_INET6) {
    in_pktinfo info = {};
    info.ipi_ifindex = static_cast<decltype(info.ipi_ifindex)>(ifindex);
    if (address.family() == AF_INET) info.ipi_spec_dst = address.as<sockaddr_in>()->sin_addr;
    result = Raw(IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    if (family == AF_INET || result != 0) return result;
  }
#endif
#ifdef IPV6_PKTINFO
  if (family != AF_INET) {
    in6_pktinfo info = {};
    info.ipi6_ifindex = static_cast<decltype(info.ipi6_ifindex)>(ifindex);
    if (address.family() == AF_INET6) info.ipi6_addr = address.as<sockaddr_in6>()->sin6_addr;
    result = Raw(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
  }
#endif
  return result;
}

int ControlBuffer::Ttl(int family, int value) {
  int result = 0;
  if (family != AF_INET6) result = Raw(IPPROTO_IP, IP_TTL, &value, sizeof(value));
#ifdef IPV6_HOPLIMIT
  if (family != AF_INET && result == 0) {
    result = Raw(IPPROTO_IPV6, IPV6_HOPLIMIT, &value, sizeof(value));
  }
#endif
  return result;
}

int ControlBuffer::Tos(int family, int value) {
  int result = 0;
  if (family != AF_INET6) result = Raw(IPPROTO_IP, IP_TOS, &value, sizeof(value));
  if (family != AF_INET && result == 0) {
    result = Raw(IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
  }
  return result;
}

size_t ControlSpace(size_t length) {
  return (kHead + length + kAlign - 1) & ~(kAlign - 1);
}

}  // namespace sockkit::sys
