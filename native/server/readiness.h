// SPDX-License-Identifier: MIT
//
// Waits for descriptors on a thread of its own and tells whoever asked, once for each question.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <unordered_map>
#include <vector>

#include "native/server/sync.h"
#include "native/sys/wake.h"

namespace sockkit::server {

class ReadinessListener {
 public:
  // Tokens wait to be taken. Once for all that wait, on the thread or within Add().
  virtual void TokensWait() = 0;

 protected:
  ~ReadinessListener() = default;
};

struct ReadyToken {
  uint64_t token;
  int revents;
};

// An interest is a descriptor, poll(2) events and a token, and it ends when it is ready: what is
// told is the token, and never a number that could by then be another descriptor's. The thread
// reads and writes nothing; it knows descriptors, and no buffers.
//
// The caller, one thread, keeps descriptors open until Forget(), after which the thread never
// touches them again.
class Readiness {
 public:
  enum class Kind { kEpoll, kPoll };

#ifdef __linux__
  static constexpr Kind kDefault = Kind::kEpoll;
#else
  static constexpr Kind kDefault = Kind::kPoll;
#endif

  // Every descriptor number's interests; `listener` outlives the object.
  explicit Readiness(ReadinessListener* listener) : listener_(listener) {}
  ~Readiness() {
    Stop();
  }
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  int Start(Kind kind);  // 0 or -errno
  void Stop();           // Joins the thread. Nothing is told any more when it returns.

  // 0 or -errno. A descriptor that cannot be waited for, such as a file, is ready at once. There
  // may be any number of interests in one descriptor.
  int Add(int fd, int events, uint64_t token);
  // The interest ends; that it is ready may have been told before.
  void Cancel(int fd, uint64_t token);
  // Ends all interests in the descriptor. Before it is closed or given away.
  void Forget(int fd);

  // At most `most` of the tokens that are ready, in the order in which they came to be.
  size_t Take(ReadyToken* to, size_t most);

 private:
  struct Interest {
    uint64_t token;
    int events;
  };
  struct Watched {
    // Tells it from what had the same number before.
    uint32_t generation = 0;
    bool registered = false;
    std::vector<Interest> interests;
  };

  static void* Run(void* self);
  void RunEpoll();
  void RunPoll();
  int Arm(int fd, Watched* watched);
  bool Tell(int fd, uint32_t generation, int revents);
  bool Announce();

  ReadinessListener* const listener_;
  Kind kind_ = kDefault;
  bool started_ = false;
  pthread_t thread_;
  int epoll_ = -1;
  sys::Wake wake_;

  Mutex mutex_;  // All below.
  Condition left_;
  bool stopping_ = false;
  bool polling_ = false;  // The thread is in poll(2) with descriptors.
  uint64_t round_ = 0;
  bool told_ = false;
  uint32_t lastGeneration_ = 0;
  std::unordered_map<int, Watched> watched_;
  // Bounded by the interests: each comes here once at most.
  std::vector<ReadyToken> ready_;
};

}  // namespace sockkit::server
