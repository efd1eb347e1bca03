// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <stddef.h>

namespace sockkit::server {

// Creates a joinable thread with a small stack and every signal blocked, so that a signal to the
// process is never handled on it. 0 or -errno. Big buffers do not belong on these stacks;
// `moreStack` bytes come on top for what calls into libraries that think otherwise.
int StartThread(pthread_t* thread, void* (*run)(void*), void* argument, size_t moreStack = 0);

}  // namespace sockkit::server
