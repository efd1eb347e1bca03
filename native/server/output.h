// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

#include "native/sys/shared_output.h"
#include "native/sys/wake.h"

namespace sockkit::server {

// Told before a write waits for its reader, on the thread that does.
class BeforeWait {
 public:
  virtual void WillWait() = 0;

 protected:
  ~BeforeWait() = default;
};

// Writes to a descriptor that is not ours (see SharedOutput), and gives up on a reader who stopped
// reading. Only one thread writes at a time (see Turns).
class Output {
 public:
  Output() = default;
  ~Output() { Close(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // `fd` is borrowed until Close(). 0 or -errno.
  int Open(int fd);
  void Close();

  // `before` may be null. Writes all of it and returns `length`, or returns how much went before
  // the output failed. Once failed, every later call returns 0 at once.
  size_t Write(const char* data, size_t length, BeforeWait* before = nullptr);

  // The negated errno that writing failed with, or 0. -ETIMEDOUT: no byte was taken in time.
  int failure() const { return failure_.load(std::memory_order_acquire); }

  // From now on a write fails when no byte is taken for `stallMs` (0: for ever).
  void BeginDrain(int64_t stallMs);

  // From now on every write fails at once with -ECANCELED, also the one that is waiting.
  void Abort();

 private:
  bool AwaitRoom(int64_t waitingSinceUs);
  void Fail(int error);

  sys::SharedOutput shared_;
  std::atomic<int> failure_{0};
  std::atomic<int64_t> drainSinceUs_{0};  // 0 before the drain.
  std::atomic<int64_t> stallUs_{0};
  sys::Wake drain_;  // Both stay readable once signalled.
  sys::Wake abort_;
};

}  // namespace sockkit::server
