// SPDX-License-Identifier: MIT
#include "native/server/live_text.h"

#include <string.h>

namespace sockkit::server {

namespace {

size_t Hex(uint8_t byte, char* out) {
  static const char kDigits[] = "0123456789ABCDEF";
  out[0] = '\\';
  out[1] = 'x';
  out[2] = kDigits[byte >> 4];
  out[3] = kDigits[byte & 15];
  return 4;
}

// Bytes of the UTF-8 character that `byte` begins (RFC 3629), or 0 where none does.
size_t CharacterLength(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return 2;
  if (byte >= 0xE0 && byte <= 0xEF) return 3;
  if (byte >= 0xF0 && byte <= 0xF4) return 4;
  return 0;
}

bool Plain(uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t';
}

}  // namespace

// The second byte's range keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
bool LiveText::Continues(uint8_t byte) const {
  if (keptLength_ != 1) return byte >= 0x80 && byte <= 0xBF;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  switch (kept_[0]) {
    case 0xE0:
      low = 0xA0;
      break;
    case 0xED:
      high = 0x9F;
      break;
    case 0xF0:
      low = 0x90;
      break;
    case 0xF4:
      high = 0x8F;
      break;
    default:
      break;
  }
  return byte >= low && byte <= high;
}

size_t LiveText::FlushKept(char* out) {
  size_t length = 0;
  for (size_t i = 0; i < keptLength_; i++) length += Hex(kept_[i], out + length);
  keptLength_ = 0;
  return length;
}

size_t LiveText::Convert(const char* data, size_t length, char* out) {
  size_t made = 0;
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = static_cast<uint8_t>(data[i]);
    if (keptLength_ > 0) {
      if (Continues(byte)) {
        kept_[keptLength_++] = byte;
        if (keptLength_ < needed_) continue;
        // U+0080 to U+009F are the C1 controls, which terminals obey in this form too.
        if (kept_[0] == 0xC2 && kept_[1] < 0xA0) {
          made += FlushKept(out + made);
        } else {
          memcpy(out + made, kept_, keptLength_);
          made += keptLength_;
          keptLength_ = 0;
        }
        continue;
      }
      made += FlushKept(out + made);
    }
    if (Plain(byte)) {
      out[made++] = static_cast<char>(byte);
    } else if (size_t needed = CharacterLength(byte)) {
      kept_[0] = byte;
      keptLength_ = 1;
      needed_ = needed;
    } else {
      made += Hex(byte, out + made);
    }
  }
  return made;
}

size_t LiveText::Finish(char* out) {
  return FlushKept(out);
}

}  // namespace sockkit::server
