// SPDX-License-Identifier: MIT
#include "native/sys/resolve.h"

#include <errno.h>

namespace sockkit::sys {

int getaddrinfo(const char* host, const char* service, const addrinfo& hints, addrinfo** list,
                int* error) {
  *list = nullptr;
  int code = ::getaddrinfo(host, service, &hints, list);
  *error = code == EAI_SYSTEM ? -errno : 0;
  return code;
}

}  // namespace sockkit::sys
