// SPDX-License-Identifier: MIT
//
// The names of lib/tables/ with the numbers that this system's headers have for them.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace sockkit::sys {

struct Constant {
  const char* name;
  int64_t value;
};

// What an option's value is; the kinds of lib/tables/option-row.ts.
enum class OptionKind : uint8_t {
  kNone,
  kBool,
  kInt,
  kUint,
  kUint64,
  kUints,
  kTimeval,
  kLinger,
  kUcred,
  kText,
  kBytes,
  kNetInt,
  kPortRange,
  kMulticastIf,
  kMreqn,
  kMreqSource,
  kMreq6,
  kGroupSource,
  kPacketMreq,
  kPacketStatistics,
  kTcpInfo,
  kFilter,
};

struct Option {
  const char* name;
  int level;
  int option;
  OptionKind kind;
};

template <typename T>
struct Table {
  const T* first;
  size_t count;

  const T* begin() const { return first; }
  const T* end() const { return first + count; }
};

Table<Constant> Constants();
Table<Option> Options();

// The first name of that beginning ("MSG_") that stands for that number, or null.
const char* ConstantName(const char* prefix, int64_t value);

const Option* FindOption(int level, int option);

// "ECONNRESET" for a positive errno, "EAI_NONAME" for what getaddrinfo() returns, or null.
const char* ErrnoName(int error);
const char* ResolverErrorName(int code);

}  // namespace sockkit::sys
