// SPDX-License-Identifier: MIT
#include "native/server/stream_connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include "native/server/stream_server.h"
#include "native/sys/socket.h"

namespace sockkit::server {

namespace {

// Chunks that are read before anyone asks for them.
constexpr uint32_t kAhead = 4;
// The thread goes on when so few are left, and not after each: waking it costs more than a chunk.
constexpr uint32_t kResume = 2;
constexpr int kMemoryPauseMs = 10;

}  // namespace

StreamConnection::StreamConnection(StreamServer* server, int fd, const sys::Address& peer)
    : server_(server), fd_(fd), peer_(peer) {}

void StreamConnection::Run() {
  Receive();
  AwaitFinish();
  if (finishing() == Ending::kGraceful) Linger();
  Close();
  server_->Tell(this, true);
}

void StreamConnection::Receive() {
  const int64_t idleMs = server_->config().idleTimeoutMs;
  if (idleMs > 0) {
    activeMs_.store(NowMs(), std::memory_order_relaxed);
    timeval longest = {static_cast<time_t>(idleMs / 1000),
                       static_cast<suseconds_t>(idleMs % 1000 * 1000)};
    sys::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest));
  }
  for (;;) {
    const Way way = AwaitRoom();
    if (way == Way::kNone) return;
    if (way == Way::kSmall) {
      ReceiveSmall();
      continue;
    }
    if (!more_ && !AwaitBytes()) return;
    Block* block = TakeBlock();
    if (block == nullptr) return;
    ReceiveInto(block);
  }
}

// How to receive next; kNone where there is nothing more to read, or nobody to read it.
StreamConnection::Way StreamConnection::AwaitRoom() {
  Locked lock(mutex_);
  if (count_ >= kAhead) {
    waiting_ = true;
    while (count_ > kResume && finishing() == Ending::kNone) changed_.Wait(mutex_);
    waiting_ = false;
  }
  if (ended_ || finishing() != Ending::kNone) return Way::kNone;
  const bool small = smalls_ < 2 && count_ == smalls_ && !more_ && !large_ && !polls_ &&
                     !server_->config().records;
  return small ? Way::kSmall : Way::kBlock;
}

// The owner leaves the free one alone, and whether it takes the other does not change which it is.
void StreamConnection::ReceiveSmall() {
  char* room;
  {
    Locked lock(mutex_);
    room = small_[(firstSmall_ + smalls_) % 2];
  }
  ssize_t got = sys::recv(fd_, room, kSmallBytes, 0);
  if (finishing() != Ending::kNone || got == -EINTR) return;
  if (got == -EAGAIN) {
    const int64_t idleMs = server_->config().idleTimeoutMs;
    if (idleMs == 0 || activeMs_.load(std::memory_order_relaxed) + idleMs > NowMs()) {
      polls_ = true;  // For the time that is left, or for good.
    } else {
      End(-ETIMEDOUT);
    }
    return;
  }
  if (got <= 0) {
    End(static_cast<int>(got));
    return;
  }
  more_ = large_ = got == static_cast<ssize_t>(kSmallBytes);
  Append(nullptr, static_cast<size_t>(got));
}

bool StreamConnection::AwaitBytes() {
  const int64_t idleMs = server_->config().idleTimeoutMs;
  for (;;) {
    int timeout = -1;
    if (idleMs > 0) {
      int64_t left = activeMs_.load(std::memory_order_relaxed) + idleMs - NowMs();
      if (left <= 0) {
        End(-ETIMEDOUT);
        return false;
      }
      timeout = left > 1000000000 ? 1000000000 : static_cast<int>(left);
    }
    pollfd bytes = {fd_, POLLIN, 0};
    int ready = sys::poll(&bytes, 1, timeout);
    if (finishing() != Ending::kNone) return false;
    if (ready > 0) return true;
  }
}

// Null where the connection is finished. Half of the pool is for those alone whose owner waits for
// bytes and so takes them at once: blocks that nobody asks for can fill the other half for ever,
// and everyone else goes on.
Block* StreamConnection::TakeBlock() {
  Locked lock(mutex_);
  for (;;) {
    if (finishing() != Ending::kNone) return nullptr;
    if (wanted_ || !server_->HalfTaken()) {
      Block* block = server_->blocks().TakeLarge();
      if (block != nullptr) return block;
    }
    waiting_ = true;
    if (wanted_) {
      changed_.WaitUntil(mutex_, NowMs() + kMemoryPauseMs);
    } else {
      changed_.Wait(mutex_);
    }
    waiting_ = false;
  }
}

