// SPDX-License-Identifier: MIT
#include "native/server/stream_server.h"

#include <errno.h>
#include <poll.h>

#include <new>

#include "native/server/thread.h"
#include "native/sys/socket.h"

namespace sockkit::server {

StreamServer::StreamServer(const StreamServerConfig& config, EventListener* listener)
    : config_(config),
      listener_(listener),
      events_(listener),
      blocks_(config.memoryBytes, BlockPool::Keeps::kAsMuchAsIsUsed),
      readiness_(this) {}

StreamServer::~StreamServer() {
  Abort();
}

int StreamServer::Start(int listener) {
  fd_ = listener;
  int error = sys::setNonblocking(listener, true);
  if (error == 0) error = readiness_.Start(Readiness::kDefault);
  if (error == 0) {
    Locked lock(closerMutex_);
    error = StartThread(&closer_, RunCloser, this);
    closing_ = error == 0;
  }
  // One more, which is accepted to be refused.
  const uint32_t most = config_.maxConnections + (config_.refuse ? 1 : 0);
  if (error == 0) error = loop_.Start(listener, most, this);
  if (error != 0) Abort();
  return error;
}

void StreamServer::Close() {
  if (fd_ < 0) return;
  loop_.StopAccepting();
  sys::close(fd_);
  fd_ = -1;
  Locked lock(closerMutex_);
  closeAsked_ = true;
  closerWake_.Signal();
}

void* StreamServer::RunCloser(void* self) {
  auto* that = static_cast<StreamServer*>(self);
  {
    Locked lock(that->closerMutex_);
    while (!that->closeAsked_) that->closerWake_.Wait(that->closerMutex_);
  }
  that->loop_.Join();
  that->TellEvent(Event::Kind::kClosed, "", 0);
  return nullptr;
}

void StreamServer::Abort() {
  readiness_.Stop();  // While the descriptors that it waits for are open.
  {
    Locked lock(registryMutex_);
    aborting_ = true;
    for (StreamConnection* one = connections_; one != nullptr; one = one->next) {
      one->Finish(StreamConnection::Ending::kNow);
    }
  }
  Close();
  bool joins = false;
  {
    Locked lock(closerMutex_);
    joins = closing_;
    closing_ = false;
  }
  if (joins) pthread_join(closer_, nullptr);
  loop_.Close();
  while (connections_ != nullptr) Free(connections_);
  firstReady_ = lastReady_ = nullptr;
}

void StreamServer::Serve(int fd, const sys::Address& accepted, Lead* lead) {
  if (open_.fetch_add(1) >= config_.maxConnections) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    sys::close(fd);
    open_.fetch_sub(1);
    return;
  }
  lead->StepDown();
  sys::Address peer = accepted;
  sys::UnmapV4(&peer);
  auto* connection = new (std::nothrow) StreamConnection(this, fd, peer);
  if (connection == nullptr) {
    TellEvent(Event::Kind::kAcceptDelayed, "accept", -ENOMEM);
    sys::close(fd);
  } else {
    accepted_.fetch_add(1, std::memory_order_relaxed);
    if (!Register(connection)) connection->Finish(StreamConnection::Ending::kNow);
    Tell(connection, false);
    connection->Run();
  }
  open_.fetch_sub(1);
}

void StreamServer::AcceptDelayed(const char* call, int error) {
  TellEvent(Event::Kind::kAcceptDelayed, call, error);
}

void StreamServer::ListenerLost(int error) {
  TellEvent(Event::Kind::kListenerLost, "accept", error);
}

void StreamServer::TellEvent(Event::Kind kind, const char* call, int error) {
  Event event;
  event.kind = kind;
  event.call = call;
  event.error = error;
  events_.Add(event);
}

// False where everything is being ended.
bool StreamServer::Register(StreamConnection* connection) {
  Locked lock(registryMutex_);
  connection->next = connections_;
  if (connections_ != nullptr) connections_->previous = connection;
  connections_ = connection;
  return !aborting_;
}

void StreamServer::Free(StreamConnection* connection) {
  {
    Locked lock(registryMutex_);
    StreamConnection* const before = connection->previous;
    StreamConnection* const after = connection->next;
    (before != nullptr ? before->next : connections_) = after;
    if (after != nullptr) after->previous = before;
  }
  delete connection;
}

// Once it is told that the connection is gone, the owner may free it: nothing here touches it after
// the mutex is released.
void StreamServer::Tell(StreamConnection* connection, bool gone) {
  bool wake = false;
  {
    Locked lock(readyMutex_);
    connection->gone = gone;
    if (!connection->told) {
      connection->told = true;
      connection->nextReady = nullptr;
      (lastReady_ != nullptr ? lastReady_->nextReady : firstReady_) = connection;
      lastReady_ = connection;
    }
    wake = !readyTold_;
    readyTold_ = true;
  }
  if (wake) listener_->EventsWait();
}

size_t StreamServer::Take(News* to, size_t most) {
  size_t count = 0;
  bool again = false;
  {
    Locked lock(readyMutex_);
    for (; count < most && firstReady_ != nullptr; count++) {
      StreamConnection* connection = firstReady_;
      firstReady_ = connection->nextReady;
      connection->told = false;
      to[count] = {connection, connection->gone};
    }
    if (firstReady_ == nullptr) lastReady_ = nullptr;
    readyTold_ = again = firstReady_ != nullptr;
  }
  if (again) listener_->EventsWait();
  return count;
}

int StreamServer::AwaitRoom(const StreamConnection& connection) {
  return readiness_.Add(connection.fd(), POLLOUT, connection.token);
}

StreamServerStats StreamServer::Stats() {
  StreamServerStats stats = {};
  stats.connections = accepted_.load(std::memory_order_relaxed);
  stats.open = open_.load(std::memory_order_relaxed);
  stats.refused = refused_.load(std::memory_order_relaxed);
  stats.threads = loop_.threads();
  stats.bytesIn = bytesIn_.load(std::memory_order_relaxed);
  stats.bytesOut = bytesOut_.load(std::memory_order_relaxed);
  stats.memoryBytes = blocks_.taken();
  return stats;
}

}  // namespace sockkit::server
