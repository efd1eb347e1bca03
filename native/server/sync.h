// SPDX-License-Identifier: MIT
//
// pthread primitives as small objects. Monotonic time throughout: a clock that is set does not
// lengthen or shorten a wait.
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <time.h>

namespace sockkit::server {

inline int64_t NowUs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

inline int64_t NowMs() {
  return NowUs() / 1000;
}

// The time left until `deadlineUs` as poll(2) takes it: rounded up, so that a wait which ran out
// has reached its deadline.
inline int PollMs(int64_t deadlineUs) {
  int64_t left = deadlineUs - NowUs();
  if (left <= 0) return 0;
  left = (left + 999) / 1000;
  return left > 1000000000 ? 1000000000 : static_cast<int>(left);
}

class Mutex {
 public:
  Mutex() { pthread_mutex_init(&mutex_, nullptr); }
  ~Mutex() { pthread_mutex_destroy(&mutex_); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() { pthread_mutex_lock(&mutex_); }
  void Unlock() { pthread_mutex_unlock(&mutex_); }
  pthread_mutex_t* native() { return &mutex_; }

 private:
  pthread_mutex_t mutex_;
};

class Locked {
 public:
  explicit Locked(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~Locked() { mutex_.Unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  Condition() {
#ifdef __APPLE__
    pthread_cond_init(&condition_, nullptr);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
  }
  ~Condition() {
    pthread_cond_destroy(&condition_);
  }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void Signal() {
    pthread_cond_signal(&condition_);
  }
  void Broadcast() {
    pthread_cond_broadcast(&condition_);
  }

  // The mutex is held by the caller. Wakes may be spurious, so every wait is in a loop.
  void Wait(Mutex& mutex) {
    pthread_cond_wait(&condition_, mutex.native());
  }

  // Returns at NowMs() == `deadline` at the latest.
  void WaitUntil(Mutex& mutex, int64_t deadline) {
#ifdef __APPLE__
    int64_t left = deadline - NowMs();
    if (left <= 0) return;
    timespec relative = {static_cast<time_t>(left / 1000),
                         static_cast<long>(left % 1000) * 1000000};
    pthread_cond_timedwait_relative_np(&condition_, mutex.native(), &relative);
#else
    timespec until = {static_cast<time_t>(deadline / 1000),
                      static_cast<long>(deadline % 1000) * 1000000};
    pthread_cond_timedwait(&condition_, mutex.native(), &until);
#endif
  }

 private:
  pthread_cond_t condition_;
};

}  // namespace sockkit::server