void StreamConnection::ReceiveInto(Block* block) {
  BlockPool& pool = server_->blocks();
  if (server_->config().records) {
    // A record that is longer than the buffer would lose its rest.
    char byte;
    ssize_t size = sys::recv(fd_, &byte, 1, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size > static_cast<ssize_t>(block->size)) {
      Block* larger = pool.TakeSized(static_cast<size_t>(size));
      if (larger == nullptr) {
        pool.Give(block);
        End(-ENOMEM);
        return;
      }
      pool.Give(block);
      block = larger;
    }
  }
  ssize_t got = sys::recv(fd_, block->data, block->size, MSG_DONTWAIT);
  more_ = got == static_cast<ssize_t>(block->size);
  if (got <= 0) {
    pool.Give(block);
    if (got != -EAGAIN && got != -EINTR) End(static_cast<int>(got));
    return;
  }
  block->used = static_cast<size_t>(got);
  large_ = block->used > kSmallBytes;
  Append(block, block->used);
}

// `length` bytes were received into the block, or where there is none, into the small room.
void StreamConnection::Append(Block* block, size_t length) {
  server_->Received(length);
  if (server_->config().idleTimeoutMs > 0) {
    activeMs_.store(NowMs(), std::memory_order_relaxed);
    polls_ = false;
  }
  bool tells = false;
  {
    Locked lock(mutex_);
    if (block != nullptr) {
      chunks_.Append(block);
    } else {
      smallLength_[(firstSmall_ + smalls_) % 2] = length;
      smalls_++;
    }
    count_++;
    tells = wanted_;
  }
  if (tells) server_->Tell(this, false);
}

void StreamConnection::End(int error) {
  bool tells = false;
  {
    Locked lock(mutex_);
    ended_ = true;
    error_ = error;
    tells = wanted_;
  }
  if (tells) server_->Tell(this, false);
}

void StreamConnection::AwaitFinish() {
  Locked lock(mutex_);
  while (finishing() == Ending::kNone) changed_.Wait(mutex_);
}

// Ends with the peer's end, or by Finish(kNow), which wakes poll() here.
void StreamConnection::Linger() {
  {
    Locked lock(mutex_);
    if (ended_) return;
    while (Block* block = chunks_.TakeHead()) server_->blocks().Give(block);
  }
  char bytes[4096];
  while (finishing() == Ending::kGraceful) {
    ssize_t got = sys::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0 || got == -EINTR) continue;
    if (got != -EAGAIN) return;
    pollfd end = {fd_, POLLIN, 0};
    sys::poll(&end, 1, -1);
  }
}

void StreamConnection::Close() {
  int fd = -1;
  {
    Locked lock(mutex_);
    while (Block* block = chunks_.TakeHead()) server_->blocks().Give(block);
    fd = fd_;
    fd_ = -1;
  }
  sys::close(fd);
}

StreamConnection::Got StreamConnection::Take(void* small, Taken* taken) {
  Locked lock(mutex_);
  wanted_ = false;
  if (count_ > 0) {
    count_--;
    if (waiting_ && count_ <= kResume) changed_.Signal();
    if (smalls_ > 0) {
      taken->length = smallLength_[firstSmall_];
      memcpy(small, small_[firstSmall_], taken->length);
      firstSmall_ = 1 - firstSmall_;
      smalls_--;
      return Got::kSmall;
    }
    taken->block = chunks_.TakeHead();
    return Got::kChunk;
  }
  if (ended_) {
    taken->error = error_;
    return error_ == 0 ? Got::kEnd : Got::kError;
  }
  wanted_ = true;
  if (waiting_) changed_.Signal();
  return Got::kNothing;
}

ssize_t StreamConnection::Send(const void* data, size_t length) {
  ssize_t sent = sys::send(fd_, data, length, MSG_DONTWAIT);
  if (sent > 0) {
    server_->Sent(static_cast<uint64_t>(sent));
    if (server_->config().idleTimeoutMs > 0) activeMs_.store(NowMs(), std::memory_order_relaxed);
  }
  return sent;
}

int StreamConnection::ShutdownSending() {
  return sys::shutdown(fd_, SHUT_WR);
}

void StreamConnection::Finish(Ending how) {
  Locked lock(mutex_);
  if (how <= finishing()) return;
  finish_.store(how, std::memory_order_release);
  if (fd_ < 0) return;
  if (how == Ending::kGraceful) {
    // The thread may be in poll() and stay there until the peer ends, which is what is wanted.
    sys::shutdown(fd_, SHUT_WR);
  } else {
    if (how == Ending::kReset) {
      linger abort = {1, 0};
      sys::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    }
    // Wakes the thread in poll(), and tells the peer of a TCP connection nothing.
    sys::shutdown(fd_, SHUT_RD);
  }
  changed_.Signal();
}

}  // namespace sockkit::server
