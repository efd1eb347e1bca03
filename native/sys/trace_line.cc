// SPDX-License-Identifier: MIT
#include "native/sys/trace_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "native/sys/constants.h"
#include "native/sys/trace_output.h"

namespace sockkit::sys::trace {

namespace {

constexpr size_t kLineRoom = Line::kMost;
// What stands behind the arguments: the result, an error's name and its words.
constexpr size_t kTailRoom = 256;
// Past this much a list ends: one more item and all that closes still fits behind it.
constexpr size_t kFull = 2300;

// strerror_r comes in two forms: the words are in what it returns, or in the buffer.
[[maybe_unused]] const char* Words(const char* returned, const char*) {
  return returned;
}
[[maybe_unused]] const char* Words(int error, const char* buffer) {
  return error == 0 ? buffer : "Unknown error";
}

}  // namespace

const char* ErrnoWords(int error, char* room, size_t size) {
  return Words(strerror_r(error, room, size), room);
}

Line::Line(const char* call, bool json) : call_(call), json_(json), limit_(kLineRoom - kTailRoom) {
  Begin();
}

void Line::Begin() {
  used_ = 0;
  overflow_ = false;
  comma_ = false;
  if (!json_) {
    Print("%s(", call_);
    return;
  }
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  Print("{\"time\":%lld.%06ld,\"pid\":%d,\"tid\":%d,\"call\":\"%s\",\"args\":{",
        static_cast<long long>(now.tv_sec), now.tv_nsec / 1000, static_cast<int>(getpid()),
        ThreadId(), call_);
}

void Line::Put(const char* text, size_t length) {
  if (length > limit_ - used_) {
    overflow_ = true;
    return;
  }
  memcpy(buffer_ + kHead + used_, text, length);
  used_ += length;
}

void Line::Put(const char* text) {
  Put(text, strlen(text));
}

void Line::Print(const char* format, ...) {
  char text[192];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (length < 0) return;
  const size_t most = sizeof(text) - 1;
  Put(text, static_cast<size_t>(length) < most ? static_cast<size_t>(length) : most);
}

void Line::Separate() {
  if (comma_) Put(json_ ? "," : ", ");
  comma_ = false;
}

void Line::Key(const char* name) {
  Put("\"");
  Put(name);
  Put("\":");
}

Line& Line::Argument(const char* name) {
  Separate();
  if (json_) Key(name);
  return *this;
}

Line& Line::Field(const char* name) {
  Separate();
  if (json_) {
    Key(name);
  } else {
    Put(name);
    Put("=");
  }
  return *this;
}

Line& Line::Element() {
  Separate();
  return *this;
}

Line& Line::Open(char bracket) {
  Put(&bracket, 1);
  comma_ = false;
  return *this;
}

Line& Line::Close(char bracket) {
  Put(&bracket, 1);
  comma_ = true;
  return *this;
}

Line& Line::Int(int64_t value) {
  Print("%lld", static_cast<long long>(value));
  comma_ = true;
  return *this;
}

Line& Line::Unsigned(uint64_t value) {
  Print("%llu", static_cast<unsigned long long>(value));
  comma_ = true;
  return *this;
}

Line& Line::Hex(uint64_t value) {
  if (json_) return Unsigned(value);
  Print(value == 0 ? "0" : "0x%llx", static_cast<unsigned long long>(value));
  comma_ = true;
  return *this;
}

Line& Line::Symbol(const char* name) {
  if (json_) Put("\"");
  Put(name);
  if (json_) Put("\"");
  comma_ = true;
  return *this;
}

Line& Line::Constant(const char* prefix, int64_t value) {
  const char* name = ConstantName(prefix, value);
  if (name != nullptr) return Symbol(name);
  char number[32];
  snprintf(number, sizeof(number), "0x%x", static_cast<unsigned>(value));
  Symbol(number);
  if (!json_) Print(" /* %s??? */", prefix);
  return *this;
}

Line& Line::Flags(const char* prefix, uint32_t flags) {
  if (json_) Put("\"");
  uint32_t left = flags;
  bool first = true;
  for (int bit = 0; bit < 32; bit++) {
    const uint32_t flag = 1u << bit;
    if ((flags & flag) == 0) continue;
    // As the headers write them: a flag in the highest bit is a negative int in one place and not
    // in another.
    const char* name = ConstantName(prefix, static_cast<int64_t>(flag));
    if (name == nullptr) name = ConstantName(prefix, static_cast<int32_t>(flag));
    if (name == nullptr) continue;
    if (!first) Put("|");
    Put(name);
    first = false;
    left &= ~flag;
  }
  if (left != 0) {
    Print(first ? "0x%x" : "|0x%x", left);
    if (first && !json_) Print(" /* %s??? */", prefix);
  } else if (first) {
    Put("0");
  }
  if (json_) Put("\"");
  comma_ = true;
  return *this;
}

// In text as strace does: the escapes of C where there are any, octal numbers otherwise, as short
// as the next character allows.
void Line::Quote(const void* data, size_t length) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  Put("\"");
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = bytes[i];
    static const char kEscaped[] = "\"\\\n\t\r\f\v";
    static const char kLetters[] = "\"\\ntrfv";
    const char* escaped = byte == 0 ? nullptr : strchr(kEscaped, byte);
    if (json_ && byte == '\v') escaped = nullptr;  // JSON has no such escape.
    if (escaped != nullptr) {
      const char pair[2] = {'\\', kLetters[escaped - kEscaped]};
      Put(pair, 2);
    } else if (byte >= 0x20 && byte < 0x7F) {
      const char plain = static_cast<char>(byte);
      Put(&plain, 1);
    } else if (json_) {
      Print("\\u%04x", byte);
    } else {
      const bool digit = i + 1 < length && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
      Print(digit ? "\\%03o" : "\\%o", byte);
    }
  }
  Put("\"");
}

