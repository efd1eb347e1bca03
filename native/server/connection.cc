// SPDX-License-Identifier: MIT
#include "native/server/connection.h"

#include <errno.h>
#include <poll.h>

#include "native/server/message_server.h"
#include "native/server/wait.h"
#include "native/sys/arrivals.h"
#include "native/sys/socket.h"

namespace sockkit::server {

namespace {

// What the holder of the floor must deliver in each stall time that it keeps others waiting.
constexpr uint64_t kFloorBytes = 1024 * 1024;
// How often the system may say that it has no memory, a pause after each, before the connection is
// given up.
constexpr uint32_t kMostStarved = 200;

}  // namespace

Connection::Connection(MessageServer* server, int fd, const sys::Address& peer, Lead* lead)
    : server_(server), fd_(fd), peer_(peer), lead_(lead), spool_(&server->spoolRoom_) {}

void Connection::StepDown() {
  if (lead_ != nullptr) lead_->StepDown();
}

void Connection::Run() {
  Ending ending;
  do {
    BeginMessage();
    ending = Receive();
    Finish(ending);
  } while (ending == Ending::kLostFloor);
}

void Connection::Close() {
  if (reset_) {
    linger abort = {1, 0};
    sys::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  }
  sys::close(fd_);
}

bool Connection::AtEnd() const {
  // A unix socket looks ended once it is sealed; if it was so before, it was not sealed.
  return !cutBySeal_.load() && sys::PeerEnded(fd_);
}

void Connection::Seal() {
  const MessageServerConfig& config = server_->config_;
  if (config.noFilter || AtEnd()) return;
  if (config.unixSocket) {
    // There are no packets to drop, but for them this stops the peer and keeps what is queued.
    cutBySeal_.store(true);
    sys::shutdown(fd_, SHUT_RD);
  } else {
    sys::DropIncoming(fd_);
  }
}

void Connection::BeginMessage() {
  received_ = 0;
  printed_ = 0;
  spooling_ = false;
  spoolRefused_ = false;
}

Connection::Ending Connection::Receive() {
  for (;;) {
    if (server_->aborting_.load(std::memory_order_acquire)) return Ending::kAborted;
    if (!MakeRoom()) {
      if (held_.empty()) {
        error_ = -ENOMEM;
        return Ending::kReset;
      }
      // A message that just fills the hold has not outgrown it until there is more.
      Ending ending = AwaitMore();
      if (ending != Ending::kNone) return ending;
      Outgrow();
      continue;
    }
    Block* block = held_.tail();
    size_t size = Limit(block->left());
    if (size == 0) return AtLimit();
    ssize_t got = sys::recv(fd_, block->room(), size, MSG_DONTWAIT);
    if (got > 0) {
      Commit(static_cast<size_t>(got));
      continue;
    }
    Ending ending = Judge(got);
    if (ending != Ending::kNone) return ending;
  }
}

// How much may be received at once. In the drain nothing arrives any more, as a rule; where
// something does (see DropIncoming) it is not read, so that reading ends against a fast sender too.
// What a peer that has ended or reset its side has sent is finite anyway.
size_t Connection::Limit(size_t size) {
  if (!limited_) {
    if (!server_->draining_.load(std::memory_order_acquire) || AtEnd()) return size;
    limited_ = true;
    limit_ = sys::BytesReadable(fd_);
  }
  return limit_ < size ? static_cast<size_t>(limit_) : size;
}

// All has been read that the limit allows: what may still be seen is the end.
Connection::Ending Connection::AtLimit() const {
  char byte;
  ssize_t more = sys::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return more == 0 && !cutBySeal_.load() ? Ending::kEnd : Ending::kCut;
}

// What a recv() that brought nothing means; kNone to receive again.
Connection::Ending Connection::Judge(long result) {
  if (result == -EAGAIN) return limited_ ? AtLimit() : Await();
  if (result == -EINTR) return Ending::kNone;
  if (result == 0 && cutBySeal_.load()) {
    AwaitDrain();
    return Ending::kCut;
  }
  if (result == 0) return Ending::kEnd;
  if ((result == -ENOMEM || result == -ENOBUFS) && starved_++ < kMostStarved) {
    StepDown();
    Pause();
    return Ending::kNone;
  }
  error_ = static_cast<int>(result);
  return Ending::kReset;
}

// A unix socket comes to the end that the drain has made before the drain has found out which
// messages are finished, and those go first.
void Connection::AwaitDrain() {
  StepDown();
  pollfd wake = {server_->wake_.fd(), POLLIN, 0};
  while (wake.revents == 0 && !server_->draining_.load(std::memory_order_acquire)) {
    WaitOrPause(&wake, 1, -1);
  }
}

Connection::Ending Connection::AwaitMore() {
  for (;;) {
    char byte;
    if (Limit(1) == 0) return AtLimit();
    ssize_t got = sys::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) return Ending::kNone;
    Ending ending = Judge(got);
    if (ending != Ending::kNone) return ending;
  }
}

