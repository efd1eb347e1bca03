// SPDX-License-Identifier: MIT
//
// send() and recv() of a few bytes without arguments. Reading three arguments and making a number
// through Node-API costs a third of such a call, so here both sides share one block of memory:
// JavaScript writes the descriptor, the length and the bytes, native code the result.
#pragma once

#include <napi.h>
#include <stdint.h>

namespace sockkit::napi {

// lib/send-recv.ts knows this layout.
struct SmallBlock {
  static constexpr uint32_t kRoom = 64;

  int32_t fd;
  uint32_t length;
  int32_t result;  // As the result of the system call: >= 0, or the negated errno.
  uint8_t data[kRoom];
};

// The exports `small` (an ArrayBuffer), `sendSmall` and `recvSmall`.
void RegisterSmall(Napi::Env env, Napi::Object exports);

}  // namespace sockkit::napi
