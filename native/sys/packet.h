// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "native/sys/address.h"

namespace sockkit::sys {

// struct sockaddr_ll, of packet sockets; the protocol in host order.
struct Packet {
  static constexpr size_t kRoom = 32;  // Linux's own limit for a hardware address.

  uint32_t ifindex = 0;
  uint16_t protocol = 0;
  uint16_t hatype = 0;
  uint8_t pkttype = 0;
  uint8_t hwaddrLength = 0;
  uint8_t hwaddr[kRoom] = {};
};

// False where the address is of another family, or has not all of sockaddr_ll's fields. A hardware
// address ends where the address's bytes do.
bool ReadPacket(const Address& address, Packet* packet);

// 0, -EINVAL where the hardware address is too long, or -EAFNOSUPPORT where the system has no
// packet sockets.
int MakePacket(const Packet& packet, Address* address);

}  // namespace sockkit::sys