Line& Line::Bytes(const void* data, size_t length) {
  if (data == nullptr) return Null();
  Quote(data, length < kMostBytes ? length : kMostBytes);
  if (length > kMostBytes && !json_) Put("...");
  comma_ = true;
  return *this;
}

Line& Line::Name(const void* data, size_t length) {
  Quote(data, length);
  comma_ = true;
  return *this;
}

Line& Line::Pointer(const void* pointer) {
  if (json_ || pointer == nullptr) return Null();
  Print("%p", pointer);
  comma_ = true;
  return *this;
}

Line& Line::Null() {
  Put(json_ ? "null" : "NULL");
  comma_ = true;
  return *this;
}

Line& Line::Decoration(const char* text) {
  if (!json_) Put(text);
  return *this;
}

bool Line::Stop(size_t index) {
  if (index < kMostItems && used_ < kFull) return false;
  Element().Decoration("...");
  if (json_) Symbol("...");
  return true;
}

void Line::EndArguments() {
  if (overflow_ && json_) {
    Begin();
    Put("\"overflow\":true");
  } else if (overflow_) {
    limit_ = kLineRoom;
    Put("...");
  }
  limit_ = kLineRoom;
  open_ = false;
  Put(json_ ? "}" : ") = ");
  if (json_) Put(",\"result\":");
}

Line& Line::Result(int64_t result) {
  if (open_) EndArguments();
  return Int(result);
}

Line& Line::Failure(const char* name, const char* words) {
  if (json_) {
    Put(",\"error\":");
    return Symbol(name);
  }
  Print(" %s (%s)", name, words);
  return *this;
}

Line& Line::ErrnoResult(int error) {
  char room[128] = "";
  char number[32];
  const char* name = ErrnoName(error);
  snprintf(number, sizeof(number), "errno %d", error);
  Result(-1);
  return Failure(name != nullptr ? name : number, ErrnoWords(error, room, sizeof(room)));
}

Line& Line::TextResult(const char* text) {
  if (open_) EndArguments();
  return text != nullptr ? Name(text, strlen(text)) : Null();
}

Line& Line::Remark(const char* text) {
  if (!json_) Print(" (%s)", text);
  return *this;
}

char* Line::Finish(size_t* length) {
  if (json_) Put("}");
  // Whatever did not fit, the line ends.
  if (used_ == limit_) used_--;
  Put("\n");
  *length = used_;
  return buffer_ + kHead;
}

}  // namespace sockkit::sys::trace
