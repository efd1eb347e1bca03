// SPDX-License-Identifier: MIT
#include "native/sys/constants.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __linux__
#include <netpacket/packet.h>
#endif
#ifdef __GLIBC__
// The kernel's own headers have options that glibc's lack, and fit beside glibc's alone.
#include <linux/in.h>
#include <linux/in6.h>
#endif

namespace sockkit::sys {

namespace {

// See lib/tables/fallbacks.ts.
#ifdef __linux__
#define SOCKKIT_FALLBACKS_LINUX
#if !defined(__alpha__) && !defined(__mips__) && !defined(__hppa__) && !defined(__sparc__)
#define SOCKKIT_FALLBACKS_GENERIC
#endif
#endif

#define SOCKKIT_CONSTANT(name) {#name, static_cast<int64_t>(name)},
#define SOCKKIT_NUMBER(name, number) {#name, number},
constexpr Constant kConstants[] = {
#include "native/generated/constants.inc"
};
#undef SOCKKIT_CONSTANT
#undef SOCKKIT_NUMBER

#define SOCKKIT_OPTION(level, option, kind) {#option, level, option, OptionKind::kind},
constexpr Option kOptions[] = {
#include "native/generated/options.inc"
};
#undef SOCKKIT_OPTION

#define SOCKKIT_ERRNO(name) {#name, name},
#define SOCKKIT_RESOLVER_ERROR(name)
constexpr Constant kErrnos[] = {
#include "native/generated/errors.inc"
};
#undef SOCKKIT_ERRNO
#undef SOCKKIT_RESOLVER_ERROR

#define SOCKKIT_ERRNO(name)
#define SOCKKIT_RESOLVER_ERROR(name) {#name, name},
constexpr Constant kResolverErrors[] = {
#include "native/generated/errors.inc"
};
#undef SOCKKIT_ERRNO
#undef SOCKKIT_RESOLVER_ERROR

template <typename T, size_t Count>
constexpr Table<T> TableOf(const T (&rows)[Count]) {
  return {rows, Count};
}

const char* NameOf(Table<Constant> table, int64_t value) {
  for (const Constant& row : table) {
    if (row.value == value) return row.name;
  }
  return nullptr;
}

}  // namespace

Table<Constant> Constants() {
  return TableOf(kConstants);
}

Table<Option> Options() {
  return TableOf(kOptions);
}

const char* ConstantName(const char* prefix, int64_t value) {
  const size_t length = strlen(prefix);
  for (const Constant& row : kConstants) {
    if (row.value == value && strncmp(row.name, prefix, length) == 0) return row.name;
  }
  return nullptr;
}

const Option* FindOption(int level, int option) {
  for (const Option& row : kOptions) {
    if (row.level == level && row.option == option) return &row;
  }
  return nullptr;
}

const char* ErrnoName(int error) {
  return NameOf(TableOf(kErrnos), error);
}

const char* ResolverErrorName(int code) {
  return NameOf(TableOf(kResolverErrors), code);
}

}  // namespace sockkit::sys
