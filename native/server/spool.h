// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

namespace sockkit::server {

// What all spools of a server may use together, and where they are.
struct SpoolRoom {
  const char* directory = nullptr;  // Borrowed.
  uint64_t cap = 0;
  std::atomic<uint64_t> used{0};

  bool Reserve(uint64_t bytes);
  void Release(uint64_t bytes) { used.fetch_sub(bytes, std::memory_order_acq_rel); }
};

// One message's bytes in a temporary file that has no name: nobody else can open it, and it is gone
// with the process, however that ends. One thread uses it.
class Spool {
 public:
  explicit Spool(SpoolRoom* room) : room_(room) {}
  ~Spool() { Close(); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  uint64_t size() const { return size_; }
  bool open() const { return fd_ >= 0; }

  // All of `data` or nothing: 0, or -EDQUOT where the server's cap is reached, or another -errno.
  // The file is opened at the first call.
  int Append(const char* data, size_t length);

  // Bytes from `offset` on: how many, or -errno.
  long Read(uint64_t offset, char* buffer, size_t length);

  // Gives back the descriptor and the room.
  void Close();

 private:
  SpoolRoom* const room_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace sockkit::server
