// SPDX-License-Identifier: MIT
#include "native/sys/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#ifdef __linux__
#include <netpacket/packet.h>
#endif

namespace sockkit::sys {

#ifdef __linux__

namespace {
constexpr size_t kHardwareOffset = offsetof(sockaddr_ll, sll_addr);
}  // namespace

bool ReadPacket(const Address& address, Packet* packet) {
  if (address.family() != AF_PACKET || address.length < kHardwareOffset) return false;
  const auto* link = address.as<sockaddr_ll>();
  packet->ifindex = static_cast<uint32_t>(link->sll_ifindex);
  packet->protocol = ntohs(link->sll_protocol);
  packet->hatype = link->sll_hatype;
  packet->pkttype = link->sll_pkttype;
  size_t length = link->sll_halen;
  const size_t there = address.length - kHardwareOffset;
  if (length > there) length = there;
  if (length > Packet::kRoom) length = Packet::kRoom;
  packet->hwaddrLength = static_cast<uint8_t>(length);
  memcpy(packet->hwaddr, reinterpret_cast<const char*>(&address.storage) + kHardwareOffset, length);
  return true;
}

int MakePacket(const Packet& packet, Address* address) {
  if (packet.hwaddrLength > Packet::kRoom) return -EINVAL;
  memset(&address->storage, 0, sizeof(address->storage));
  auto* link = address->as<sockaddr_ll>();
  link->sll_family = AF_PACKET;
  link->sll_protocol = htons(packet.protocol);
  link->sll_ifindex = static_cast<int>(packet.ifindex);
  link->sll_hatype = packet.hatype;
  link->sll_pkttype = packet.pkttype;
  link->sll_halen = packet.hwaddrLength;
  memcpy(reinterpret_cast<char*>(&address->storage) + kHardwareOffset, packet.hwaddr,
         packet.hwaddrLength);
  const size_t length = kHardwareOffset + packet.hwaddrLength;
  address->length =
      static_cast<socklen_t>(length > sizeof(sockaddr_ll) ? length : sizeof(sockaddr_ll));
  return 0;
}

#else

bool ReadPacket(const Address&, Packet*) {
  return false;
}

int MakePacket(const Packet&, Address*) {
  return -EAFNOSUPPORT;
}

#endif

}  // namespace sockkit::sys
