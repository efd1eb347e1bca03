// SPDX-License-Identifier: MIT
//
// One line of a trace, put together piece by piece: as strace writes it, or as a JSON object.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace sockkit::sys::trace {

// A line is at most kMost bytes, which a pipe takes as a whole (PIPE_BUF), so lines of several
// processes do not mix in it either. Lists stop early where it gets full.
//
// What is said of an item depends on the form: text has "name=" before a field and nothing before
// an argument, JSON has the name before both. Decoration is part of the text alone.
class Line {
 public:
  static constexpr size_t kMost = 4096;
  static constexpr size_t kMostBytes = 32;  // Of data, as strace's -s.
  static constexpr size_t kMostItems = 32;  // Of a list.

  Line(const char* call, bool json);

  Line& Argument(const char* name);
  Line& Field(const char* name);
  Line& Element();
  Line& Open(char bracket);
  Line& Close(char bracket);

  Line& Int(int64_t value);
  Line& Unsigned(uint64_t value);
  Line& Hex(uint64_t value);  // JSON: a number.
  Line& Symbol(const char* name);
  // A name that ConstantName() has, or the number with a comment: 0x11 /* SHUT_??? */.
  Line& Constant(const char* prefix, int64_t value);
  // Names of single bits, then what is left as a number: MSG_PEEK|MSG_DONTWAIT|0x10000000.
  Line& Flags(const char* prefix, uint32_t flags);
  // At most kMostBytes of them in quotes; in JSON each byte is a character of Latin-1.
  Line& Bytes(const void* data, size_t length);
  // All of them, which are few.
  Line& Name(const void* data, size_t length);
  Line& Pointer(const void* pointer);  // JSON: null.
  Line& Null();
  Line& Decoration(const char* text);

  // In a list: true where nothing more is to be put in, which the line then says.
  bool Stop(size_t index);

  // What comes next is the first of a list.
  void Fresh() { comma_ = false; }

  bool json() const { return json_; }

  // Ends the arguments. What follows is the result, and in text a remark behind it.
  Line& Result(int64_t result);
  Line& ErrnoResult(int error);  // -1 and the errno's name; `error` is positive.
  Line& Failure(const char* name, const char* words);  // Behind a result.
  Line& TextResult(const char* text);                  // A string, or NULL where it is null.
  Line& Remark(const char* text);

  // Ends the line. `text` has kHead bytes of room before it, for the number of the thread.
  static constexpr size_t kHead = 24;
  char* Finish(size_t* length);

 private:
  void Put(const char* text);
  void Put(const char* text, size_t length);
  void Print(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void Begin();
  void Separate();
  void Key(const char* name);
  void Quote(const void* data, size_t length);
  void EndArguments();

  const char* const call_;
  const bool json_;
  bool comma_ = false;
  bool open_ = true;  // The arguments are not ended yet.
  bool overflow_ = false;
  size_t used_ = 0;
  size_t limit_;
  char buffer_[kHead + kMost];
};

// The C library's words for an errno, into `room` where it needs that.
const char* ErrnoWords(int error, char* room, size_t size);

}  // namespace sockkit::sys::trace
