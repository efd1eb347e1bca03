// SPDX-License-Identifier: MIT
//
// The output side of a connection: what it prints in its turn, and how a message is closed off.
#include <errno.h>

#include "native/server/connection.h"
#include "native/server/message_server.h"

namespace sockkit::server {

namespace {

// Live chunks go in the order of their arrival, whatever will become of their message.
const std::atomic<bool> kNeverLast{true};

}  // namespace

// The message, or the part of it until the floor was lost, has ended: prints what is not printed
// yet and tells how it ended.
void Connection::Finish(Ending ending) {
  Turns& turns = server_->turns_;
  if (ending == Ending::kEnd) finished.store(true);
  if (ending == Ending::kAborted) discarding_ = true;
  if (ending != Ending::kEnd && ending != Ending::kLostFloor) reset_ = true;
  if (server_->config_.live) {
    FinishLive();
  } else if (!turn_ && !discarding_ && Pending()) {
    if (!turns.TryTake()) {
      StepDown();
      turns.Take(&finished);
    }
    turn_ = true;
    PrintPending();
  }
  if (turn_) turns.Pass(this);
  turn_ = false;
  Release();
  spool_.Close();
  Report(ending);
}

void Connection::Report(Ending ending) {
  Event event;
  switch (ending) {
    case Ending::kReset:
      event.outcome = Outcome::kReset;
      break;
    case Ending::kCut:
    case Ending::kAborted:
      event.outcome = Outcome::kCut;
      server_->cuts_.fetch_add(1, std::memory_order_relaxed);
      break;
    case Ending::kIdle:
      event.outcome = Outcome::kIdle;
      break;
    case Ending::kLostFloor:
      split_ = true;
      event.lostFloor = true;
      event.outcome = Outcome::kSplit;
      server_->splits_.fetch_add(1, std::memory_order_relaxed);
      break;
    default:
      event.outcome = split_ ? Outcome::kSplit : Outcome::kComplete;
  }
  event.bytes = received_;
  event.offset = offset_;
  event.lost = received_ - printed_;
  event.error = error_;
  event.peer = peer_;
  server_->messages_.fetch_add(1, std::memory_order_relaxed);
  if (event.lost > 0) {
    server_->bytesLost_.fetch_add(event.lost, std::memory_order_relaxed);
    server_->messagesLost_.fetch_add(1, std::memory_order_relaxed);
  }
  if (spoolError_ != 0) {
    Event lost = event;
    lost.kind = Event::Kind::kSpoolLost;
    lost.error = spoolError_;
    server_->Tell(lost);
  }
  if (event.outcome != Outcome::kComplete || server_->tellAll_.load(std::memory_order_relaxed)) {
    server_->Tell(event);
  }
}

// `bytes` of the message become `data` at the output. An output that fails takes the rest of every
// message with it.
void Connection::Print(const char* data, size_t length, size_t bytes) {
  if (discarding_) return;
  size_t written = server_->output_.Write(data, length, this);
  server_->bytesOut_.fetch_add(written, std::memory_order_relaxed);
  if (written == length) {
    printed_ += bytes;
    return;
  }
  if (length == bytes) printed_ += written;
  discarding_ = true;
  server_->OutputFailed();
}

void Connection::PrintPending() {
  PrintSpool();
  PrintHeld();
}

void Connection::PrintSpool() {
  const uint64_t size = spool_.size();
  spooling_ = false;
  if (size == 0) return;
  Block* block = AwaitBlock(true);
  uint64_t offset = 0;
  while (offset < size && !discarding_) {
    long got = block == nullptr ? -ENOMEM : spool_.Read(offset, block->data, block->size);
    if (got <= 0) {
      // The disk has lost what it had taken. What comes after it is not printed either: a message
      // with a hole would be taken for a whole one.
      spoolError_ = got == 0 ? -EIO : static_cast<int>(got);
      discarding_ = true;
      reset_ = true;
      break;
    }
    Print(block->data, static_cast<size_t>(got), static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  if (block != nullptr) {
    if (block->size == BlockPool::kLargeBytes) largeBlocks_--;
    server_->blocks_.Give(block);
  }
  spool_.Close();
}

void Connection::PrintHeld() {
  for (Block* block = held_.head(); block != nullptr; block = block->next) {
    if (block->used > 0) Print(block->data, block->used, block->used);
    block->used = 0;
  }
  Recycle();
}

// Keeps one block to receive into, a large one where there is one, and gives back the others.
void Connection::Recycle() {
  Block* kept = nullptr;
  while (Block* block = held_.TakeHead()) {
    if (kept == nullptr && block->size == BlockPool::kLargeBytes) {
      kept = block;
    } else {
      server_->blocks_.Give(block);
    }
  }
  largeBlocks_ = kept != nullptr ? 1 : 0;
  if (kept != nullptr) held_.Append(kept);
}

void Connection::Release() {
  while (Block* block = held_.TakeHead()) server_->blocks_.Give(block);
  largeBlocks_ = 0;
}

void Connection::PrintLive(Block* block) {
  constexpr size_t kSlice = 512;
  Turns& turns = server_->turns_;
  StepDown();
  turns.Take(&kNeverLast);
  if (!server_->config_.escape) {
    Print(block->data, block->used, block->used);
  } else {
    char out[LiveText::kGrowth * (kSlice + LiveText::kKept)];
    for (size_t at = 0; at < block->used; at += kSlice) {
      size_t length = block->used - at < kSlice ? block->used - at : kSlice;
      Print(out, text_.Convert(block->data + at, length, out), length);
    }
  }
  turns.Pass(this);
  block->used = 0;
}

void Connection::FinishLive() {
  char out[LiveText::kGrowth * LiveText::kKept];
  size_t length = text_.Finish(out);
  if (length == 0 || discarding_) return;
  StepDown();
  server_->turns_.Take(&kNeverLast);
  Print(out, length, 0);
  server_->turns_.Pass(this);
}

}  // namespace sockkit::server
