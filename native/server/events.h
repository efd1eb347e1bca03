// SPDX-License-Identifier: MIT
#pragma once

#include <stdint.h>

#include "native/server/sync.h"
#include "native/sys/address.h"

namespace sockkit::server {

// How a message ended. Every part of a message that lost the floor is kSplit, unless it ended in
// one of the other ways that are not kComplete.
enum class Outcome : uint8_t { kComplete, kReset, kCut, kIdle, kSplit };

struct Event {
  enum class Kind : uint8_t {
    kMessage,        // peer, outcome, bytes, lost, error (of a reset)
    kOutputFailed,   // error; the server drains by itself
    kListenerLost,   // error; the server drains by itself
    kAcceptDelayed,  // call, error; told once for each outage
    kSpoolFailed,    // error; told once
    kSpoolLost,      // peer, lost, error: what was spooled cannot be read; before its kMessage
    kClosed,         // the last event: every thread but the supervisor is gone
  };
  Kind kind = Kind::kMessage;
  Outcome outcome = Outcome::kComplete;
  int error = 0;
  bool lostFloor = false;  // A kSplit that happened now, and is not the last part's.
  const char* call = "";   // A literal.
  uint64_t bytes = 0;      // Received for this message.
  uint64_t offset = 0;     // Received on the connection when it ended.
  uint64_t lost = 0;       // Of `bytes`: not printed.
  sys::Address peer;
};

// Whoever is told that events wait. Called on any thread, must not block or call the server.
class EventListener {
 public:
  virtual void EventsWait() = 0;

 protected:
  ~EventListener() = default;
};

// Events on their way from the server's threads to their reader. Bounded: where the reader does not
// come, events beyond kMost are dropped and counted, except kClosed.
class EventQueue {
 public:
  static constexpr uint32_t kMost = 65536;

  explicit EventQueue(EventListener* listener) : listener_(listener) {}
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void Add(const Event& event);

  // The oldest event; false where none waits.
  bool Take(Event* event);

  uint64_t dropped();

 private:
  struct Node {
    Event event;
    Node* next = nullptr;
  };

  Node* Reserved(Event::Kind kind);

  EventListener* const listener_;
  Mutex mutex_;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  uint32_t count_ = 0;
  uint64_t dropped_ = 0;
  // Never allocated, so that the events which decide about the program's end cannot fail: each of
  // them comes once.
  Node closed_;
  Node outputFailed_;
  Node listenerLost_;
};

}  // namespace sockkit::server
