// SPDX-License-Identifier: MIT
#pragma once

#include <netdb.h>

namespace sockkit::sys {

// getaddrinfo(3). `host` or `service` may be null, not both. 0 and a list in `*list` that the
// caller gives to freeaddrinfo(), or a non-zero EAI_ code; with EAI_SYSTEM, `*error` is the negated
// errno.
int getaddrinfo(const char* host, const char* service, const addrinfo& hints, addrinfo** list,
                int* error);

}  // namespace sockkit::sys
