// SPDX-License-Identifier: MIT
#include "native/server/readiness.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "native/server/thread.h"
#include "native/server/wait.h"
#include "native/sys/result.h"
#include "native/sys/socket.h"
#ifdef __linux__
#include <sys/epoll.h>
#endif

namespace sockkit::server {

namespace {

constexpr int kUnasked = POLLERR | POLLHUP | POLLNVAL;

#ifdef __linux__
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI);
static_assert(EPOLLERR == POLLERR && EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP);

// No descriptor has this number, so no interest has this key.
constexpr uint64_t kWakeKey = UINT64_MAX;

uint64_t Key(int fd, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(fd);
}

int Control(int epoll, int operation, int fd, uint32_t events, uint64_t key) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = key;
  return sys::Result(::epoll_ctl(epoll, operation, fd, &event));
}
#endif

}  // namespace

int Readiness::Start(Kind kind) {
  kind_ = kind;
  int error = wake_.Open();
#ifdef __linux__
  if (error == 0 && kind == Kind::kEpoll) {
    epoll_ = sys::Result(::epoll_create1(EPOLL_CLOEXEC));
    error = epoll_ < 0 ? epoll_ : Control(epoll_, EPOLL_CTL_ADD, wake_.fd(), EPOLLIN, kWakeKey);
  }
#endif
  if (error == 0) error = StartThread(&thread_, Run, this);
  started_ = error == 0;
  if (error != 0) Stop();
  return error;
}

void Readiness::Stop() {
  if (started_) {
    {
      Locked locked(mutex_);
      stopping_ = true;
    }
    wake_.Signal();
    pthread_join(thread_, nullptr);
    started_ = false;
  }
  if (epoll_ >= 0) sys::close(epoll_);
  epoll_ = -1;
  wake_.Close();
}

int Readiness::Add(int fd, int events, uint64_t token) {
  bool announce = false;
  {
    Locked locked(mutex_);
    Watched& watched = watched_[fd];
    if (watched.generation == 0) watched.generation = ++lastGeneration_;
    watched.interests.push_back({token, events});
    int error = Arm(fd, &watched);
    if (error == -EPERM) {
      // A file: whatever is done with it, it never waits.
      watched_.erase(fd);
      ready_.push_back({token, events});
      announce = Announce();
    } else if (error != 0) {
      watched.interests.pop_back();
      if (watched.interests.empty()) watched_.erase(fd);
      return error;
    }
  }
  if (announce) listener_->TokensWait();
  return 0;
}

void Readiness::Cancel(int fd, uint64_t token) {
  Locked locked(mutex_);
  auto found = watched_.find(fd);
  if (found == watched_.end()) return;
  std::vector<Interest>& interests = found->second.interests;
  for (size_t i = 0; i < interests.size(); i++) {
    if (interests[i].token == token) {
      interests.erase(interests.begin() + static_cast<ptrdiff_t>(i));
      return;
    }
  }
}

void Readiness::Forget(int fd) {
  Locked locked(mutex_);
  auto found = watched_.find(fd);
  if (found == watched_.end()) return;
#ifdef __linux__
  if (found->second.registered) Control(epoll_, EPOLL_CTL_DEL, fd, 0, 0);
#endif
  watched_.erase(found);
  if (kind_ == Kind::kEpoll || !started_) return;
  // poll(2) may have the number in its hands. It is called back, and this takes no longer than
  // that.
  for (uint64_t round = round_; polling_ && round == round_;) {
    wake_.Signal();
    left_.Wait(mutex_);
  }
}

size_t Readiness::Take(ReadyToken* to, size_t most) {
  Locked locked(mutex_);
  size_t count = ready_.size() < most ? ready_.size() : most;
  for (size_t i = 0; i < count; i++) to[i] = ready_[i];
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<ptrdiff_t>(count));
  if (ready_.empty()) told_ = false;
  return count;
}

