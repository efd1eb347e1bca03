// SPDX-License-Identifier: MIT
//
// A message server with a listener, and the events that it told.
#pragma once

#include <string>
#include <vector>

#include "native/server/message_server.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace sockkit::test {

using server::Event;
using server::MessageServerConfig;
using server::MessageServerStats;
using server::Outcome;
using Kind = server::Event::Kind;

// A hold of one small block and one large one.
constexpr uint64_t kSmallHold = 64 * 1024;
constexpr size_t kHeld = 16 * 1024 + kSmallHold;

inline MessageServerConfig SmallHold() {
  MessageServerConfig config;
  config.holdBytes = kSmallHold;
  return config;
}

class ServerStage final : private server::EventListener {
 public:
  explicit ServerStage(int output, const MessageServerConfig& config = {}, int backlog = 64)
      : server_(config, this) {
    server_.TellAll(true);
    int listener = Listen(config.unixSocket ? AF_UNIX : AF_INET, &address, backlog);
    REQUIRE(server_.Start(listener, output) == 0);
  }
  ~ServerStage() { server_.Abort(); }

  server::MessageServer* operator->() { return &server_; }
  MessageServerStats stats() { return server_.Stats(); }

  // A client that has sent `data` and is not at its end; returns when the server has received it.
  Fd Begin(std::string_view data) {
    uint64_t before = stats().bytesIn;
    Fd client = Connect(address);
    CHECK(SendAll(client, data));
    CHECK_EVENTUALLY_EQ(stats().bytesIn, before + data.size());
    return client;
  }
  // A client that has sent its message; returns when it is printed and the connection closed.
  void Deliver(std::string_view message) {
    Fd client = SendMessage(address, message);
    CHECK_EQ(AwaitClose(client), 0);
  }

  // Begins a message that outgrows a SmallHold() and returns when it has the floor: it was free.
  Fd TakeFloor(const TemporaryFile& file, std::string* text) {
    const size_t before = file.size();
    *text = Noise(kHeld + 1000, 99);
    Fd holder = Begin(*text);
    CHECK_EVENTUALLY_EQ(file.size(), before + text->size());
    return holder;
  }

  // The events told so far, in their order.
  const std::vector<Event>& events() {
    Event event;
    while (server_.Take(&event)) events_.push_back(event);
    return events_;
  }
  size_t Count(Kind kind) {
    size_t count = 0;
    for (const Event& event : events()) count += event.kind == kind ? 1 : 0;
    return count;
  }
  size_t Count(Outcome outcome) {
    size_t count = 0;
    for (const Event& event : events()) {
      count += event.kind == Kind::kMessage && event.outcome == outcome ? 1 : 0;
    }
    return count;
  }
  // The first of its kind; an empty one where there is none.
  Event Find(Kind kind) {
    for (const Event& event : events()) {
      if (event.kind == kind) return event;
    }
    return Event();
  }
  Event Find(Outcome outcome) {
    for (const Event& event : events()) {
      if (event.kind == Kind::kMessage && event.outcome == outcome) return event;
    }
    return Event();
  }

  // The drain, to its end.
  MessageServerStats End() {
    server_.Close();
    AwaitEnd();
    return stats();
  }
  void AwaitEnd() {
    if (!CHECK_EVENTUALLY_EQ(Count(Kind::kClosed), 1u)) return;
    CHECK(events().back().kind == Kind::kClosed);
    server_.Join();
    MessageServerStats last = stats();
    CHECK_EQ(last.open, 0u);
    CHECK_EQ(last.threads, 0u);
    CHECK_EQ(last.memoryBytes, 0u);
    CHECK_EQ(last.spoolBytes, 0u);
    CHECK_EQ(last.eventsDropped, 0u);
  }

  sys::Address address;

 private:
  void EventsWait() override {}

  server::MessageServer server_;
  std::vector<Event> events_;
};

// The rest of a message, and its end; returns when it is printed and the connection closed.
inline void EndMessage(const Fd& client, std::string_view rest = "") {
  CHECK(SendAll(client, rest));
  EndSending(client);
  CHECK_EQ(AwaitClose(client), 0);
}

}  // namespace sockkit::test
