// SPDX-License-Identifier: MIT
//
// How an address travels between native code and JavaScript: as one record of fixed size in a
// buffer, because reading and making objects through Node-API costs more than accept() itself.
// lib/address.ts turns records into objects and back, and knows this layout.
#pragma once

#include <stdint.h>

#include "native/napi/args.h"
#include "native/sys/address.h"

namespace sockkit::napi {

struct AddressRecord {
  enum Kind : uint32_t { kRaw = 0, kIPv4 = 1, kIPv6 = 2, kUnix = 3, kPacket = 4 };
  static constexpr uint32_t kRoom = 128;

  uint32_t kind;
  uint32_t port;        // For kRaw, the family; for kPacket, the protocol.
  uint32_t flowinfo;    // In host order, as the scope id. For kPacket, the interface.
  uint32_t scopeId;     // For kPacket, the hardware type, and above 16 bits the packet's type.
  uint32_t length;      // Of data; more than kRoom says that it did not fit.
  uint8_t data[kRoom];  // The text, the unix name, the hardware address, or the raw bytes.
};
static_assert(sizeof(AddressRecord) == 148);

// Fills `*record` from the kernel's form.
void ToRecord(const sys::Address& address, AddressRecord* record);

// 0, -errno, or kRefusedAddress where an IP address's text is not one.
int FromRecord(const AddressRecord& record, sys::Address* address);

// The same for a buffer that was passed to a call. False where it cannot hold a record.
bool WriteRecord(const sys::Address& address, const Bytes& buffer);
bool ReadRecord(const Bytes& buffer, AddressRecord* record);

}  // namespace sockkit::napi