// With the mutex held, as all that follow but the threads' own functions.
int Readiness::Arm(int fd, Watched* watched) {
  int events = 0;
  for (const Interest& interest : watched->interests) events |= interest.events;
#ifdef __linux__
  if (kind_ == Kind::kEpoll) {
    const uint32_t wanted = static_cast<uint32_t>(events) | EPOLLONESHOT;
    const uint64_t key = Key(fd, watched->generation);
    int error = -ENOENT;
    if (watched->registered) error = Control(epoll_, EPOLL_CTL_MOD, fd, wanted, key);
    // ENOENT: it was closed behind our back, and the number is another descriptor's.
    if (error == -ENOENT) error = Control(epoll_, EPOLL_CTL_ADD, fd, wanted, key);
    if (error == -EEXIST) error = Control(epoll_, EPOLL_CTL_MOD, fd, wanted, key);
    watched->registered = error == 0;
    return error;
  }
#endif
  (void)fd;
  wake_.Signal();
  return 0;
}

// True where the listener is to be told, after the mutex is released.
bool Readiness::Announce() {
  if (told_ || ready_.empty()) return false;
  return told_ = true;
}

bool Readiness::Tell(int fd, uint32_t generation, int revents) {
  auto found = watched_.find(fd);
  if (found == watched_.end() || found->second.generation != generation) return false;
  std::vector<Interest>& interests = found->second.interests;
  size_t kept = 0;
  for (const Interest& interest : interests) {
    if ((revents & (interest.events | kUnasked)) != 0) {
      ready_.push_back({interest.token, revents});
    } else {
      interests[kept++] = interest;
    }
  }
  interests.resize(kept);
  if (kept > 0 && kind_ == Kind::kEpoll && Arm(fd, &found->second) != 0) {
    // They would wait for ever. Whoever is told too early asks again, and hears of the error.
    for (const Interest& interest : interests) ready_.push_back({interest.token, interest.events});
    interests.clear();
  }
  return true;
}

void* Readiness::Run(void* self) {
  auto* that = static_cast<Readiness*>(self);
  if (that->kind_ == Kind::kEpoll) {
    that->RunEpoll();
  } else {
    that->RunPoll();
  }
  return nullptr;
}

void Readiness::RunEpoll() {
#ifdef __linux__
  epoll_event events[64];
  for (;;) {
    int count = sys::Result(::epoll_wait(epoll_, events, 64, -1));
    if (count < 0 && count != -EINTR) Pause();
    bool announce;
    {
      Locked locked(mutex_);
      if (stopping_) return;
      for (int i = 0; i < count; i++) {
        const uint64_t key = events[i].data.u64;
        if (key == kWakeKey) continue;
        Tell(static_cast<int>(key & UINT32_MAX), static_cast<uint32_t>(key >> 32),
             static_cast<int>(events[i].events));
      }
      announce = Announce();
    }
    if (announce) listener_->TokensWait();
  }
#endif
}

void Readiness::RunPoll() {
  std::vector<pollfd> list;
  std::vector<uint32_t> generations;
  for (;;) {
    {
      Locked locked(mutex_);
      if (stopping_) return;
      list.assign(1, {wake_.fd(), POLLIN, 0});
      generations.assign(1, 0);
      for (const auto& [fd, watched] : watched_) {
        int events = 0;
        for (const Interest& interest : watched.interests) events |= interest.events;
        // Without an interest, an error or a hang-up would be told for ever.
        if (watched.interests.empty()) continue;
        list.push_back({fd, static_cast<short>(events), 0});
        generations.push_back(watched.generation);
      }
      polling_ = true;
    }
    int count = WaitOrPause(list.data(), static_cast<nfds_t>(list.size()), -1);
    bool announce;
    {
      Locked locked(mutex_);
      polling_ = false;
      round_++;
      left_.Broadcast();
      if (count > 0 && list[0].revents != 0) wake_.Clear();
      for (size_t i = 1; count > 0 && i < list.size(); i++) {
        if (list[i].revents != 0) Tell(list[i].fd, generations[i], list[i].revents);
      }
      announce = Announce();
    }
    if (announce) listener_->TokensWait();
  }
}

}  // namespace sockkit::server
