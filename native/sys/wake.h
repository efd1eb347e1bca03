// SPDX-License-Identifier: MIT
#pragma once

namespace sockkit::sys {

// A descriptor that becomes readable, and stays so until it is cleared, to wake whoever polls it:
// an eventfd, or a pipe where there is none. Both ends are close-on-exec and non-blocking, so no
// call here ever waits. The object owns its descriptors.
class Wake {
 public:
  Wake() = default;
  ~Wake() { Close(); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  int Open();  // 0 or -errno
  void Close();
  void Signal();
  void Clear();
  int fd() const { return read_; }

 private:
  int read_ = -1;
  int write_ = -1;
};

}  // namespace sockkit::sys
