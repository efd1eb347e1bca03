// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <stdint.h>

#include <atomic>

#include "native/server/sync.h"
#include "native/sys/address.h"
#include "native/sys/wake.h"

namespace sockkit::server {

class AcceptLoop;

// The lead of an accept loop, as the thread that serves a connection has it at first. It goes on
// having it as long as it does not wait for anything, so that a short message which is there
// already costs no switch to another thread.
class Lead {
 public:
  explicit Lead(AcceptLoop* loop) : loop_(loop) {}
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

  // To be called before the first wait, and before work that can last: another thread accepts from
  // now on. May be called often.
  void StepDown();
  bool held() const { return held_; }

 private:
  AcceptLoop* const loop_;
  bool held_ = true;
};

// What an accept loop asks of its owner. All of it is called on the loop's threads.
class ConnectionHandler {
 public:
  // Serves one connection to its end on the calling thread. Owns `fd` and closes it.
  virtual void Serve(int fd, const sys::Address& peer, Lead* lead) = 0;
  // accept() or pthread_create() failed for want of resources: told once for each outage, which
  // ends with the next connection. The loop goes on trying.
  virtual void AcceptDelayed(const char* call, int error) = 0;
  // The listener cannot be accepted from any more; no further connection comes.
  virtual void ListenerLost(int error) = 0;

 protected:
  ~ConnectionHandler() = default;
};

// Leader and followers: one thread, the leader, waits for a connection; before it accepts one it
// makes sure that a successor is waiting, so that creating a thread is never on the path of a
// connection; it then serves the connection itself, gives up the lead before it would wait for
// anything, and at the end joins the followers. Every connection has a thread of its own from
// accept to close and no descriptor goes from thread to thread.
class AcceptLoop {
 public:
  AcceptLoop() = default;
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  // `listener` is borrowed and must be non-blocking. At most `maxConnections` are open at once;
  // beyond that, connections wait in the kernel's queue. 0 or -errno.
  int Start(int listener, uint32_t maxConnections, ConnectionHandler* handler);

  // Returns when no thread of the loop will accept again. Connections go on being served.
  void StopAccepting();

  // After StopAccepting(): returns when every connection has been served and every thread is gone.
  void Join();

  // After Join().
  void Close() { stop_.Close(); }

  uint32_t threads();

 private:
  friend class Lead;

  static void* Run(void* self);
  void RunThread();
  bool Follow();
  void RunLeader();
  void StepDown();
  int Accept(sys::Address* peer);
  int EnsureSuccessor();
  bool HasSuccessor();
  int AddThread();
  bool AwaitRoom();
  int AwaitConnection();
  void BackOff(const char* call, int error, bool tell = true);
  void Leave();

  int listener_ = -1;
  uint32_t maxConnections_ = 0;
  ConnectionHandler* handler_ = nullptr;
  sys::Wake stop_;  // Readable from StopAccepting() on.

  Mutex mutex_;  // Guards everything below, except what only the leader touches.
  Condition followers_;
  Condition room_;
  Condition changed_;  // A leader stepped down, or a thread left.
  bool stopping_ = false;
  bool leading_ = false;
  uint32_t threads_ = 0;
  uint32_t idle_ = 0;
  uint32_t starting_ = 0;  // Created, and not among the followers yet.
  bool hasExited_ = false;
  pthread_t exited_;  // The thread that left last and is not joined yet, where hasExited_.

  std::atomic<uint32_t> open_{0};

  // Only the leader touches these.
  int delayMs_ = 0;
  bool outageTold_ = false;
};

}  // namespace sockkit::server
