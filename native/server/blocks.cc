// SPDX-License-Identifier: MIT
#include "native/server/blocks.h"

#include <sys/mman.h>

#include <new>

namespace sockkit::server {

namespace {

Block* Map(size_t size) {
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  Block* block = new (std::nothrow) Block;
  if (block == nullptr) {
    munmap(data, size);
    return nullptr;
  }
  block->data = static_cast<char*>(data);
  block->size = size;
  return block;
}

void Unmap(Block* block) {
  munmap(block->data, block->size);
  delete block;
}

}  // namespace

void BlockList::Append(Block* block) {
  block->next = nullptr;
  if (tail_ != nullptr) {
    tail_->next = block;
  } else {
    head_ = block;
  }
  tail_ = block;
}

Block* BlockList::TakeHead() {
  Block* block = head_;
  if (block == nullptr) return nullptr;
  head_ = block->next;
  if (head_ == nullptr) tail_ = nullptr;
  block->next = nullptr;
  return block;
}

BlockPool::~BlockPool() {
  Kind* kinds[] = {&small_, &large_};
  for (Kind* kind : kinds) {
    while (Block* block = kind->free) {
      kind->free = block->next;
      Unmap(block);
    }
  }
}

Block* BlockPool::TakeSmall() {
  return Take(small_, kSmallBytes, UINT64_MAX);
}

Block* BlockPool::TakeLarge() {
  return Take(large_, kLargeBytes, cap_);
}

Block* BlockPool::Take(Kind& kind, size_t size, uint64_t cap) {
  {
    Locked lock(mutex_);
    if (Block* block = kind.free) {
      kind.free = block->next;
      kind.cached--;
      kind.taken++;
      block->next = nullptr;
      block->used = 0;
      return block;
    }
    if (kind.taken >= cap) return nullptr;
    kind.taken++;
  }
  // mmap() is slow when it has to wait for the process's map lock: not under ours.
  Block* block = Map(size);
  if (block == nullptr) {
    Locked lock(mutex_);
    kind.taken--;
  }
  return block;
}

Block* BlockPool::TakeSized(size_t size) {
  Block* block = Map(size);
  if (block == nullptr) return nullptr;
  Locked lock(mutex_);
  sizedBytes_ += size;
  return block;
}

// The mutex is held.
uint64_t BlockPool::MostCached(const Kind& kind, size_t size) const {
  const uint64_t most = kCachedBytes / size;
  return keeps_ == Keeps::kLittle || kind.taken < most ? most : kind.taken;
}

void BlockPool::Give(Block* block) {
  if (block->size > kLargeBytes) {
    {
      Locked lock(mutex_);
      sizedBytes_ -= block->size;
    }
    Unmap(block);
    return;
  }
  {
    Locked lock(mutex_);
    Kind& kind = block->size == kSmallBytes ? small_ : large_;
    kind.taken--;
    if (kind.cached < MostCached(kind, block->size)) {
      kind.cached++;
      block->next = kind.free;
      kind.free = block;
      return;
    }
  }
  Unmap(block);
}

uint64_t BlockPool::taken() {
  Locked lock(mutex_);
  return small_.taken * kSmallBytes + large_.taken * kLargeBytes + sizedBytes_;
}

}  // namespace sockkit::server
