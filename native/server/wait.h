// SPDX-License-Identifier: MIT
//
// Waits that go on being waits where the system cannot wait. poll(2) fails with ENOMEM, and with
// EINVAL where the limit of descriptors was set below the number of those that are polled: a loop
// around it would spin.
#pragma once

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "native/sys/socket.h"

namespace sockkit::server {

constexpr long kPauseMs = 10;

inline void Pause() {
  timespec time = {0, kPauseMs * 1000000};
  nanosleep(&time, nullptr);
}

// As poll(2), but a failure other than EINTR takes a short while. The caller does not know then
// what is ready, and has to try.
inline int PollOrPause(pollfd* fds, nfds_t count, int timeoutMs) {
  int result = sys::poll(fds, count, timeoutMs);
  if (result < 0 && result != -EINTR) Pause();
  return result;
}

// The same for waits that no trace shows: see sys::pollUntraced().
inline int WaitOrPause(pollfd* fds, nfds_t count, int timeoutMs) {
  int result = sys::pollUntraced(fds, count, timeoutMs);
  if (result < 0 && result != -EINTR) Pause();
  return result;
}

}  // namespace sockkit::server
