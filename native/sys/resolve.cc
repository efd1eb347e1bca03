// SPDX-License-Identifier: MIT
#include "native/sys/resolve.h"

#include <errno.h>

#include "native/sys/trace.h"

namespace sockkit::sys {

int getaddrinfo(const char* host, const char* service, const addrinfo& hints, addrinfo** list,
                int* error) {
  *list = nullptr;
  int code = ::getaddrinfo(host, service, &hints, list);
  *error = code == EAI_SYSTEM ? -errno : 0;
  if (trace::On()) trace::Getaddrinfo(code, *error, host, service, hints, *list);
  return code;
}

}  // namespace sockkit::sys
