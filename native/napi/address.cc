// SPDX-License-Identifier: MIT
#include "native/napi/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "native/sys/packet.h"

namespace sockkit::napi {

namespace {

void SetData(AddressRecord* record, const void* data, size_t length) {
  if (length > AddressRecord::kRoom) length = AddressRecord::kRoom;
  record->length = static_cast<uint32_t>(length);
  if (length > 0) memcpy(record->data, data, length);
}

int ParseText(const AddressRecord& record, sys::Address* address) {
  char text[AddressRecord::kRoom + 1];
  // A NUL would end the text early, and what is before it could be an address.
  if (record.length > AddressRecord::kRoom || memchr(record.data, 0, record.length) != nullptr) {
    return kRefusedAddress;
  }
  memcpy(text, record.data, record.length);
  text[record.length] = '\0';
  int error = sys::ParseIp(text, static_cast<uint16_t>(record.port), address);
  if (error == -EINVAL) return kRefusedAddress;
  if (error == 0 && address->family() == AF_INET6) {
    auto* in6 = address->as<sockaddr_in6>();
    in6->sin6_flowinfo = htonl(record.flowinfo);
    // A zone in the text comes first: it has been looked up on this machine.
    if (in6->sin6_scope_id == 0) in6->sin6_scope_id = record.scopeId;
  }
  return error;
}

int FromPacket(const AddressRecord& record, sys::Address* address) {
  if (record.length > sys::Packet::kRoom) return -EINVAL;
  sys::Packet packet;
  packet.ifindex = record.flowinfo;
  packet.protocol = static_cast<uint16_t>(record.port);
  packet.hatype = static_cast<uint16_t>(record.scopeId);
  packet.pkttype = static_cast<uint8_t>(record.scopeId >> 16);
  packet.hwaddrLength = static_cast<uint8_t>(record.length);
  memcpy(packet.hwaddr, record.data, record.length);
  return sys::MakePacket(packet, address);
}

}  // namespace

void ToRecord(const sys::Address& address, AddressRecord* record) {
  memset(record, 0, sizeof(*record));
  char text[INET6_ADDRSTRLEN];
  if (sys::FormatIp(address, text, sizeof(text))) {
    const bool v6 = address.family() == AF_INET6;
    record->kind = v6 ? AddressRecord::kIPv6 : AddressRecord::kIPv4;
    record->port = sys::Port(address);
    if (v6) {
      record->flowinfo = ntohl(address.as<sockaddr_in6>()->sin6_flowinfo);
      record->scopeId = address.as<sockaddr_in6>()->sin6_scope_id;
    }
    SetData(record, text, strlen(text));
  } else if (sys::Packet packet; sys::ReadPacket(address, &packet)) {
    record->kind = AddressRecord::kPacket;
    record->port = packet.protocol;
    record->flowinfo = packet.ifindex;
    record->scopeId = packet.hatype | static_cast<uint32_t>(packet.pkttype) << 16;
    SetData(record, packet.hwaddr, packet.hwaddrLength);
  } else if (address.family() == AF_UNIX) {
    size_t length = 0;
    const char* name = sys::UnixName(address, &length);
    record->kind = AddressRecord::kUnix;
    SetData(record, name, length);
  } else {
    constexpr size_t offset = offsetof(struct sockaddr, sa_data);
    record->kind = AddressRecord::kRaw;
    record->port = static_cast<uint32_t>(address.family());
    if (address.length > offset) {
      SetData(record, reinterpret_cast<const char*>(&address.storage) + offset,
              address.length - offset);
    }
  }
}

int FromRecord(const AddressRecord& record, sys::Address* address) {
  switch (record.kind) {
    case AddressRecord::kIPv4:
    case AddressRecord::kIPv6:
      return ParseText(record, address);
    case AddressRecord::kUnix:
      // Longer than the record is longer than any path; the length alone is looked at then.
      return sys::MakeUnix(record.data, record.length, address);
    case AddressRecord::kPacket:
      return FromPacket(record, address);
    default:
      return sys::MakeRaw(static_cast<int>(record.port), record.data, record.length, address);
  }
}

bool WriteRecord(const sys::Address& address, const Bytes& buffer) {
  if (buffer.length != sizeof(AddressRecord)) return false;
  AddressRecord record;
  ToRecord(address, &record);
  memcpy(buffer.data, &record, sizeof(record));
  return true;
}

bool ReadRecord(const Bytes& buffer, AddressRecord* record) {
  if (buffer.length != sizeof(AddressRecord)) return false;
  memcpy(record, buffer.data, sizeof(*record));
  return true;
}

}  // namespace sockkit::napi
