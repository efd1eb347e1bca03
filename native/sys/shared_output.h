// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

namespace sockkit::sys {

// A descriptor to write to that is not ours: it may be a file, a pipe, a terminal or a socket,
// blocking or not, and shared with other programs, so its flags are never changed. Writing does not
// wait inside the kernel where that can be helped, so that a reader who stopped reading can be
// given up on:
//   - a pipe or terminal is opened anew through /proc/self/fd, which gives a description of our own
//     that is non-blocking without making the shared one so;
//   - where that is refused (another user's pipe), a poll and then at most PIPE_BUF bytes, which a
//     pipe that polls writable takes without waiting;
//   - a socket is written by send(MSG_DONTWAIT);
//   - a file or device is simply written.
// There is no destructor: one that is static stays usable until the process is gone.
class SharedOutput {
 public:
  constexpr SharedOutput() = default;

  // `fd` is borrowed until Close(). 0 or -errno.
  int Open(int fd);
  void Close();

  // How much was taken, or the negated errno; -EAGAIN: poll fd() for POLLOUT. A trace never shows
  // these calls.
  long WriteSome(const char* data, size_t length);

  int fd() const { return fd_; }
  bool owned() const { return owned_; }  // fd() is a description of our own.

 private:
  enum class Kind { kPlain, kNonblocking, kStepwise, kSocket };

  Kind kind_ = Kind::kPlain;
  int fd_ = -1;
  bool owned_ = false;
};

}  // namespace sockkit::sys
