// SPDX-License-Identifier: MIT
//
// What a received message leaves beside its bytes, as it lies in memory that JavaScript lends: a
// head, the sender's address as the kernel wrote it, and behind that the control data. Both are
// turned into objects only when somebody reads them. lib/slot.ts knows this layout.
#pragma once

#include <napi.h>
#include <stdint.h>
#include <sys/uio.h>

#include "native/napi/args.h"
#include "native/sys/address.h"
#include "native/sys/message.h"

namespace sockkit::napi {

struct Slot {
  static constexpr size_t kAlign = 8;

  uint32_t room;  // For control data behind the slot; JavaScript sets it, the rest is filled in.
  uint32_t bytes;
  int32_t flags;
  uint32_t nameLength;
  uint32_t controlLength;
  uint32_t hasRights;  // Descriptors came, which somebody has to close.
  uint32_t unused[2];
  uint8_t name[sizeof(sockaddr_storage)];

  uint8_t* control() { return reinterpret_cast<uint8_t*>(this + 1); }
  sys::Address Sender() const;
};
static_assert(sizeof(Slot) == 160);

// The slot at `offset` of `slab`, with its room for control data. Null where it is not within it.
Slot* FindSlot(const Bytes& slab, int offset);

// Readies `*header` for a receive into the slot, and keeps what came.
void Prepare(Slot* slot, iovec* vectors, size_t count, msghdr* header);
void Keep(Slot* slot, const msghdr& header, size_t bytes);

// The buffers of a list, or of one buffer alone. At most `room` of them: `*count` is less than the
// list's length then. False where one cannot be used.
bool ReadVectors(napi_env env, napi_value value, iovec* vectors, size_t room, size_t* count);

}  // namespace sockkit::napi
