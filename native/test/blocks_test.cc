// SPDX-License-Identifier: MIT
#include "native/server/blocks.h"

#include <string.h>

#include <vector>

#include "native/test/check.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

using server::Block;
using server::BlockList;
using server::BlockPool;

constexpr size_t kSmall = BlockPool::kSmallBytes;
constexpr size_t kLarge = BlockPool::kLargeBytes;

TEST(BlocksAreEmptyAndTheirMemoryIsOurs) {
  BlockPool pool(kLarge);
  Block* small = pool.TakeSmall();
  Block* large = pool.TakeLarge();
  REQUIRE(small != nullptr && large != nullptr);
  CHECK_EQ(small->size, kSmall);
  CHECK_EQ(large->size, kLarge);
  for (Block* block : {small, large}) {
    CHECK_EQ(block->used, 0u);
    CHECK_EQ(block->left(), block->size);
    CHECK_EQ(block->room(), block->data);
    CHECK(block->next == nullptr);
    memset(block->data, 0xFF, block->size);
    block->used = 10;
    CHECK_EQ(block->left(), block->size - 10);
    CHECK_EQ(block->room(), block->data + 10);
  }
  CHECK_EQ(pool.taken(), kSmall + kLarge);
  pool.Give(small);
  CHECK_EQ(pool.taken(), kLarge);
  pool.Give(large);
  CHECK_EQ(pool.taken(), 0u);
}

TEST(LargeBlocksAreRefusedAtTheCap) {
  BlockPool pool(4 * kLarge + kLarge - 1);
  std::vector<Block*> taken;
  for (int i = 0; i < 4; i++) {
    Block* block = pool.TakeLarge();
    CHECK(block != nullptr);
    taken.push_back(block);
  }
  CHECK(pool.TakeLarge() == nullptr);
  CHECK(pool.TakeLarge() == nullptr);
  CHECK_EQ(pool.taken(), 4 * kLarge);
  pool.Give(taken.back());
  taken.back() = pool.TakeLarge();
  CHECK(taken.back() != nullptr);
  CHECK(pool.TakeLarge() == nullptr);
  for (Block* block : taken) pool.Give(block);
  CHECK_EQ(pool.taken(), 0u);
}

TEST(SmallBlocksAreNeverRefused) {
  BlockPool pool(0);
  CHECK(pool.TakeLarge() == nullptr);
  std::vector<Block*> taken;
  for (int i = 0; i < 500; i++) {
    Block* block = pool.TakeSmall();
    CHECK(block != nullptr);
    taken.push_back(block);
  }
  CHECK_EQ(pool.taken(), 500 * kSmall);
  CHECK(pool.TakeLarge() == nullptr);
  for (Block* block : taken) pool.Give(block);
  CHECK_EQ(pool.taken(), 0u);
}

TEST(MemoryIsUsedAgainAndEmptyThen) {
  BlockPool pool(kLarge);
  for (bool large : {false, true}) {
    Block* first = large ? pool.TakeLarge() : pool.TakeSmall();
    const char* data = first->data;
    first->used = 100;
    first->next = first;
    pool.Give(first);
    Block* again = large ? pool.TakeLarge() : pool.TakeSmall();
    CHECK_EQ(again->data == data, true);
    CHECK_EQ(again->used, 0u);
    CHECK(again->next == nullptr);
    pool.Give(again);
  }
}

TEST(MoreThanIsKeptGoesBackToTheSystem) {
  BlockPool pool(64 * kLarge);
  std::vector<Block*> taken;
  for (int i = 0; i < 64; i++) taken.push_back(pool.TakeLarge());
  for (Block* block : taken) pool.Give(block);
  CHECK_EQ(pool.taken(), 0u);
  // All of them can be had again, those that were kept and those that were not.
  for (Block*& block : taken) {
    block = pool.TakeLarge();
    REQUIRE(block != nullptr);
    memset(block->data, 1, block->size);
  }
  CHECK(pool.TakeLarge() == nullptr);
  for (Block* block : taken) pool.Give(block);
}

TEST(AListKeepsTheOrder) {
  Block blocks[3];
  BlockList list;
  CHECK(list.empty());
  CHECK(list.head() == nullptr && list.tail() == nullptr && list.TakeHead() == nullptr);
  for (Block& block : blocks) {
    block.next = &blocks[0];  // Whatever it was.
    list.Append(&block);
    CHECK(list.tail() == &block);
    CHECK(list.head() == &blocks[0]);
  }
  CHECK(blocks[2].next == nullptr);
  for (Block& block : blocks) {
    CHECK(list.TakeHead() == &block);
    CHECK(block.next == nullptr);
  }
  CHECK(list.empty() && list.tail() == nullptr);
  list.Append(&blocks[1]);
  CHECK(list.head() == &blocks[1] && list.tail() == &blocks[1]);
}

TEST(ThreadsShareTheCap) {
  constexpr size_t kCap = 6;
  BlockPool pool(kCap * kLarge);
  std::atomic<uint64_t> large{0};
  std::atomic<bool> exceeded{false};
  std::vector<Task*> tasks;
  for (int i = 0; i < 4; i++) {
    tasks.push_back(new Task([&, i] {
      Block* mine[3] = {};
      for (int turn = 0; turn < 2000; turn++) {
        Block*& block = mine[(turn * 7 + i) % 3];
        if (block == nullptr) {
          block = turn % 3 == 0 ? pool.TakeSmall() : pool.TakeLarge();
          if (block == nullptr) continue;
          if (block->size == kLarge && ++large > kCap) exceeded = true;
          // Nobody else has it: TSan would see the other's write.
          block->data[0] = static_cast<char>(i);
          block->data[block->size - 1] = block->data[0];
        } else {
          if (block->data[0] != static_cast<char>(i)) exceeded = true;
          if (block->size == kLarge) large--;
          pool.Give(block);
          block = nullptr;
        }
      }
      for (Block* block : mine) {
        if (block == nullptr) continue;
        // Before the others can have it: they may still be at work when this one ends.
        if (block->size == kLarge) large--;
        pool.Give(block);
      }
    }));
  }
  for (Task* task : tasks) delete task;
  CHECK(!exceeded);
  CHECK_EQ(pool.taken(), 0u);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
