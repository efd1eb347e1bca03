// SPDX-License-Identifier: MIT
//
// How one control message travels between native code and JavaScript, both ways: as a record, like
// an address. lib/control.ts knows this layout.
#pragma once

#include <stdint.h>

#include "native/napi/address.h"

namespace sockkit::napi {

struct ControlRecord {
  uint32_t kind;    // sys::Control::Kind
  uint32_t family;  // 4, 6 or 0
  int32_t level;
  int32_t type;
  uint32_t offset;  // Where the item's data are in the memory that was looked through.
  uint32_t length;
  uint32_t words[6];  // As those of sys::Control.
  double seconds;
  AddressRecord address;
  AddressRecord specDst;
};
static_assert(sizeof(ControlRecord) == 352);

}  // namespace sockkit::napi
