// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <atomic>

#include "native/server/accept_loop.h"
#include "native/server/blocks.h"
#include "native/server/events.h"
#include "native/server/readiness.h"
#include "native/server/stream_connection.h"
#include "native/server/sync.h"

namespace sockkit::server {

struct StreamServerConfig {
  bool records = false;  // The sockets keep records apart: SOCK_SEQPACKET.
  bool refuse = false;   // Beyond maxConnections, connections are closed at once and do not wait.
  uint32_t maxConnections = 1024;
  int64_t idleTimeoutMs = 0;  // 0: off.
  uint64_t memoryBytes = 64 * 1024 * 1024;
};

struct StreamServerStats {
  uint64_t connections, open, refused, threads, bytesIn, bytesOut, memoryBytes;
};

// Accepts connections and reads them on threads of their own, for an owner that does the rest: one
// thread, which calls everything here, and is told by the listener when there is something to take.
// Threads: those of the accept loop, one that waits for room to send in (readiness.h), and one that
// waits for the others at the end.
class StreamServer final : private ConnectionHandler, private ReadinessListener {
 public:
  // What has happened to a connection. It is freed once it is told that it is gone.
  struct News {
    StreamConnection* connection;
    bool gone;
  };

  StreamServer(const StreamServerConfig& config, EventListener* listener);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  // `listener` is a listening socket that the server owns from now on, also when this fails. 0 or
  // -errno.
  int Start(int listener);

  // Accepts no more. When every connection is gone, which is up to the owner, and every thread too,
  // the last event comes: kClosed. May be called often.
  void Close();

  // Ends every connection and every thread at once, and frees the connections.
  void Abort();

  // Connections that have news, `most` of them, in their order. Where there are more than that, the
  // listener is told once more.
  size_t Take(News* to, size_t most);
  void Free(StreamConnection* connection);
  // kAcceptDelayed, kListenerLost and kClosed. What Take() gives after kClosed is all there is, so
  // this is to be called first.
  bool TakeEvent(Event* event) { return events_.Take(event); }

  // Asks for the connection's token in TakeSendable() when there is room to send in. 0 or -errno.
  int AwaitRoom(const StreamConnection& connection);
  // Before Finish(), where AwaitRoom() has been called.
  void ForgetRoom(const StreamConnection& connection) { readiness_.Forget(connection.fd()); }
  size_t TakeSendable(ReadyToken* to, size_t most) { return readiness_.Take(to, most); }

  StreamServerStats Stats();
  BlockPool& blocks() { return blocks_; }
  bool HalfTaken() { return blocks_.taken() >= config_.memoryBytes / 2; }
  const StreamServerConfig& config() const { return config_; }

 private:
  friend class StreamConnection;

  // ConnectionHandler.
  void Serve(int fd, const sys::Address& accepted, Lead* lead) override;
  void AcceptDelayed(const char* call, int error) override;
  void ListenerLost(int error) override;
  // ReadinessListener.
  void TokensWait() override { listener_->EventsWait(); }

  void Tell(StreamConnection* connection, bool gone);
  void TellEvent(Event::Kind kind, const char* call, int error);
  void Received(uint64_t bytes) { bytesIn_.fetch_add(bytes, std::memory_order_relaxed); }
  void Sent(uint64_t bytes) { bytesOut_.fetch_add(bytes, std::memory_order_relaxed); }
  bool Register(StreamConnection* connection);
  static void* RunCloser(void* self);

  const StreamServerConfig config_;
  EventListener* const listener_;
  int fd_ = -1;  // The listening socket.

  EventQueue events_;
  BlockPool blocks_;
  AcceptLoop loop_;
  Readiness readiness_;

  Mutex registryMutex_;
  StreamConnection* connections_ = nullptr;  // Owned.
  bool aborting_ = false;

  Mutex readyMutex_;
  StreamConnection* firstReady_ = nullptr;
  StreamConnection* lastReady_ = nullptr;
  bool readyTold_ = false;

  Mutex closerMutex_;
  Condition closerWake_;
  bool closeAsked_ = false;
  bool closing_ = false;  // The closer's thread is there, and to be joined.
  pthread_t closer_;

  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> open_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> bytesIn_{0};
  std::atomic<uint64_t> bytesOut_{0};
};

}  // namespace sockkit::server
