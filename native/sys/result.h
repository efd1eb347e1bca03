// SPDX-License-Identifier: MIT
#pragma once

#include <errno.h>

namespace sockkit::sys {

// Turns the C convention (-1 and errno) into "a value, or the negated errno". errno is read here
// and nowhere else, directly after the call.
template <typename T>
inline T Result(T returned) {
  return returned == static_cast<T>(-1) ? static_cast<T>(-errno) : returned;
}

}  // namespace sockkit::sys
