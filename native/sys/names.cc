// SPDX-License-Identifier: MIT
#include "native/sys/names.h"

#include <errno.h>

#include "native/sys/trace.h"

namespace sockkit::sys {

int getnameinfo(const Address& address, char* host, size_t hostRoom, char* service,
                size_t serviceRoom, int flags, int* error) {
  int code =
      ::getnameinfo(address.sockaddr(), address.length, host, static_cast<socklen_t>(hostRoom),
                    service, static_cast<socklen_t>(serviceRoom), flags);
  *error = code == EAI_SYSTEM ? -errno : 0;
  if (trace::On()) trace::Getnameinfo(code, *error, address, host, service, flags);
  return code;
}

int64_t if_nametoindex(const char* name) {
  unsigned index = ::if_nametoindex(name);
  int64_t result = index != 0 ? static_cast<int64_t>(index) : -errno;
  if (trace::On()) trace::NameToIndex(result, name);
  return result;
}

int if_indextoname(unsigned index, char name[IF_NAMESIZE]) {
  int result = ::if_indextoname(index, name) != nullptr ? 0 : -errno;
  if (trace::On()) trace::IndexToName(result, index, name);
  return result;
}

}  // namespace sockkit::sys