// Waits until there is something to receive (kNone), or until the message ends for another reason.
Connection::Ending Connection::Await() {
  // A connection that waits and has nothing to keep in memory holds no buffer.
  if (!turn_ && (held_.empty() || held_.first()->used == 0)) Release();
  StepDown();
  const MessageServerConfig& config = server_->config_;
  const int64_t idleUs = config.idleTimeoutMs * 1000;
  const int64_t stallUs = config.stallMs * 1000;
  const int64_t began = NowUs();
  for (;;) {
    if (server_->aborting_.load(std::memory_order_acquire)) return Ending::kAborted;
    if (server_->draining_.load(std::memory_order_acquire)) return Ending::kNone;
    const int64_t before = NowUs();
    int timeout = idleUs > 0 ? PollMs(began + idleUs) : -1;
    if (timeout == 0) return Ending::kIdle;
    const bool floor = turn_ && !config.live;
    bool contended = false;
    if (floor) {
      server_->turns_.contention().Clear();
      contended = server_->turns_.contended();
      if (!contended) {
        waitedUs_ = 0;
        delivered_ = 0;
      } else if (stallUs > 0) {
        if (waitedUs_ >= stallUs) return Ending::kLostFloor;
        int left = PollMs(before + stallUs - waitedUs_);
        if (timeout < 0 || left < timeout) timeout = left;
      }
    }
    pollfd fds[3] = {{fd_, POLLIN, 0},
                     {server_->wake_.fd(), POLLIN, 0},
                     {server_->turns_.contention().fd(), POLLIN, 0}};
    int count = PollOrPause(fds, floor ? 3 : 2, timeout);
    if (contended) waitedUs_ += NowUs() - before;
    if (fds[0].revents != 0 || (count < 0 && count != -EINTR)) return Ending::kNone;
  }
}

// The first block of a message is waited for, however long that takes. In the drain, which has to
// end, it is given up at last: null.
Block* Connection::AwaitBlock(bool large) {
  BlockPool& pool = server_->blocks_;
  for (uint32_t tries = 0; !server_->aborting_.load(std::memory_order_acquire); tries++) {
    Block* block = large ? pool.TakeLarge() : nullptr;
    if (block != nullptr) largeBlocks_++;
    if (block == nullptr) block = pool.TakeSmall();
    if (block != nullptr) return block;
    StepDown();
    if (!server_->draining_.load(std::memory_order_acquire)) {
      tries = 0;
    } else if (tries >= kMostStarved) {
      break;
    }
    Pause();
  }
  return nullptr;
}

// Makes room in the last block; false where the hold is full, and, without a block, where there is
// no memory for one.
bool Connection::MakeRoom() {
  BlockPool& pool = server_->blocks_;
  Block* tail = held_.tail();
  if (tail != nullptr && tail->left() > 0) return true;
  Block* block = nullptr;
  if (tail == nullptr) {
    block = AwaitBlock(turn_ || spooling_);
    if (block == nullptr) return false;
  } else {
    StepDown();  // A long message may never make its thread wait.
    if (largeBlocks_ >= server_->config_.holdBytes / BlockPool::kLargeBytes) return false;
    block = pool.TakeLarge();
    if (block == nullptr) return false;
    largeBlocks_++;
  }
  held_.Append(block);
  return true;
}

// `length` more bytes are in the last block.
void Connection::Commit(size_t length) {
  Block* block = held_.tail();
  starved_ = 0;
  block->used += length;
  received_ += length;
  offset_ += length;
  if (limited_) limit_ -= length;
  server_->bytesIn_.fetch_add(length, std::memory_order_relaxed);
  if (discarding_) {
    block->used = 0;
  } else if (server_->config_.live) {
    PrintLive(block);
  } else if (turn_) {
    delivered_ += length;
    if (delivered_ >= kFloorBytes) {
      delivered_ = 0;
      waitedUs_ = 0;
    }
    PrintHeld();
  } else if (spooling_) {
    SpoolHeld();
  }
}

// The message is larger than what may be held: the floor where it is free, else the spool, else the
// queue for the floor, in which nothing is received.
void Connection::Outgrow() {
  if (server_->turns_.TryTake()) {
    TakeFloor();
    return;
  }
  if (!spoolRefused_) {
    spooling_ = true;
    SpoolHeld();
    if (spooling_) return;
  }
  server_->turns_.Take(&finished);
  TakeFloor();
}

void Connection::TakeFloor() {
  turn_ = true;
  waitedUs_ = 0;
  delivered_ = 0;
  PrintPending();
}

void Connection::SpoolHeld() {
  while (Block* block = held_.head()) {
    if (block->used == 0) break;
    int error = spool_.Append(block->data, block->used);
    if (error != 0) {
      // What is spooled stays so; the rest is held, and then waits for the floor.
      spooling_ = false;
      spoolRefused_ = true;
      server_->SpoolFailed(error);
      return;
    }
    block->used = 0;
    if (block == held_.tail()) break;
    held_.TakeHead();
    if (block->size == BlockPool::kLargeBytes) largeBlocks_--;
    server_->blocks_.Give(block);
  }
  Recycle();
}

bool Connection::Pending() const {
  return spool_.size() > 0 || (!held_.empty() && held_.first()->used > 0);
}

}  // namespace sockkit::server
