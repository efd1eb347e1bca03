// SPDX-License-Identifier: MIT
#include "native/server/output.h"

#include <errno.h>
#include <poll.h>

#include "native/server/sync.h"
#include "native/server/wait.h"
#include "native/sys/socket.h"

namespace sockkit::server {

int Output::Open(int fd) {
  int error = shared_.Open(fd);
  if (error == 0) error = drain_.Open();
  if (error == 0) error = abort_.Open();
  if (error != 0) Close();
  return error;
}

void Output::Close() {
  shared_.Close();
  drain_.Close();
  abort_.Close();
}

size_t Output::Write(const char* data, size_t length, BeforeWait* before) {
  size_t written = 0;
  int64_t waitingSince = 0;  // Since the last byte was taken; 0 where nothing waited since.
  while (written < length && failure() == 0) {
    long taken = shared_.WriteSome(data + written, length - written);
    if (taken > 0) {
      written += static_cast<size_t>(taken);
      waitingSince = 0;
    } else if (taken == -EAGAIN) {
      if (before != nullptr) before->WillWait();
      if (waitingSince == 0) waitingSince = NowUs();
      if (!AwaitRoom(waitingSince)) Fail(-ETIMEDOUT);
    } else if (taken != -EINTR) {
      // Nothing returns 0 for a write of more than 0 bytes; if something did, it would do so again.
      Fail(taken == 0 ? -EIO : static_cast<int>(taken));
    }
  }
  return written;
}

// False where the output has taken nothing for too long.
bool Output::AwaitRoom(int64_t waitingSinceUs) {
  int64_t drainSince = drainSinceUs_.load(std::memory_order_acquire);
  int64_t stall = stallUs_.load(std::memory_order_relaxed);
  int timeout = -1;
  if (drainSince != 0 && stall > 0) {
    int64_t since = waitingSinceUs > drainSince ? waitingSinceUs : drainSince;
    timeout = PollMs(since + stall);
    if (timeout == 0) return false;
  }
  // Before the drain its wake descriptor is watched too, since the drain sets a deadline.
  pollfd fds[3] = {{shared_.fd(), POLLOUT, 0}, {abort_.fd(), POLLIN, 0}, {drain_.fd(), POLLIN, 0}};
  WaitOrPause(fds, drainSince == 0 ? 3 : 2, timeout);
  return true;
}

void Output::Fail(int error) {
  int none = 0;
  failure_.compare_exchange_strong(none, error, std::memory_order_acq_rel);
}

void Output::BeginDrain(int64_t stallMs) {
  stallUs_.store(stallMs * 1000, std::memory_order_relaxed);
  drainSinceUs_.store(NowUs(), std::memory_order_release);
  drain_.Signal();
}

void Output::Abort() {
  Fail(-ECANCELED);
  abort_.Signal();
}

}  // namespace sockkit::server
