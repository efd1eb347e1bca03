// SPDX-License-Identifier: MIT
//
// The thread that waits for descriptors, by epoll and by poll(2).
#include "native/server/readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "native/server/sync.h"
#include "native/test/check.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

using server::Readiness;
using server::ReadyToken;
using Kind = Readiness::Kind;

struct Listener : server::ReadinessListener {
  void TokensWait() override { told++; }
  std::atomic<int> told{0};
};

struct Pair {
  int one = -1;
  int other = -1;
  Pair() { Make(); }
  ~Pair() { Close(); }
  void Make() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    one = ends[0];
    other = ends[1];
  }
  void Close() {
    if (one >= 0) ::close(one);
    if (other >= 0) ::close(other);
    one = other = -1;
  }
};

// The next token, waiting for it.
ReadyToken Next(Readiness* readiness) {
  ReadyToken ready = {0, 0};
  CHECK(Eventually([&] { return readiness->Take(&ready, 1) == 1; }));
  return ready;
}

template <typename Test>
void WithBoth(Test test) {
  for (Kind kind : {Kind::kEpoll, Kind::kPoll}) {
    Listener listener;
    Readiness readiness(&listener);
    REQUIRE(readiness.Start(kind) == 0);
    test(&readiness, &listener);
  }
}

TEST(TellsOnceThatADescriptorIsReady) {
  WithBoth([](Readiness* readiness, Listener* listener) {
    Pair pair;
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 7), 0);
    CHECK(AwaitQuiet());
    CHECK_EQ(listener->told.load(), 0);
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    ReadyToken ready = Next(readiness);
    CHECK_EQ(ready.token, 7u);
    CHECK_EQ(ready.revents & POLLIN, POLLIN);
    CHECK_EQ(listener->told.load(), 1);
    // It is readable still, and nobody asks.
    CHECK(AwaitQuiet());
    CHECK_EQ(readiness->Take(&ready, 1), 0u);
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 8), 0);
    CHECK_EQ(Next(readiness).token, 8u);
    CHECK_EQ(listener->told.load(), 2);
    readiness->Forget(pair.one);
  });
}

TEST(ReadingAndWritingAreAskedForApart) {
  WithBoth([](Readiness* readiness, Listener*) {
    Pair pair;
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 1), 0);
    CHECK_EQ(readiness->Add(pair.one, POLLOUT, 2), 0);
    CHECK_EQ(Next(readiness).token, 2u);
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    CHECK_EQ(Next(readiness).token, 1u);
    readiness->Forget(pair.one);
  });
}

TEST(AHangUpIsToldToAll) {
  WithBoth([](Readiness* readiness, Listener*) {
    Pair pair;
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 1), 0);
    CHECK_EQ(readiness->Add(pair.one, 0, 2), 0);
    ::close(pair.other);
    pair.other = -1;
    CHECK_EQ(Next(readiness).token, 1u);
    CHECK_EQ(Next(readiness).token, 2u);
    readiness->Forget(pair.one);
  });
}

TEST(WhatIsCancelledIsNotTold) {
  WithBoth([](Readiness* readiness, Listener*) {
    Pair pair;
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 1), 0);
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 2), 0);
    readiness->Cancel(pair.one, 1);
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    CHECK_EQ(Next(readiness).token, 2u);
    readiness->Cancel(pair.one, 99);
    readiness->Cancel(pair.other, 1);
    readiness->Forget(pair.one);
  });
}

TEST(AReusedNumberHasItsOwnEvents) {
  WithBoth([](Readiness* readiness, Listener*) {
    for (uint64_t token = 1; token < 200; token += 2) {
      Pair pair;
      const int number = pair.one;
      CHECK_EQ(readiness->Add(number, POLLIN, token), 0);
      // Ready at the very time at which it is forgotten.
      CHECK_EQ(::write(pair.other, "x", 1), 1);
      readiness->Forget(number);
      pair.Close();
      pair.Make();
      CHECK_EQ(pair.one, number);
      CHECK_EQ(readiness->Add(number, POLLIN, token + 1), 0);
      ReadyToken ready;
      while (readiness->Take(&ready, 1) == 1) CHECK_EQ(ready.token, token);
      CHECK_EQ(::write(pair.other, "x", 1), 1);
      do ready = Next(readiness);
      while (ready.token == token);
      CHECK_EQ(ready.token, token + 1);
      readiness->Forget(number);
    }
  });
}

