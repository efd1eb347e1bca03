// SPDX-License-Identifier: MIT
//
// A stream server with an owner on a thread of its own, which does what JavaScript would.
#pragma once

#include <poll.h>

#include <map>
#include <string>

#include "native/server/stream_server.h"
#include "native/test/check.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace sockkit::test {

using server::StreamConnection;
using server::StreamServer;
using server::StreamServerConfig;
using Ending = StreamConnection::Ending;
using Got = StreamConnection::Got;

inline int ListenForRecords(sys::Address* where) {
  REQUIRE(sys::MakeUnix("", 0, where) == 0);
  int fd = sys::socket(AF_UNIX, SOCK_SEQPACKET, 0);
  REQUIRE(fd >= 0 && sys::bind(fd, *where) == 0 && sys::listen(fd, 10) == 0);
  REQUIRE(sys::getsockname(fd, where) == 0);
  return fd;
}

// What an owner does with its connections. The defaults serve an echo.
struct Plan {
  bool reads = true;
  bool echoes = true;
  Ending atEnd = Ending::kGraceful;
};

class StreamStage : private server::EventListener {
 public:
  explicit StreamStage(StreamServerConfig config = {}, Plan plan = {}, int backlog = 1024)
      : plan_(plan), server_(config, this) {
    int listener = config.records ? ListenForRecords(&address) : Listen(AF_INET, &address, backlog);
    REQUIRE(server_.Start(listener) == 0);
    owner_ = new Task([this] { Own(); });
  }
  ~StreamStage() {
    if (owner_ != nullptr) Close();
    Abort();
  }

  // Connections end by themselves; returns when all is gone.
  void Close() {
    Ask(&closeAsked_);
    Eventually([this] { return closed_.load(); });
    CHECK(closed_.load());
  }
  // Asks, and does not wait.
  void BeginClose() { Ask(&closeAsked_); }
  // As the end of an environment does it, on the owner's thread.
  void Abort() {
    if (owner_ == nullptr) return;
    Ask(&abortAsked_);
    delete owner_;
    owner_ = nullptr;
  }
  void StartReading() { Ask(&readAsked_); }
  // Of every connection.
  void Finish(Ending how) {
    finishWith_ = how;
    Ask(&finishAsked_);
  }

  server::StreamServerStats stats() { return server_.Stats(); }
  std::string text() {
    server::Locked lock(mutex_);
    return text_;
  }

  sys::Address address;
  std::atomic<int> opened{0};
  std::atomic<int> gone{0};
  std::atomic<int> ends{0};
  std::atomic<int> errors{0};
  std::atomic<int> lastError{0};
  std::atomic<size_t> largest{0};

 private:
  struct Served {
    StreamConnection* connection;
    std::string unsent;
    bool ended = false;
    bool finished = false;
    bool awaited = false;
  };

  void EventsWait() override {
    server::Locked lock(mutex_);
    news_ = true;
    changed_.Signal();
  }

  void Ask(std::atomic<bool>* what) {
    *what = true;
    EventsWait();
  }

  void Own() {
    for (;;) {
      {
        server::Locked lock(mutex_);
        while (!news_) changed_.Wait(mutex_);
        news_ = false;
      }
      if (abortAsked_) {
        server_.Abort();
        served_.clear();
        return;
      }
      if (closeAsked_) server_.Close();
      Drain();
      if (readAsked_.exchange(false)) {
        plan_.reads = true;
        for (auto& each : served_) Serve(&each.second);
      }
      if (finishAsked_.exchange(false)) {
        for (auto& each : served_) End(&each.second, finishWith_);
      }
    }
  }

  void Drain() {
    // The last event says that there is no more news, so it is taken before them.
    bool closed = false;
    server::Event event;
    while (server_.TakeEvent(&event)) closed |= event.kind == server::Event::Kind::kClosed;
    for (;;) {
      StreamServer::News news[16];
      size_t count = server_.Take(news, 16);
      for (size_t i = 0; i < count; i++) Hear(news[i]);
      if (count < 16) break;
    }
    server::ReadyToken tokens[16];
    while (size_t count = server_.TakeSendable(tokens, 16)) {
      for (size_t i = 0; i < count; i++) {
        auto found = served_.find(tokens[i].token);
        if (found != served_.end()) Serve(&found->second);
      }
    }
    if (closed) closed_ = true;
  }

  void Hear(const StreamServer::News& news) {
    StreamConnection* connection = news.connection;
    if (connection->token == 0) {
      connection->token = ++lastToken_;
      served_[connection->token] = {connection, "", false, false, false};
      opened++;
    }
    if (news.gone) {
      served_.erase(connection->token);
      server_.Free(connection);
      gone++;
    } else {
      Serve(&served_[connection->token]);
    }
  }

  void Serve(Served* served) {
    if (served->finished || !plan_.reads) return;
    while (FlushAll(served) && !served->ended) {
      char small[StreamConnection::kSmallBytes];
      StreamConnection::Taken taken;
      Got got = served->connection->Take(small, &taken);
      if (got == Got::kNothing) return;
      if (got == Got::kSmall) Keep(served, small, taken.length);
      if (got == Got::kChunk) {
        Keep(served, taken.block->data, taken.block->used);
        server_.blocks().Give(taken.block);
      }
      if (got == Got::kEnd || got == Got::kError) {
        served->ended = true;
        (got == Got::kEnd ? ends : errors)++;
        if (got == Got::kError) lastError = taken.error;
      }
    }
    if (served->ended && served->unsent.empty()) End(served, plan_.atEnd);
  }

  void Keep(Served* served, const char* data, size_t length) {
    if (length > largest) largest = length;
    if (plan_.echoes) {
      served->unsent.append(data, length);
    } else {
      server::Locked lock(mutex_);
      text_.append(data, length);
    }
  }

  bool FlushAll(Served* served) {
    while (!served->unsent.empty()) {
      ssize_t sent = served->connection->Send(served->unsent.data(), served->unsent.size());
      if (sent == -EAGAIN) {
        served->awaited = true;
        CHECK_EQ(server_.AwaitRoom(*served->connection), 0);
        return false;
      }
      if (sent < 0) {
        served->unsent.clear();
        served->ended = true;
        errors++;
        return true;
      }
      served->unsent.erase(0, static_cast<size_t>(sent));
    }
    return true;
  }

  void End(Served* served, Ending how) {
    if (!served->finished && served->awaited) server_.ForgetRoom(*served->connection);
    served->finished = true;
    served->connection->Finish(how);
  }

  Plan plan_;
  server::Mutex mutex_;
  server::Condition changed_;
  bool news_ = false;
  std::string text_;
  std::map<uint64_t, Served> served_;
  uint64_t lastToken_ = 0;
  std::atomic<bool> closeAsked_{false};
  std::atomic<bool> abortAsked_{false};
  std::atomic<bool> readAsked_{false};
  std::atomic<bool> finishAsked_{false};
  std::atomic<Ending> finishWith_{Ending::kNow};
  std::atomic<bool> closed_{false};
  StreamServer server_;
  Task* owner_ = nullptr;
};

}  // namespace sockkit::test
