// SPDX-License-Identifier: MIT
#include "native/server/accept_loop.h"

#include <errno.h>
#include <poll.h>

#include "native/server/thread.h"
#include "native/server/wait.h"
#include "native/sys/socket.h"

namespace sockkit::server {

namespace {

constexpr uint32_t kIdleKept = 4;
constexpr int kIdleMs = 1000;
constexpr int kFirstDelayMs = 10;
constexpr int kLongestDelayMs = 1000;
// An error that belongs to one connection takes that connection out of the queue. One that comes so
// often in a row does not; it is told where it has lasted for some seconds.
constexpr int kMostFailures = 16;

bool OutOfResources(int error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

// Errors after which no accept on this descriptor can succeed. All others belong to one connection
// that is already gone (accept(2) lists the network errors that it passes on) or pass by
// themselves.
bool Fatal(int error) {
  return error == -EBADF || error == -EINVAL || error == -ENOTSOCK || error == -EFAULT ||
         error == -EOPNOTSUPP;
}

}  // namespace

int AcceptLoop::Start(int listener, uint32_t maxConnections, ConnectionHandler* handler) {
  listener_ = listener;
  maxConnections_ = maxConnections;
  handler_ = handler;
  int error = stop_.Open();
  if (error != 0) return error;
  Locked lock(mutex_);
  return AddThread();
}

void AcceptLoop::StopAccepting() {
  Locked lock(mutex_);
  stopping_ = true;
  stop_.Signal();
  followers_.Broadcast();
  room_.Broadcast();
  while (leading_) changed_.Wait(mutex_);
}

void AcceptLoop::Join() {
  pthread_t last;
  bool has = false;
  {
    Locked lock(mutex_);
    while (threads_ > 0) changed_.Wait(mutex_);
    has = hasExited_;
    last = exited_;
    hasExited_ = false;
  }
  if (has) pthread_join(last, nullptr);
}

uint32_t AcceptLoop::threads() {
  Locked lock(mutex_);
  return threads_;
}

// The mutex is held.
int AcceptLoop::AddThread() {
  pthread_t thread;
  int error = StartThread(&thread, Run, this);
  if (error != 0) return error;
  threads_++;
  starting_++;
  return 0;
}

void* AcceptLoop::Run(void* self) {
  static_cast<AcceptLoop*>(self)->RunThread();
  return nullptr;
}

void AcceptLoop::RunThread() {
  mutex_.Lock();
  starting_--;
  while (Follow()) {
    leading_ = true;
    mutex_.Unlock();
    RunLeader();
    mutex_.Lock();
  }
  Leave();
}

// Accepts and serves until it has given up the lead and served the connection that it did so for.
void AcceptLoop::RunLeader() {
  Lead lead(this);
  while (lead.held()) {
    sys::Address peer;
    int fd = Accept(&peer);
    if (fd < 0) {
      Locked lock(mutex_);
      leading_ = false;
      stopping_ = true;
      followers_.Broadcast();
      changed_.Broadcast();
      return;
    }
    open_.fetch_add(1);
    handler_->Serve(fd, peer, &lead);
    if (open_.fetch_sub(1) == maxConnections_) {
      Locked lock(mutex_);
      room_.Signal();
    }
  }
}

void Lead::StepDown() {
  if (!held_) return;
  held_ = false;
  loop_->StepDown();
}

void AcceptLoop::StepDown() {
  Locked lock(mutex_);
  leading_ = false;
  if (stopping_) {
    changed_.Broadcast();
  } else {
    followers_.Signal();
  }
}

// Waits until this thread is to lead; false where it is to end. The mutex is held. A thread that
// has just served a connection leads at once when nobody does, without a switch to another thread.
bool AcceptLoop::Follow() {
  if (stopping_) return false;
  if (!leading_) return true;
  idle_++;
  int64_t deadline = NowMs() + kIdleMs;
  while (leading_ && !stopping_) {
    if (idle_ <= kIdleKept) {
      followers_.Wait(mutex_);
    } else {
      followers_.WaitUntil(mutex_, deadline);
      if (leading_ && idle_ > kIdleKept && NowMs() >= deadline) break;
    }
  }
  idle_--;
  return !leading_ && !stopping_;
}

// Threads are joined, not detached: a detached thread may still be returning through the addon's
// code when a worker's environment unloads it. Each thread joins the one that left before it, and
// Join() the last. The mutex is held on entry and released.
void AcceptLoop::Leave() {
  pthread_t before = exited_;
  bool joins = hasExited_;
  exited_ = pthread_self();
  hasExited_ = true;
  mutex_.Unlock();
  if (joins) pthread_join(before, nullptr);
  mutex_.Lock();
  threads_--;
  changed_.Broadcast();
  mutex_.Unlock();
}

// A connection, or -1 where the loop stops.
int AcceptLoop::Accept(sys::Address* peer) {
  // With a successor at hand, a connection that is in the queue already needs no poll.
  bool look = HasSuccessor();
  for (int failures = 0;;) {
    if (!AwaitRoom()) return -1;
    if (!look) {
      int ready = AwaitConnection();
      if (ready < 0) return -1;
      if (ready == 0) continue;
      int error = EnsureSuccessor();
      if (error != 0) {
        BackOff("pthread_create", error);
        continue;
      }
    }
    look = false;
    int fd = sys::accept(listener_, peer);
    if (fd >= 0) {
      delayMs_ = 0;
      outageTold_ = false;
      return fd;
    }
    if (OutOfResources(fd)) {
      BackOff("accept", fd);
    } else if (Fatal(fd)) {
      handler_->ListenerLost(fd);
      return -1;
    } else if (fd != -EAGAIN && fd != -EINTR && ++failures > kMostFailures) {
      BackOff("accept", fd, delayMs_ == kLongestDelayMs);
    }
  }
}

// Waits while the most connections that are allowed are open; false where the loop stops.
bool AcceptLoop::AwaitRoom() {
  Locked lock(mutex_);
  while (open_.load() >= maxConnections_ && !stopping_) room_.Wait(mutex_);
  return !stopping_;
}

// 1 when a connection may be waiting, 0 to look again, -1 when the loop stops.
int AcceptLoop::AwaitConnection() {
  pollfd fds[2] = {{listener_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
  int count = PollOrPause(fds, 2, -1);
  if (count < 0) return count == -EINTR ? 0 : 1;
  if (fds[1].revents != 0) return -1;
  if ((fds[0].revents & POLLNVAL) != 0) {
    handler_->ListenerLost(-EBADF);
    return -1;
  }
  return fds[0].revents != 0 ? 1 : 0;
}

// Followers that may still leave for want of work are only those beyond kIdleKept, so one that
// waits now goes on waiting for as long as this thread leads.
bool AcceptLoop::HasSuccessor() {
  Locked lock(mutex_);
  return idle_ + starting_ > 0;
}

int AcceptLoop::EnsureSuccessor() {
  Locked lock(mutex_);
  return idle_ + starting_ > 0 ? 0 : AddThread();
}

// The connection stays in the queue and the listener stays readable, so without a pause this would
// spin.
void AcceptLoop::BackOff(const char* call, int error, bool tell) {
  if (tell && !outageTold_) handler_->AcceptDelayed(call, error);
  outageTold_ = outageTold_ || tell;
  delayMs_ = delayMs_ == 0 ? kFirstDelayMs : delayMs_ * 2;
  if (delayMs_ > kLongestDelayMs) delayMs_ = kLongestDelayMs;
  pollfd stop = {stop_.fd(), POLLIN, 0};
  WaitOrPause(&stop, 1, delayMs_);
}

}  // namespace sockkit::server
