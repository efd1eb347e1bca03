// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "native/server/sync.h"

namespace sockkit::server {

// A piece of memory that received bytes are held in. Belongs to whoever took it from the pool.
struct Block {
  char* data = nullptr;
  size_t size = 0;
  size_t used = 0;
  Block* next = nullptr;

  char* room() { return data + used; }
  size_t left() const { return size - used; }
};

// The blocks of one message in the order of its bytes. Owns what it holds only through its user,
// who gives the blocks back to the pool.
class BlockList {
 public:
  bool empty() const { return head_ == nullptr; }
  Block* head() { return head_; }
  Block* tail() { return tail_; }
  const Block* first() const { return head_; }
  void Append(Block* block);
  Block* TakeHead();

 private:
  Block* head_ = nullptr;
  Block* tail_ = nullptr;
};

// Small blocks are never refused, so a short message always gets in; their number is bounded by
// that of the connections. Large blocks are refused beyond the cap. Memory is mapped, not malloc'd:
// given back, it leaves the process at once, whatever was allocated after it.
class BlockPool {
 public:
  static constexpr size_t kSmallBytes = 16 * 1024;
  static constexpr size_t kLargeBytes = 64 * 1024;

  // What is kept mapped of the blocks of a kind that are given back: 1 MiB, or as much again as is
  // in use, where blocks come and go too fast for that.
  enum class Keeps : uint8_t { kLittle, kAsMuchAsIsUsed };

  explicit BlockPool(uint64_t capBytes, Keeps keeps = Keeps::kLittle)
      : cap_(capBytes / kLargeBytes), keeps_(keeps) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  Block* TakeSmall();  // Null only where the system has no memory.
  Block* TakeLarge();  // Null also at the cap.
  // A block of more than kLargeBytes, which counts as large ones do but is never refused; null
  // where the system has no memory.
  Block* TakeSized(size_t size);
  void Give(Block* block);

  // Bytes of the blocks that are taken now.
  uint64_t taken();

 private:
  struct Kind {
    Block* free = nullptr;
    uint64_t cached = 0;
    uint64_t taken = 0;
  };
  Block* Take(Kind& kind, size_t size, uint64_t cap);
  uint64_t MostCached(const Kind& kind, size_t size) const;

  static constexpr size_t kCachedBytes = 1024 * 1024;

  Mutex mutex_;
  Kind small_;
  Kind large_;
  uint64_t sizedBytes_ = 0;  // Of TakeSized().
  const uint64_t cap_;       // Large blocks, the cached ones included.
  const Keeps keeps_;
};

}  // namespace sockkit::server
