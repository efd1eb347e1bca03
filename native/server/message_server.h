// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <stdint.h>

#include <atomic>

#include "native/server/accept_loop.h"
#include "native/server/blocks.h"
#include "native/server/events.h"
#include "native/server/output.h"
#include "native/server/spool.h"
#include "native/server/sync.h"
#include "native/server/turns.h"
#include "native/sys/trace_output.h"
#include "native/sys/wake.h"

namespace sockkit::server {

class Connection;

struct MessageServerConfig {
  bool live = false;        // Chunks as they come, not whole messages.
  bool escape = false;      // With live: what a terminal could obey is shown as \xNN.
  bool unixSocket = false;  // The listener's family; there is no socket filter for these.
  bool noFilter = false;    // For tests: as on a system without socket filters.
  uint64_t holdBytes = 1024 * 1024;
  uint64_t memoryBytes = 64 * 1024 * 1024;
  uint64_t spoolBytes = 4096ull * 1024 * 1024;
  const char* spoolDirectory = "/var/tmp";  // Copied by the server.
  int64_t stallMs = 5000;                   // 0: for ever.
  int64_t idleTimeoutMs = 0;                // 0: off.
  uint32_t maxConnections = 1024;
};

struct MessageServerStats {
  uint64_t connections, open, threads, messages, bytesIn, bytesOut, bytesLost, messagesLost;
  uint64_t memoryBytes, spoolBytes, splits, cuts, eventsDropped;
};

// Prints what each connection sends to one output, message by message. Threads: those of the accept
// loop, one per connection, and a supervisor, which writes asides while nobody prints, and runs the
// drain (drain.cc).
class MessageServer final : private ConnectionHandler, private sys::trace::Sink {
 public:
  MessageServer(const MessageServerConfig& config, EventListener* listener);
  ~MessageServer();
  MessageServer(const MessageServer&) = delete;
  MessageServer& operator=(const MessageServer&) = delete;

  // `listener` is a listening socket that the server owns from now on, also when this fails;
  // `output` is borrowed until Join() or Abort(). 0 or -errno.
  int Start(int listener, int output);

  // Begins the drain; its end is the event kClosed. May be called often.
  void Close();

  // Ends everything at once and prints nothing more; returns when every thread is gone. The end of
  // an environment, where nobody would wait for a drain. May be called after Close().
  void Abort();

  // After the event kClosed, and not while an Aside() may come: joins the supervisor. Abort() does
  // so too.
  void Join();

  bool Take(Event* event) { return events_.Take(event); }
  // Prints a text of the program's own when no message is in the middle of being printed. Never
  // waits.
  void Aside(const char* text, size_t length);
  MessageServerStats Stats();

  // Whether messages that ended as they should are told too.
  void TellAll(bool on) { tellAll_.store(on, std::memory_order_relaxed); }

 private:
  friend class Connection;

  // ConnectionHandler.
  void Serve(int fd, const sys::Address& accepted, Lead* lead) override;
  void AcceptDelayed(const char* call, int error) override;
  void ListenerLost(int error) override;

  // Lines of a trace, where they would get into the messages otherwise.
  void TraceLine(const char* text, size_t length) override { Aside(text, length); }

  void Register(Connection* connection);
  void Unregister(Connection* connection);
  void OutputFailed();
  void SpoolFailed(int error);
  void Tell(const Event& event) { events_.Add(event); }

  // The drain, in drain.cc.
  struct Waiting;
  static void* RunSupervisor(void* self);
  void Supervise();
  void Drain();
  bool AcceptRest(Waiting** list);
  void ServeRest(Waiting** list, bool finished);
  void SealAll();
  void AwaitPackets();
  uint32_t MarkFinished();

  MessageServerConfig config_;
  char* spoolDirectory_ = nullptr;  // Ours; config_ and spoolRoom_ point to it.
  int listener_ = -1;

  EventQueue events_;
  Output output_;
  Turns turns_;
  BlockPool blocks_;
  SpoolRoom spoolRoom_;
  AcceptLoop loop_;
  // Readable from the moment on at which connections are to read what there is and end.
  sys::Wake wake_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> aborting_{false};
  std::atomic<bool> tellAll_{false};
  std::atomic<bool> outputFailureTold_{false};
  std::atomic<bool> spoolFailureTold_{false};

  Mutex registryMutex_;
  Connection* connections_ = nullptr;

  Mutex supervisorMutex_;
  Condition supervisorWake_;
  bool closeAsked_ = false;
  bool asidesWait_ = false;
  bool supervising_ = false;
  pthread_t supervisor_;

  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> open_{0};
  std::atomic<uint64_t> messages_{0};
  std::atomic<uint64_t> bytesIn_{0};
  std::atomic<uint64_t> bytesOut_{0};
  std::atomic<uint64_t> bytesLost_{0};
  std::atomic<uint64_t> messagesLost_{0};
  std::atomic<uint64_t> splits_{0};
  std::atomic<uint64_t> cuts_{0};
};

}  // namespace sockkit::server
