// SPDX-License-Identifier: MIT
#include "native/sys/control.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#ifdef __linux__
#include <linux/errqueue.h>
#ifndef SCM_PIDFD
#define SCM_PIDFD 4  // Linux 6.5
#endif
#endif

#include "native/sys/socket.h"

namespace sockkit::sys {

namespace {

constexpr size_t kHead = CMSG_LEN(0);
constexpr size_t kAlign = CMSG_SPACE(1) - CMSG_SPACE(0);
static_assert((kAlign & (kAlign - 1)) == 0);

constexpr size_t Aligned(size_t length) {
  return (length + kAlign - 1) & ~(kAlign - 1);
}

// The first bytes of the item as a T. False where it is shorter.
template <typename T>
bool Read(const Control& item, T* value, size_t at = 0) {
  if (item.length < at || item.length - at < sizeof(T)) return false;
  memcpy(value, item.data + at, sizeof(T));
  return true;
}

// A number in a byte or in an int: the kernel uses both, for IP_TOS and IPV6_TCLASS say.
bool ReadNumber(const Control& item, uint32_t* number) {
  int value = 0;
  if (Read(item, &value)) {
    *number = static_cast<uint32_t>(value);
    return true;
  }
  if (item.length != 1) return false;
  *number = item.data[0];
  return true;
}

template <typename T>
void SetIp(Address* address, int family, const T& ip) {
  memset(&address->storage, 0, sizeof(address->storage));
  address->storage.ss_family = static_cast<sa_family_t>(family);
  if constexpr (sizeof(T) == sizeof(in_addr)) {
    memcpy(&address->as<sockaddr_in>()->sin_addr, &ip, sizeof(ip));
    address->length = sizeof(sockaddr_in);
  } else {
    memcpy(&address->as<sockaddr_in6>()->sin6_addr, &ip, sizeof(ip));
    address->length = sizeof(sockaddr_in6);
  }
}

// `scale` is how many nanoseconds a part of the second has.
Control::Kind SetTime(Control* item, int64_t seconds, int64_t parts, uint32_t scale) {
  item->seconds = seconds;
  item->words[0] = static_cast<uint32_t>(parts) * scale;
  return Control::kTimestamp;
}

Control::Kind DecodeSocket(Control* item) {
  switch (item->type) {
    case SCM_RIGHTS:
      return Control::kRights;
#ifdef SCM_PIDFD
    case SCM_PIDFD: {
      int fd;
      if (!Read(*item, &fd)) break;
      item->words[0] = static_cast<uint32_t>(fd);
      return Control::kPidfd;
    }
#endif
#ifdef SCM_CREDENTIALS
    case SCM_CREDENTIALS: {
      struct ucred peer;
      if (!Read(*item, &peer)) break;
      item->words[0] = static_cast<uint32_t>(peer.pid);
      item->words[1] = peer.uid;
      item->words[2] = peer.gid;
      return Control::kCredentials;
    }
#endif
    case SCM_TIMESTAMP: {
      struct timeval time;
      if (Read(*item, &time)) return SetTime(item, time.tv_sec, time.tv_usec, 1000);
      break;
    }
#ifdef SO_TIMESTAMPNS
    case SO_TIMESTAMPNS: {
      struct timespec time;
      if (Read(*item, &time)) return SetTime(item, time.tv_sec, time.tv_nsec, 1);
      break;
    }
#endif
    default:
      break;
  }
#if defined(SO_TIMESTAMP_NEW) && defined(SO_TIMESTAMPNS_NEW)
  // The forms with 64-bit seconds, which are others where time_t has 32 bits.
  int64_t time[2];
  if (item->type == SO_TIMESTAMP_NEW && Read(*item, &time)) {
    return SetTime(item, time[0], time[1], 1000);
  }
  if (item->type == SO_TIMESTAMPNS_NEW && Read(*item, &time)) {
    return SetTime(item, time[0], time[1], 1);
  }
#endif
  return Control::kRaw;
}

Control::Kind DecodeRecverr(Control* item) {
#ifdef __linux__
  sock_extended_err error;
  if (!Read(*item, &error)) return Control::kRaw;
  const uint32_t words[6] = {error.ee_errno, error.ee_origin, error.ee_type,
                             error.ee_code,  error.ee_info,   error.ee_data};
  memcpy(item->words, words, sizeof(words));
  size_t left = item->length - sizeof(error);
  if (left > sizeof(item->address.storage)) left = sizeof(item->address.storage);
  memcpy(&item->address.storage, item->data + sizeof(error), left);
  item->address.length = static_cast<socklen_t>(left);
  // The kernel leaves an offender that it does not know as AF_UNSPEC.
  if (item->address.family() == AF_UNSPEC) item->address.length = 0;
  return Control::kRecverr;
#else
  return Control::kRaw;
#endif
}

Control::Kind DecodeIpv4(Control* item) {
  item->family = AF_INET;
  switch (item->type) {
#ifdef IP_PKTINFO
    case IP_PKTINFO: {
      in_pktinfo info;
      if (!Read(*item, &info)) break;
      item->words[0] = static_cast<uint32_t>(info.ipi_ifindex);
      SetIp(&item->address, AF_INET, info.ipi_addr);
      SetIp(&item->specDst, AF_INET, info.ipi_spec_dst);
      return Control::kPktinfo;
    }
#endif
    case IP_TTL:
#if IP_RECVTTL != IP_TTL && !defined(__linux__)
    case IP_RECVTTL:
#endif
      return ReadNumber(*item, &item->words[0]) ? Control::kTtl : Control::kRaw;
    case IP_TOS:
      return ReadNumber(*item, &item->words[0]) ? Control::kTos : Control::kRaw;
#ifdef IP_RECVERR
    case IP_RECVERR:
      return DecodeRecverr(item);
#endif
    default:
      break;
  }
  return Control::kRaw;
}

Control::Kind DecodeIpv6(Control* item) {
  item->family = AF_INET6;
  switch (item->type) {
#ifdef IPV6_PKTINFO
    case IPV6_PKTINFO: {
      in6_pktinfo info;
      if (!Read(*item, &info)) break;
      item->words[0] = static_cast<uint32_t>(info.ipi6_ifindex);
      SetIp(&item->address, AF_INET6, info.ipi6_addr);
      return Control::kPktinfo;
    }
#endif
#ifdef IPV6_HOPLIMIT
    case IPV6_HOPLIMIT:
      return ReadNumber(*item, &item->words[0]) ? Control::kTtl : Control::kRaw;
#endif
    case IPV6_TCLASS:
      return ReadNumber(*item, &item->words[0]) ? Control::kTos : Control::kRaw;
#ifdef IPV6_RECVERR
    case IPV6_RECVERR:
      return DecodeRecverr(item);
#endif
    default:
      break;
  }
  return Control::kRaw;
}

}  // namespace

bool NextControl(const void* control, size_t length, size_t* offset, Control* item) {
  if (*offset > length || length - *offset < kHead) return false;
  const uint8_t* at = static_cast<const uint8_t*>(control) + *offset;
  const size_t left = length - *offset;
  cmsghdr header;
  memcpy(&header, at, sizeof(header));
  size_t size = header.cmsg_len;
  if (size < kHead) return false;
  if (size > left) size = left;
  *offset += Aligned(size) < left ? Aligned(size) : left;

  item->level = header.cmsg_level;
  item->type = header.cmsg_type;
  item->data = at + kHead;
  item->length = size - kHead;
  item->family = AF_UNSPEC;
  item->address.length = 0;
  item->specDst.length = 0;
  switch (item->level) {
    case SOL_SOCKET:
      item->kind = DecodeSocket(item);
      break;
    case IPPROTO_IP:
      item->kind = DecodeIpv4(item);
      break;
    case IPPROTO_IPV6:
      item->kind = DecodeIpv6(item);
      break;
    default:
      item->kind = Control::kRaw;
  }
  return true;
}

bool HasRights(const void* control, size_t length) {
  bool has = false;
  ForEachRight(control, length, [&has](int) { has = true; });
  return has;
}

void CloseRights(const void* control, size_t length) {
  ForEachRight(control, length, [](int fd) { close(fd); });
}

}  // namespace sockkit::sys
