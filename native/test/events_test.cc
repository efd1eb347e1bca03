// SPDX-License-Identifier: MIT
//
// The queue of events, and the two small things that threads wake each other with.
#include "native/server/events.h"

#include <poll.h>
#include <signal.h>

#include <vector>

#include "native/server/sync.h"
#include "native/sys/wake.h"
#include "native/test/check.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

using server::Event;
using server::EventQueue;

struct Listener : server::EventListener {
  void EventsWait() override { told++; }
  std::atomic<int> told{0};
};

Event Numbered(uint64_t number, Event::Kind kind = Event::Kind::kMessage) {
  Event event;
  event.kind = kind;
  event.bytes = number;
  return event;
}

TEST(EventsComeInTheirOrder) {
  Listener listener;
  EventQueue queue(&listener);
  Event event;
  CHECK(!queue.Take(&event));
  for (uint64_t i = 0; i < 10; i++) queue.Add(Numbered(i));
  // Told once for all that wait.
  CHECK_EQ(listener.told.load(), 1);
  for (uint64_t i = 0; i < 10; i++) {
    CHECK(queue.Take(&event));
    CHECK_EQ(event.bytes, i);
  }
  CHECK(!queue.Take(&event));
  queue.Add(Numbered(10));
  CHECK_EQ(listener.told.load(), 2);
  CHECK(queue.Take(&event));
}

TEST(EventsBeyondTheMostAreDroppedButNotTheLast) {
  Listener listener;
  EventQueue queue(&listener);
  for (uint64_t i = 0; i < EventQueue::kMost + 5; i++) queue.Add(Numbered(i));
  CHECK_EQ(queue.dropped(), 5u);
  queue.Add(Numbered(99, Event::Kind::kClosed));
  CHECK_EQ(queue.dropped(), 5u);
  Event event;
  uint64_t count = 0;
  while (queue.Take(&event)) {
    if (event.kind == Event::Kind::kMessage) CHECK_EQ(event.bytes, count++);
  }
  CHECK_EQ(count, EventQueue::kMost);
  CHECK(event.kind == Event::Kind::kClosed);
  CHECK_EQ(listener.told.load(), 1);
}

TEST(EventsThatNobodyTakesGoWithTheQueue) {
  Listener listener;
  EventQueue queue(&listener);
  for (uint64_t i = 0; i < 10; i++) queue.Add(Numbered(i));
  queue.Add(Numbered(0, Event::Kind::kClosed));
}

TEST(EventsFromManyThreads) {
  Listener listener;
  EventQueue queue(&listener);
  std::vector<Task*> tasks;
  for (int i = 0; i < 4; i++) {
    tasks.push_back(new Task([&] {
      for (uint64_t n = 0; n < 1000; n++) queue.Add(Numbered(n));
    }));
  }
  uint64_t taken = 0;
  CHECK_EVENTUALLY([&] {
    Event event;
    while (queue.Take(&event)) taken++;
    return taken == 4000;
  }());
  for (Task* task : tasks) delete task;
  CHECK(listener.told >= 1);
  CHECK_EQ(queue.dropped(), 0u);
}

bool Readable(const sys::Wake& wake) {
  pollfd fd = {wake.fd(), POLLIN, 0};
  return ::poll(&fd, 1, 0) == 1;
}

TEST(AWakeStaysReadableUntilItIsCleared) {
  sys::Wake wake;
  wake.Signal();  // Before it is open nothing happens.
  CHECK_EQ(wake.Open(), 0);
  CHECK(!Readable(wake));
  wake.Clear();
  for (int i = 0; i < 3; i++) wake.Signal();
  CHECK(Readable(wake));
  CHECK(Readable(wake));
  wake.Clear();
  CHECK(!Readable(wake));
  wake.Signal();
  CHECK(Readable(wake));
  wake.Close();
  CHECK_EQ(wake.fd(), -1);
  wake.Close();
}

// A signal to the process is never handled on a thread of ours.
TEST(ThreadsHaveEverySignalBlocked) {
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  CHECK_EQ(sigismember(&mine, SIGTERM), 0);
  Task([&] {
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, nullptr, &set);
    for (int one : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM}) {
      CHECK_EQ(sigismember(&set, one), 1);
    }
  });
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  CHECK_EQ(sigismember(&mine, SIGTERM), 0);
}

// Their stacks are small: ten thousand connections have as many.
TEST(ThreadsHaveSmallStacks) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  printf("  skipped: a sanitizer needs larger ones\n");
#elif defined(__linux__)
  Task([] {
    pthread_attr_t attributes;
    size_t bytes = 0;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    CHECK_EQ(pthread_attr_getstacksize(&attributes, &bytes), 0);
    pthread_attr_destroy(&attributes);
    CHECK(bytes >= 64 * 1024);
    CHECK(bytes <= 256 * 1024);
  });
#endif
}

// A wait that ran out has reached its deadline.
TEST(PollMsRoundsUpAndIsBounded) {
  using server::NowUs;
  using server::PollMs;
  CHECK_EQ(PollMs(NowUs() - 1), 0);
  CHECK_EQ(PollMs(0), 0);
  CHECK_EQ(PollMs(NowUs() + 500), 1);
  CHECK(PollMs(NowUs() + 5000000) > 4000);
  CHECK(PollMs(NowUs() + 5000000) <= 5000);
  CHECK(PollMs(INT64_MAX) > 0);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
