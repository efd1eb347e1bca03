// SPDX-License-Identifier: MIT
//
// Control messages (ancillary data): taken apart, and put together. Nothing here trusts a length:
// what the kernel cut short, or anybody made up, is read within its bytes only.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "native/sys/address.h"

namespace sockkit::sys {

// One control message. A known one that is too short for its kind, because it was cut, stays kRaw;
// kRights has the whole descriptors that came.
struct Control {
  enum Kind : uint32_t {
    kRaw = 0,
    kRights = 1,
    kCredentials = 2,
    kPktinfo = 3,
    kTtl = 4,
    kTos = 5,
    kTimestamp = 6,
    kRecverr = 7,
    kPidfd = 8
  };

  Kind kind = kRaw;
  int family = AF_UNSPEC;  // Of kPktinfo, kTtl, kTos and kRecverr: AF_INET or AF_INET6.
  int level = 0;
  int type = 0;
  const uint8_t* data = nullptr;
  size_t length = 0;

  // kPidfd: the descriptor, in data too. kCredentials: pid, uid, gid. kPktinfo: the interface.
  // kTtl, kTos: the value. kTimestamp: nanoseconds. kRecverr: errno, origin, type, code, info,
  // data.
  uint32_t words[6] = {};
  int64_t seconds = 0;
  Address address;  // kPktinfo: the destination. kRecverr: the offender.
  Address specDst;  // kPktinfo of AF_INET: the local address.
};

// The control message at `*offset` of `length` bytes; `*offset` moves to the next one. False at the
// end, which is also where a header makes no sense. Any alignment will do.
bool NextControl(const void* control, size_t length, size_t* offset, Control* item);

// Puts one more control message behind the `*used` bytes that are there. 0, -ENOBUFS where there is
// no room for it, or -EOPNOTSUPP where this system has none of that kind.
struct ControlBuffer {
  uint8_t* bytes;
  size_t room;
  size_t used;

  int Raw(int level, int type, const void* data, size_t length);
  int Credentials(uint32_t pid, uint32_t uid, uint32_t gid);
  // `address` is where the datagram is to come from. Its family decides; with none both are put,
  // and a socket looks at those of its own family alone.
  int Pktinfo(int family, uint32_t ifindex, const Address& address);
  int Ttl(int family, int value);
  int Tos(int family, int value);
};

// How many bytes a control message of `length` bytes takes.
size_t ControlSpace(size_t length);

// Calls `visit` with each descriptor in control data that a receive has filled in.
template <typename Visit>
void ForEachRight(const void* control, size_t length, Visit visit) {
  Control item;
  for (size_t offset = 0; NextControl(control, length, &offset, &item);) {
    if (item.kind != Control::kRights && item.kind != Control::kPidfd) continue;
    for (size_t at = 0; at + sizeof(int) <= item.length; at += sizeof(int)) {
      int fd;
      __builtin_memcpy(&fd, item.data + at, sizeof(fd));
      // A negated errno stands for a pidfd that could not be made.
      if (fd >= 0) visit(fd);
    }
  }
}

// Whether there are descriptors in it.
bool HasRights(const void* control, size_t length);

// Closes the descriptors in it, which nobody else may know of yet.
void CloseRights(const void* control, size_t length);

}  // namespace sockkit::sys
