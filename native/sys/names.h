// SPDX-License-Identifier: MIT
//
// The C library's calls that turn names into numbers and back.
#pragma once

#include <net/if.h>
#include <netdb.h>
#include <stdint.h>

#include "native/sys/address.h"

namespace sockkit::sys {

// getnameinfo(3). 0, or a non-zero EAI_ code; with EAI_SYSTEM, `*error` is the negated errno.
int getnameinfo(const Address& address, char* host, size_t hostRoom, char* service,
                size_t serviceRoom, int flags, int* error);

// The interface's number, or -errno: -ENODEV where there is none of that name.
int64_t if_nametoindex(const char* name);

// 0, or -errno: -ENXIO where there is none of that number.
int if_indextoname(unsigned index, char name[IF_NAMESIZE]);

}  // namespace sockkit::sys
