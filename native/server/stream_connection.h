// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <atomic>

#include "native/server/blocks.h"
#include "native/server/sync.h"
#include "native/sys/address.h"

namespace sockkit::server {

class StreamServer;

// One connection of a stream server. Its thread reads, from accept to close; all else is done by
// the server's owner, one thread that must never wait for anything: JavaScript's.
//
// What has arrived is in blocks of the server's pool until the owner takes it. The thread reads
// ahead a little, and stops where that is not taken: then the peer's window closes. While it waits
// for bytes it holds no block. A few bytes at a time, as in a conversation, need none at all: for
// them there is a little room in the object, so that recv() itself can wait, which saves a poll().
//
// The descriptor is the thread's to close, and stays open until the owner has called Finish(), or
// the server ends everything.
class StreamConnection {
 public:
  StreamConnection(StreamServer* server, int fd, const sys::Address& peer);
  StreamConnection(const StreamConnection&) = delete;
  StreamConnection& operator=(const StreamConnection&) = delete;

  // The thread's. The owner may free the object as soon as this has told that it is gone.
  void Run();

  // What follows is the owner's.

  enum class Got : uint8_t { kNothing, kChunk, kSmall, kEnd, kError };
  struct Taken {
    Block* block = nullptr;  // kChunk: it becomes the caller's to give back.
    size_t length = 0;       // kSmall: of the bytes that were copied.
    int error = 0;           // kError: a negated errno.
  };
  // The next chunk. One of at most kSmallBytes can be copied to `small`. Where there is none the
  // thread is asked to tell when there is something.
  static constexpr size_t kSmallBytes = 1024;
  Got Take(void* small, Taken* taken);
  // Does not wait: -EAGAIN where there is no room.
  ssize_t Send(const void* data, size_t length);
  int ShutdownSending();

  // In order of force; a later one may follow an earlier one.
  //   kGraceful  what has been sent is delivered, and what still comes is read and thrown away
  //   until
  //              the peer ends too: closing before that would reset the connection, and the peer
  //              could lose what it has not read yet
  //   kNow       closes
  //   kReset     closes by a reset
  enum class Ending : uint8_t { kNone, kGraceful, kNow, kReset };
  void Finish(Ending how);

  int fd() const { return fd_; }
  const sys::Address& peer() const { return peer_; }
  // The owner's name for it.
  uint64_t token = 0;

  // The server's, under the mutexes that are named there.
  StreamConnection* next = nullptr;
  StreamConnection* previous = nullptr;
  StreamConnection* nextReady = nullptr;
  bool told = false;  // In the list of those that have news.
  bool gone = false;

 private:
  enum class Way : uint8_t { kNone, kSmall, kBlock };
  void Receive();
  Way AwaitRoom();
  void ReceiveSmall();
  void Append(Block* block, size_t length);
  bool AwaitBytes();
  Block* TakeBlock();
  void ReceiveInto(Block* block);
  void End(int error);
  void AwaitFinish();
  void Linger();
  void Close();
  Ending finishing() const { return finish_.load(std::memory_order_acquire); }

  StreamServer* const server_;
  int fd_;  // -1 once it is closed; that is set under the mutex.
  const sys::Address peer_;

  // The thread's.
  bool more_ = false;   // What was received last filled its room, so there is likely more.
  bool large_ = false;  // It was more than kSmallBytes.
  bool polls_ = false;  // recv() does not wait, since someone made the descriptor non-blocking.
  std::atomic<int64_t> activeMs_{0};  // When a byte went either way last; kept with a timeout only.

  Mutex mutex_;
  Condition changed_;  // For the thread: there is room, the owner asks, or it has finished.
  BlockList chunks_;
  uint32_t count_ = 0;  // Of them and of the small ones, which come before them.
  // The thread waits for bytes in the one while the owner has not taken what is in the other.
  char small_[2][kSmallBytes];
  size_t smallLength_[2] = {0, 0};
  uint32_t firstSmall_ = 0;  // The one that comes next.
  uint32_t smalls_ = 0;
  bool waiting_ = false;  // The thread waits for changed_.
  bool wanted_ = false;   // The owner waits for something.
  bool ended_ = false;
  int error_ = 0;                              // Why, where it was not the peer's end.
  std::atomic<Ending> finish_{Ending::kNone};  // Written under the mutex.
};

}  // namespace sockkit::server
