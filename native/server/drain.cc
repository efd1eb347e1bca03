// SPDX-License-Identifier: MIT
//
// How a message server ends without losing what it has acknowledged.
//
// Closing or shutting down a listener resets the connections in its queue, and reading until EAGAIN
// never ends against a fast sender. So arrivals are stopped first, before the kernel acknowledges
// them, on the listener and on every connection that is not at its end (arrivals.h says how); what
// has been acknowledged then is finite and is read to its end and printed, finished messages first.
#include <errno.h>

#include <new>

#include "native/server/connection.h"
#include "native/server/message_server.h"
#include "native/server/wait.h"
#include "native/sys/arrivals.h"
#include "native/sys/socket.h"

namespace sockkit::server {

namespace {

// How long the drain waits for the descriptors that it needs to accept the rest.
constexpr int64_t kWantMs = 5000;
// Errors of accept in a row after which it is given up. One that belongs to a connection that is
// gone already takes that connection out of the queue.
constexpr int kMostFailures = 1000;

}  // namespace

// A connection that was still in the listener's queue.
struct MessageServer::Waiting {
  Waiting(MessageServer* server, int fd, const sys::Address& peer)
      : connection(server, fd, peer, nullptr) {}
  Connection connection;
  Waiting* next = nullptr;
};

void* MessageServer::RunSupervisor(void* self) {
  static_cast<MessageServer*>(self)->Supervise();
  return nullptr;
}

void MessageServer::Supervise() {
  for (bool closing = false; !closing;) {
    {
      Locked lock(supervisorMutex_);
      while (!closeAsked_ && !asidesWait_) supervisorWake_.Wait(supervisorMutex_);
      closing = closeAsked_;
      asidesWait_ = false;
    }
    turns_.Flush();
  }
  Drain();
  Event event;
  event.kind = Event::Kind::kClosed;
  Tell(event);
}

void MessageServer::Drain() {
  loop_.StopAccepting();
  if (config_.unixSocket) {
    sys::shutdown(listener_, SHUT_RD);
  } else if (!config_.noFilter) {
    sys::DropIncoming(listener_);
  }
  SealAll();
  AwaitPackets();

  Waiting* rest = nullptr;
  bool all = AcceptRest(&rest);
  for (Waiting* one = rest; one != nullptr; one = one->next) one->connection.Seal();
  if (rest != nullptr) AwaitPackets();

  uint32_t finished = MarkFinished();
  for (Waiting* one = rest; one != nullptr; one = one->next) {
    one->connection.finished.store(one->connection.AtEnd());
    if (one->connection.finished.load()) finished++;
  }
  turns_.BeginDrain(finished);
  draining_.store(true, std::memory_order_release);
  wake_.Signal();
  if (all) {
    sys::close(listener_);
    listener_ = -1;
  }
  ServeRest(&rest, true);
  loop_.Join();
  ServeRest(&rest, false);
  const int64_t giveUp = NowMs() + kWantMs;
  while (!all) {
    // Descriptors or memory ran out before the queue was empty. Ours are free now; those of the
    // rest of the process or system may not be.
    all = AcceptRest(&rest);
    for (Waiting* one = rest; one != nullptr; one = one->next) one->connection.Seal();
    if (rest != nullptr) AwaitPackets();
    if (rest == nullptr && !all && NowMs() >= giveUp) break;
    if (rest == nullptr && !all) Pause();
    ServeRest(&rest, false);
  }
  if (listener_ >= 0) sys::close(listener_);
  listener_ = -1;
}

// Where everything ends at once, nobody reads what arrives.
void MessageServer::AwaitPackets() {
  if (!aborting_.load(std::memory_order_acquire)) sys::AwaitPackets();
}

// Accepts what is in the listener's queue, in its order; false where that ran out of resources.
bool MessageServer::AcceptRest(Waiting** list) {
  while (*list != nullptr) list = &(*list)->next;
  for (int failures = 0; !aborting_.load(std::memory_order_acquire);) {
    sys::Address peer;
    int fd = sys::accept(listener_, &peer);
    if (fd == -EAGAIN || fd == -EINVAL || fd == -EBADF) return true;
    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM) return false;
    if (fd < 0 && ++failures > kMostFailures) return true;
    if (fd < 0) continue;
    failures = 0;
    sys::UnmapV4(&peer);
    Waiting* one = new (std::nothrow) Waiting(this, fd, peer);
    if (one == nullptr) {
      sys::close(fd);
      return false;
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    *list = one;
    list = &one->next;
  }
  return true;
}

// Serves the connections that are finished, or all of them, on this thread: what they have sent is
// all there, so none of them can keep it waiting.
void MessageServer::ServeRest(Waiting** list, bool finished) {
  while (Waiting* one = *list) {
    if (finished && !one->connection.finished.load()) {
      list = &one->next;
      continue;
    }
    one->connection.Run();
    one->connection.Close();
    if (finished) turns_.FinishedDone();
    *list = one->next;
    delete one;
  }
}

void MessageServer::SealAll() {
  Locked lock(registryMutex_);
  for (Connection* one = connections_; one != nullptr; one = one->next) one->Seal();
}

// Finds the connections whose end has arrived, now that no end can arrive any more.
uint32_t MessageServer::MarkFinished() {
  Locked lock(registryMutex_);
  uint32_t count = 0;
  for (Connection* one = connections_; one != nullptr; one = one->next) {
    if (!one->AtEnd()) continue;
    one->finished.store(true);
    one->counted = true;
    count++;
  }
  return count;
}

// Comes before the thread gives up the lead, and so before the drain can go through the registry.
void MessageServer::Register(Connection* connection) {
  Locked lock(registryMutex_);
  connection->next = connections_;
  if (connections_ != nullptr) connections_->previous = connection;
  connections_ = connection;
}

void MessageServer::Unregister(Connection* connection) {
  {
    Locked lock(registryMutex_);
    Connection* before = connection->previous;
    (before != nullptr ? before->next : connections_) = connection->next;
    if (connection->next != nullptr) connection->next->previous = before;
  }
  if (connection->counted) turns_.FinishedDone();
}

}  // namespace sockkit::server