TEST(ANumberThatWasClosedBehindItsBackIsWaitedForAnew) {
  WithBoth([](Readiness* readiness, Listener*) {
    Pair pair;
    const int number = pair.one;
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    CHECK_EQ(readiness->Add(number, POLLIN, 1), 0);
    CHECK_EQ(Next(readiness).token, 1u);
    pair.Close();
    pair.Make();
    CHECK_EQ(pair.one, number);
    CHECK_EQ(readiness->Add(number, POLLIN, 2), 0);
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    CHECK_EQ(Next(readiness).token, 2u);
    readiness->Forget(number);
  });
}

TEST(AFileIsAlwaysReady) {
  WithBoth([](Readiness* readiness, Listener*) {
    char name[] = "/tmp/sockkit-readiness-XXXXXX";
    int file = ::mkostemp(name, O_CLOEXEC);
    REQUIRE(file >= 0);
    ::unlink(name);
    for (uint64_t token = 1; token <= 3; token++) {
      CHECK_EQ(readiness->Add(file, POLLIN, token), 0);
      CHECK_EQ(Next(readiness).token, token);
    }
    readiness->Forget(file);
    ::close(file);
  });
}

TEST(AClosedNumberIsAnError) {
  Listener listener;
  Readiness readiness(&listener);
  REQUIRE(readiness.Start(Kind::kEpoll) == 0);
  CHECK_EQ(readiness.Add(900000, POLLIN, 1), -EBADF);
  readiness.Forget(900000);
}

TEST(ManyAreTakenInBatches) {
  WithBoth([](Readiness* readiness, Listener*) {
    std::vector<Pair> pairs(150);
    std::vector<int> seen(pairs.size(), 0);
    for (size_t i = 0; i < pairs.size(); i++) {
      CHECK_EQ(readiness->Add(pairs[i].one, POLLIN, i), 0);
      CHECK_EQ(::write(pairs[i].other, "x", 1), 1);
    }
    size_t total = 0;
    CHECK(Eventually([&] {
      ReadyToken ready[16];
      size_t count = readiness->Take(ready, 16);
      for (size_t i = 0; i < count; i++) seen[ready[i].token]++;
      return (total += count) == pairs.size();
    }));
    for (int times : seen) CHECK_EQ(times, 1);
    for (Pair& pair : pairs) readiness->Forget(pair.one);
  });
}

TEST(ItStopsWhileInterestsArePending) {
  WithBoth([](Readiness* readiness, Listener*) {
    Pair pair;
    CHECK_EQ(readiness->Add(pair.one, POLLIN, 1), 0);
    readiness->Stop();
    CHECK_EQ(::write(pair.other, "x", 1), 1);
    ReadyToken ready;
    CHECK_EQ(readiness->Take(&ready, 1), 0u);
    readiness->Stop();
  });
}

// For the sanitizers: descriptors come, go and become ready, all at once.
TEST(ForgettingRacesWithReadiness) {
  WithBoth([](Readiness* readiness, Listener*) {
    for (uint64_t round = 0; round < 300; round++) {
      Pair pair;
      const int writer = pair.other;
      CHECK_EQ(readiness->Add(pair.one, POLLIN, 2 * round), 0);
      CHECK_EQ(readiness->Add(pair.one, POLLIN, 2 * round + 1), 0);
      Task task([writer] { CHECK_EQ(::write(writer, "x", 1), 1); });
      if (round % 2 == 0) readiness->Cancel(pair.one, 2 * round);
      ReadyToken ready;
      while (readiness->Take(&ready, 1) == 1) CHECK(ready.token <= 2 * round + 1);
      readiness->Forget(pair.one);
      task.Join();
    }
  });
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
