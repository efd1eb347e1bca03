// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace sockkit::server {

// Makes bytes safe to show on a terminal: C0 controls other than \n and \t, DEL, C1 controls and
// whatever is not UTF-8 become \xNN; valid UTF-8 passes, also when a character's bytes come in
// different chunks. One object for one stream of bytes.
class LiveText {
 public:
  // A chunk's output is never longer than kGrowth times its input and what was kept from before.
  static constexpr size_t kGrowth = 4;
  static constexpr size_t kKept = 3;

  // Takes `length` bytes; `out` has room for kGrowth * (length + kKept). Returns the bytes put
  // there. The bytes of a character that is not complete yet are kept for the next call.
  size_t Convert(const char* data, size_t length, char* out);

  // At the end: what was kept, as \xNN.
  size_t Finish(char* out);

 private:
  bool Continues(uint8_t byte) const;
  size_t FlushKept(char* out);

  uint8_t kept_[4];
  size_t keptLength_ = 0;
  size_t needed_ = 0;  // Bytes of the character that kept_ begins.
};

}  // namespace sockkit::server
