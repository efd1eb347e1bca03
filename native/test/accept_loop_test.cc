// SPDX-License-Identifier: MIT
#include "native/server/accept_loop.h"

#include <dlfcn.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace {
std::atomic<int> created{0};
}

// Stands before the library's, to count.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  created++;
  return real(thread, attributes, run, argument);
}

namespace sockkit::test {
namespace {

using server::AcceptLoop;

// Reads each connection to its end.
struct Handler : server::ConnectionHandler {
  void Serve(int fd, const sys::Address& peer, server::Lead* lead) override {
    Fd connection(fd);
    if (!keepsLead) lead->StepDown();
    {
      server::Locked lock(mutex);
      threads.insert(static_cast<int>(gettid()));
      if (sys::Port(peer) == 0) namelessPeers++;
    }
    int now = ++open;
    int most = mostOpen;
    while (now > most && !mostOpen.compare_exchange_weak(most, now)) {
    }
    AwaitClose(connection);
    open--;
    served++;
  }
  void AcceptDelayed(const char*, int) override { delayed++; }
  void ListenerLost(int) override { lost++; }

  bool keepsLead = false;
  std::atomic<int> open{0};
  std::atomic<int> mostOpen{0};
  std::atomic<int> served{0};
  std::atomic<int> delayed{0};
  std::atomic<int> lost{0};
  server::Mutex mutex;
  std::set<int> threads;  // That have served.
  int namelessPeers = 0;
};

struct Stage {
  explicit Stage(uint32_t maxConnections = 1024, int backlog = 1024)
      : listener(Listen(AF_INET, &address, backlog)) {
    REQUIRE(sys::setNonblocking(listener.get(), true) == 0);
    before = LiveThreads();
    CHECK_EQ(loop.Start(listener.get(), maxConnections, &handler), 0);
  }
  ~Stage() { End(); }
  void End() {
    loop.StopAccepting();
    clients.clear();
    loop.Join();
    CHECK_EQ(loop.threads(), 0u);
    CHECK_EQ(handler.open.load(), 0);
    CHECK_EQ(handler.delayed.load(), 0);
    CHECK_EQ(handler.lost.load(), 0);
    CHECK_EQ(handler.namelessPeers, 0);
  }
  void ConnectMany(int count) {
    for (int i = 0; i < count; i++) clients.push_back(Connect(address));
  }
  // Threads of this process beyond those there were at first.
  int Added() { return LiveThreads() - before; }

  sys::Address address;
  Fd listener;
  Handler handler;
  AcceptLoop loop;
  std::vector<Fd> clients;
  int before = 0;
};

TEST(OneThreadWaitsForTheFirstConnection) {
  Stage stage;
  CHECK_EQ(stage.loop.threads(), 1u);
  CHECK_EQ(stage.Added(), 1);
}

TEST(FiftySilentConnectionsHaveFiftyThreads) {
  Stage stage;
  stage.ConnectMany(50);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 50);
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.loop.threads(), 51u);
  CHECK_EQ(stage.Added(), 51);
  CHECK_EQ(stage.handler.threads.size(), 50u);
}

TEST(AThousandConnectionsOneAfterAnotherNeedFewThreads) {
  Stage stage;
  const int before = created;
  for (int i = 0; i < 1000; i++) {
    Fd client = SendMessage(stage.address, "x");
    CHECK_EQ(AwaitClose(client), 0);
  }
  CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 1000);
  // The first was created before.
  CHECK(created - before < 9);
  CHECK(stage.handler.threads.size() < 10);
}

TEST(WhoKeepsTheLeadServesOneAfterAnother) {
  Stage stage;
  stage.handler.keepsLead = true;
  for (int i = 1; i <= 100; i++) {
    stage.ConnectMany(1);
    stage.clients.clear();
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), i);
  }
  // A successor was there all the time, and had nothing to do.
  CHECK_EQ(stage.loop.threads(), 2u);
  server::Locked lock(stage.handler.mutex);
  CHECK_EQ(stage.handler.threads.size(), 1u);
}

TEST(AtMostFourThreadsStayIdle) {
  Stage stage;
  stage.ConnectMany(30);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 30);
  CHECK_EQ(stage.loop.threads(), 31u);
  stage.clients.clear();
  CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 30);
  CHECK_EVENTUALLY_EQ(stage.loop.threads(), 5u);
  CHECK_EVENTUALLY_EQ(stage.Added(), 5);
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.loop.threads(), 5u);
  // They serve what comes next, with one more as the leader's successor.
  const int before = created;
  stage.ConnectMany(5);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 5);
  CHECK_EQ(created - before, 1);
}

TEST(NoMoreConnectionsAreOpenThanAllowed) {
  Stage stage(3);
  stage.ConnectMany(10);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 3);
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.handler.open.load(), 3);
  CHECK_EQ(stage.loop.threads(), 4u);
  // Each that ends makes room for one that waits.
  for (int i = 0; i < 10; i++) {
    stage.clients[static_cast<size_t>(i)].Close();
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), i + 1);
    CHECK_EVENTUALLY_EQ(stage.handler.open.load(), i < 7 ? 3 : 9 - i);
  }
  CHECK_EQ(stage.handler.mostOpen.load(), 3);
}

TEST(OneAtATime) {
  Stage stage(1);
  stage.ConnectMany(5);
  for (int i = 0; i < 5; i++) {
    CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 1);
    stage.clients[static_cast<size_t>(i)].Close();
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), i + 1);
  }
  CHECK_EQ(stage.handler.mostOpen.load(), 1);
}

TEST(StopAcceptingWhileNobodyIsConnected) {
  Stage stage;
  CHECK(AwaitQuiet());
  stage.loop.StopAccepting();
  stage.loop.StopAccepting();
  Fd late = Connect(stage.address);  // It stays in the kernel's queue.
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.handler.open.load(), 0);
  stage.loop.Join();
  CHECK_EQ(stage.Added(), 0);
}

TEST(StopAcceptingWhileConnectionsAreServed) {
  Stage stage;
  stage.ConnectMany(10);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 10);
  stage.loop.StopAccepting();
  Fd late = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.loop.threads(), 10u);
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.handler.open.load(), 10);
  stage.clients.clear();
  stage.loop.Join();
  CHECK_EQ(stage.handler.served.load(), 10);
  CHECK_EVENTUALLY_EQ(stage.Added(), 0);
}

TEST(StopAcceptingAtTheMostConnections) {
  Stage stage(2);
  stage.ConnectMany(4);
  CHECK_EVENTUALLY_EQ(stage.handler.open.load(), 2);
  CHECK(AwaitQuiet());
  stage.loop.StopAccepting();
  stage.clients.clear();
  stage.loop.Join();
  CHECK_EQ(stage.handler.served.load(), 2);
}

// At whatever moment it comes: every connection that was accepted is served, and Join() returns.
TEST(StopAcceptingInTheMiddleOfAStorm) {
  for (int round = 0; round < 30; round++) {
    Stage stage(round % 2 == 0 ? 1024 : 4);
    std::atomic<bool> stop{false};
    std::atomic<int> sent{0};
    auto storm = [&] {
      while (!stop) {
        // A full queue would leave connect() waiting for a retransmission.
        while (!stop && sent - stage.handler.served > 100) sched_yield();
        Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
        if (sys::connect(client.get(), stage.address) == 0) sent++;
      }
    };
    Task one(storm);
    Task other(storm);
    CHECK_EVENTUALLY(stage.handler.served > round * 2);
    stage.loop.StopAccepting();
    stop = true;
    one.Join();
    other.Join();
    stage.loop.Join();
    CHECK(stage.handler.served <= sent);
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
