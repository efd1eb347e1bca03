// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

namespace sockkit::sys {

// Attaches a classic BPF program of `count` instructions, each 8 bytes as struct sock_filter has
// them. 0 or -errno: -EINVAL for a program that the kernel does not take, -EPERM where the process
// may not attach one, -ENOPROTOOPT where the system has no socket filters.
int AttachFilter(int fd, void* program, size_t count);

}  // namespace sockkit::sys
