// SPDX-License-Identifier: MIT
#include "native/server/message_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "native/server/connection.h"
#include "native/server/thread.h"
#include "native/sys/socket.h"
#include "native/sys/trace.h"

namespace sockkit::server {

MessageServer::MessageServer(const MessageServerConfig& config, EventListener* listener)
    : config_(config), events_(listener), turns_(&output_), blocks_(config.memoryBytes) {
  spoolDirectory_ = strdup(config.spoolDirectory);
  config_.spoolDirectory = spoolDirectory_;
  spoolRoom_.directory = spoolDirectory_;
  spoolRoom_.cap = config.spoolBytes;
}

MessageServer::~MessageServer() {
  Abort();
  free(spoolDirectory_);
}

int MessageServer::Start(int listener, int output) {
  listener_ = listener;
  // Connections inherit this: urgent bytes are bytes of the message, which recv() would leave out
  // and FIONREAD not see beyond.
  const int on = 1;
  sys::setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
  int error = spoolDirectory_ == nullptr ? -ENOMEM : 0;
  if (error == 0) error = sys::setNonblocking(listener, true);
  if (error == 0) error = output_.Open(output);
  if (error == 0) error = turns_.Open();
  if (error == 0) error = wake_.Open();
  if (error == 0) {
    Locked lock(supervisorMutex_);
    error = StartThread(&supervisor_, RunSupervisor, this);
    supervising_ = error == 0;
  }
  if (supervising_ && sys::trace::On() && sys::trace::LeadsToStderr(output)) {
    sys::trace::AddSink(this);
  }
  if (error == 0) error = loop_.Start(listener, config_.maxConnections, this);
  if (error != 0) Abort();
  return error;
}

void MessageServer::Close() {
  Locked lock(supervisorMutex_);
  // From here on and not from the drain on: the supervisor may be writing an aside.
  if (!closeAsked_) output_.BeginDrain(config_.stallMs);
  closeAsked_ = true;
  supervisorWake_.Signal();
}

void MessageServer::Aside(const char* text, size_t length) {
  if (!turns_.Aside(text, length)) return;
  Locked lock(supervisorMutex_);
  asidesWait_ = true;
  supervisorWake_.Signal();
}

void MessageServer::Abort() {
  aborting_.store(true, std::memory_order_release);
  output_.Abort();
  wake_.Signal();
  Close();
  Join();
  if (listener_ >= 0) sys::close(listener_);
  listener_ = -1;
}

void MessageServer::Join() {
  {
    Locked lock(supervisorMutex_);
    if (!supervising_) return;
    supervising_ = false;
  }
  pthread_join(supervisor_, nullptr);
  sys::trace::RemoveSink(this);
  // What came since the supervisor's last look. A reader who has stopped is given up on by now.
  turns_.Flush();
  // Whoever keeps the object for its counters keeps no descriptor with it.
  output_.Close();
  turns_.Close();
  wake_.Close();
  loop_.Close();
}

void MessageServer::Serve(int fd, const sys::Address& accepted, Lead* lead) {
  sys::Address peer = accepted;
  sys::UnmapV4(&peer);
  Connection connection(this, fd, peer, lead);
  accepted_.fetch_add(1, std::memory_order_relaxed);
  open_.fetch_add(1, std::memory_order_relaxed);
  Register(&connection);
  connection.Run();
  Unregister(&connection);
  connection.Close();
  open_.fetch_sub(1, std::memory_order_relaxed);
}

void MessageServer::AcceptDelayed(const char* call, int error) {
  Event event;
  event.kind = Event::Kind::kAcceptDelayed;
  event.call = call;
  event.error = error;
  Tell(event);
}

void MessageServer::ListenerLost(int error) {
  Event event;
  event.kind = Event::Kind::kListenerLost;
  event.call = "accept";
  event.error = error;
  Tell(event);
  Close();
}

void MessageServer::OutputFailed() {
  if (aborting_.load() || outputFailureTold_.exchange(true)) return;
  Event event;
  event.kind = Event::Kind::kOutputFailed;
  event.call = "write";
  event.error = output_.failure();
  Tell(event);
  Close();
}

void MessageServer::SpoolFailed(int error) {
  if (spoolFailureTold_.exchange(true)) return;
  Event event;
  event.kind = Event::Kind::kSpoolFailed;
  event.error = error;
  Tell(event);
}

MessageServerStats MessageServer::Stats() {
  MessageServerStats stats = {};
  stats.connections = accepted_.load(std::memory_order_relaxed);
  stats.open = open_.load(std::memory_order_relaxed);
  stats.threads = loop_.threads();
  stats.messages = messages_.load(std::memory_order_relaxed);
  stats.bytesIn = bytesIn_.load(std::memory_order_relaxed);
  stats.bytesOut = bytesOut_.load(std::memory_order_relaxed);
  stats.bytesLost = bytesLost_.load(std::memory_order_relaxed);
  stats.messagesLost = messagesLost_.load(std::memory_order_relaxed);
  stats.memoryBytes = blocks_.taken();
  stats.spoolBytes = spoolRoom_.used.load(std::memory_order_relaxed);
  stats.splits = splits_.load(std::memory_order_relaxed);
  stats.cuts = cuts_.load(std::memory_order_relaxed);
  stats.eventsDropped = events_.dropped();
  return stats;
}

}  // namespace sockkit::server
