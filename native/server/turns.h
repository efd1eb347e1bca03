// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

#include "native/server/output.h"
#include "native/server/sync.h"
#include "native/sys/wake.h"

namespace sockkit::server {

// Whose turn it is at the output. One thread has the turn at a time; the others wait in one
// first-come queue. During the drain, finished messages go before unfinished ones.
class Turns {
 public:
  explicit Turns(Output* output) : output_(output) {}
  ~Turns();
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  int Open() { return contention_.Open(); }
  void Close() { contention_.Close(); }

  // Takes the turn where nobody has it and nobody is queued; in the drain, also where no finished
  // message is still to be printed.
  bool TryTake();

  // Waits for the turn. `finished` tells whether all of the message has arrived; during a wait the
  // drain may change it (the descriptor is at its end then, though not read to it).
  void Take(const std::atomic<bool>* finished);

  // Gives the turn to the next in the queue, after the asides that have come meanwhile. `before` is
  // told where writing them has to wait, and may be null.
  void Pass(BeforeWait* before = nullptr);

  // Whether anyone is queued, and the descriptor that becomes readable when the queue stops being
  // empty; only the holder of the turn clears it.
  bool contended() const { return waiting_.load(std::memory_order_acquire) > 0; }
  sys::Wake& contention() { return contention_; }

  // Keeps a copy of `text` until no message is in the middle of being printed; it is written when
  // the turn is passed. True where nobody has the turn, and Flush() is to be called: this one never
  // waits. Text beyond what is kept is dropped, and a line says so.
  bool Aside(const char* text, size_t length);

  // Writes what is kept, where nobody has the turn. May wait for the output.
  void Flush();

  // From now on unfinished messages wait until `count` finished ones are done. FinishedDone() may
  // come first for some of them: messages go on being printed while they are counted.
  void BeginDrain(uint32_t count);
  void FinishedDone();

 private:
  struct Place;  // In the queue; on the stack of the thread that waits.

  void GrantNext();
  bool TakeAsides(char** text, size_t* length);

  static constexpr size_t kAsideBytes = 64 * 1024;

  Output* const output_;
  sys::Wake contention_;
  std::atomic<uint32_t> waiting_{0};

  Mutex mutex_;
  bool taken_ = false;
  bool draining_ = false;
  // Finished messages that are still to be printed, in the drain. Before it, less than 0 where some
  // of those that are being counted are done.
  int64_t unprinted_ = 0;
  Place* first_ = nullptr;
  Place* last_ = nullptr;
  char* asides_ = nullptr;  // malloc'd, kAsideBytes, where there are any.
  size_t asideLength_ = 0;
  bool asidesDropped_ = false;
};

}  // namespace sockkit::server
