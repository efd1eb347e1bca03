// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

#include "native/server/blocks.h"
#include "native/server/live_text.h"
#include "native/server/output.h"
#include "native/server/spool.h"
#include "native/sys/address.h"

namespace sockkit::server {

class Lead;
class MessageServer;

// One connection, from accept to close, on one thread and mostly on its stack, which is small.
//
// The bytes of a message, in their order: printed, then spooled, then held in blocks. Which of them
// there are follows from the state:
//   holding    what has arrived is in blocks, up to the hold
//   spooling   what has arrived is in the spool; blocks are only passed through
//   turn       the thread has the turn at the output, and what arrives is printed at once ("the
//              floor", while more is to come)
//   discarding the output has failed; what arrives is counted and dropped
class Connection : private BeforeWait {
 public:
  // Owns `fd` until Close(). `lead` is the thread's in its accept loop, or null.
  Connection(MessageServer* server, int fd, const sys::Address& peer, Lead* lead);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Receives and prints until the connection ends.
  void Run();

  // After it has left the registry: until then the drain may use the descriptor.
  void Close();

  // For the drain, from its thread, while the connection is registered.
  //
  // Whether the peer has ended its side, and all that it sent has arrived.
  bool AtEnd() const;
  // Sees to it that nothing more arrives and that what has is all that will be read.
  void Seal();

  // All of the message has arrived. Set by the connection's thread when it reads the end, and by
  // the drain when the end is in the kernel's queue.
  std::atomic<bool> finished{false};

  // The registry's, under its mutex.
  Connection* next = nullptr;
  Connection* previous = nullptr;
  bool counted = false;  // Among the finished messages that the drain waits for.

 private:
  enum class Ending { kNone, kEnd, kReset, kCut, kIdle, kLostFloor, kAborted };

  void BeginMessage();
  void StepDown();
  void WillWait() override { StepDown(); }
  Ending Receive();
  void Finish(Ending ending);
  void Report(Ending ending);

  bool MakeRoom();
  Ending Await();
  Ending AwaitMore();
  Ending Judge(long result);
  Block* AwaitBlock(bool large);
  void AwaitDrain();
  void Commit(size_t length);
  size_t Limit(size_t size);
  Ending AtLimit() const;

  void Outgrow();
  void TakeFloor();
  void SpoolHeld();
  void PrintPending();
  void PrintSpool();
  void PrintHeld();
  void PrintLive(Block* block);
  void FinishLive();
  void Print(const char* data, size_t length, size_t bytes);
  void Recycle();
  void Release();
  bool Pending() const;

  MessageServer* const server_;
  const int fd_;
  const sys::Address peer_;
  Lead* const lead_;

  // This message.
  BlockList held_;
  Spool spool_;
  LiveText text_;
  uint64_t received_ = 0;
  uint64_t printed_ = 0;
  uint64_t largeBlocks_ = 0;  // In held_.
  bool spooling_ = false;
  bool spoolRefused_ = false;
  bool turn_ = false;
  bool discarding_ = false;
  int64_t waitedUs_ = 0;    // With the floor, while others queue: waited in our recv, and
  uint64_t delivered_ = 0;  // received, since the last full MiB.

  // The connection.
  uint64_t offset_ = 0;   // Received in all.
  int error_ = 0;         // Of a reset.
  int spoolError_ = 0;    // The spool has lost what it had taken.
  bool split_ = false;    // Has lost the floor before.
  bool reset_ = false;    // To be closed by RST, so that the peer knows.
  uint32_t starved_ = 0;  // Receives in a row for which there was no memory.

  bool limited_ = false;  // In the drain: `limit_` bytes are still to be read.
  uint64_t limit_ = 0;

  // Set by Seal(): the end that a unix socket's thread will read is our own doing.
  std::atomic<bool> cutBySeal_{false};
};

}  // namespace sockkit::server
