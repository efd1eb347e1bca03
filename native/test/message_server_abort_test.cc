// SPDX-License-Identifier: MIT
//
// Abort() at every stage: it returns, and no thread, descriptor or memory stays. That there is none
// left is what RunTests() looks for after each test.
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

// A pipe that nobody reads, messages at every stage, and what Abort() makes of them.
struct Jam {
  explicit Jam(MessageServerConfig config = Config()) : server(pipe.writing.get(), config) {}
  static MessageServerConfig Config() {
    MessageServerConfig config = SmallHold();
    config.stallMs = 0;
    return config;
  }
  // The first that comes prints, and waits for the pipe.
  void Print() {
    clients.push_back(SendMessage(server.address, Noise(200000, 1)));
    CHECK_EVENTUALLY_EQ(server.stats().bytesIn, kHeld);
    CHECK(AwaitQuiet());
  }
  void Queue() {
    clients.push_back(SendMessage(server.address, "queued"));
    CHECK(AwaitQuiet());
  }
  void Spool() {
    clients.push_back(server.Begin(Noise(200000, 2)));
    CHECK(AwaitQuiet());
    CHECK_EQ(server.stats().spoolBytes, 200000u);
  }
  void Abort() {
    server->Abort();
    MessageServerStats stats = server.stats();
    CHECK_EQ(stats.open, 0u);
    CHECK_EQ(stats.threads, 0u);
    CHECK_EQ(stats.memoryBytes, 0u);
    CHECK_EQ(stats.spoolBytes, 0u);
    CHECK_EQ(server.Count(Kind::kClosed), 1u);
    CHECK_EQ(server.Count(Kind::kOutputFailed), 0u);
    CHECK(server.events().back().kind == Kind::kClosed);
    for (const Fd& client : clients) CHECK(AwaitClose(client) <= 0);
    CHECK_EQ(sys::connect(Fd(sys::socket(AF_INET, SOCK_STREAM, 0)).get(), server.address),
             -ECONNREFUSED);
    server->Abort();  // Once more does no harm.
  }

  Pipe pipe;
  ServerStage server;
  std::vector<Fd> clients;
};

TEST(WithNobodyConnected) {
  Jam jam;
  jam.Abort();
}

TEST(AtOnceAfterTheStart) {
  for (int i = 0; i < 20; i++) {
    Jam jam;
    if (i % 2 == 0) jam.clients.push_back(Connect(jam.server.address));
    jam.Abort();
  }
}

TEST(WhileClientsAreSilent) {
  Jam jam;
  for (int i = 0; i < 10; i++) jam.clients.push_back(jam.server.Begin("half"));
  jam.clients.push_back(Connect(jam.server.address));
  CHECK(AwaitQuiet());
  jam.Abort();
  // They were cut short, and their clients know.
  CHECK_EQ(jam.server.Count(Outcome::kCut), 11u);
  CHECK_EQ(jam.server.stats().bytesLost, 40u);
}

TEST(WhileTheFloorIsHeld) {
  TemporaryFile file;
  ServerStage server(file.fd(), SmallHold());
  std::string text;
  Fd holder = server.TakeFloor(file, &text);
  CHECK(AwaitQuiet());
  server->Abort();
  CHECK_EQ(AwaitClose(holder), -ECONNRESET);
  CHECK_EQ(server.stats().bytesLost, 0u);
}

TEST(WhileTheOutputTakesNothing) {
  Jam jam;
  jam.Print();
  jam.Abort();
}

TEST(WhileMessagesQueueForTheirTurn) {
  Jam jam;
  jam.Print();
  for (int i = 0; i < 5; i++) jam.Queue();
  jam.Abort();
}

TEST(WhileMessagesSpool) {
  Jam jam;
  jam.Print();
  jam.Spool();
  jam.Abort();
}

TEST(WhileMessagesWaitForTheFloor) {
  MessageServerConfig config = Jam::Config();
  config.spoolBytes = 0;
  Jam jam(config);
  jam.Print();
  jam.clients.push_back(Connect(jam.server.address));
  CHECK(SendAll(jam.clients.back(), Noise(kHeld + 1000, 3)));
  CHECK_EVENTUALLY_EQ(jam.server.stats().bytesIn, 2 * kHeld);
  CHECK(AwaitQuiet());
  jam.Abort();
}

TEST(WhileConnectionsWaitInTheListenersQueue) {
  MessageServerConfig config = Jam::Config();
  config.maxConnections = 2;
  Jam jam(config);
  for (int i = 0; i < 8; i++) jam.clients.push_back(Connect(jam.server.address));
  CHECK_EVENTUALLY_EQ(jam.server.stats().open, 2u);
  jam.Abort();
}

TEST(InEveryMannerOfWaitingAtOnceAndInTheDrain) {
  for (bool drain : {false, true}) {
    MessageServerConfig config = Jam::Config();
    config.maxConnections = 6;
    Jam jam(config);
    jam.Print();
    jam.Spool();
    jam.Queue();
    jam.clients.push_back(jam.server.Begin("half"));
    jam.clients.push_back(Connect(jam.server.address));
    jam.clients.push_back(Connect(jam.server.address));
    jam.clients.push_back(SendMessage(jam.server.address, "in the listener's queue"));
    CHECK(AwaitQuiet());
    if (drain) {
      jam.server->Close();
      CHECK(AwaitQuiet());
      CHECK_EQ(jam.server.Count(Kind::kClosed), 0u);
    }
    jam.Abort();
  }
}

TEST(InTheMiddleOfTheDrain) {
  for (int i = 0; i < 20; i++) {
    TemporaryFile file;
    ServerStage server(file.fd());
    std::vector<Fd> clients;
    for (int n = 0; n < 4; n++) clients.push_back(SendMessage(server.address, Noise(5000, 4)));
    server->Close();
    for (int n = 0; n < i * 10; n++) sched_yield();
    server->Abort();
    CHECK_EQ(server.stats().threads, 0u);
    CHECK_EQ(server.stats().bytesLost, server.stats().bytesIn - server.stats().bytesOut);
  }
}

TEST(AfterTheEnd) {
  TemporaryFile file;
  ServerStage server(file.fd());
  server.Deliver("message");
  server.End();
  server->Abort();
  server->Close();
  CHECK_EQ(server.Count(Kind::kClosed), 1u);
  CHECK_EQ(file.text(), "message");
}

TEST(InTheMiddleOfAStorm) {
  for (int round = 0; round < 10; round++) {
    PipeReader reader;
    reader.Start();
    MessageServerConfig config = SmallHold();
    config.spoolBytes = 300000;
    ServerStage server(reader.fd(), config);
    std::vector<Task*> tasks;
    for (int i = 0; i < 4; i++) {
      tasks.push_back(new Task([&, i] {
        const std::string text = Noise(i % 2 == 0 ? 100 : 150000, 1);
        for (;;) {
          Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
          // A SYN that the drain drops is sent again after a second, which is of no use here.
          timeval most = {0, 50000};
          sys::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
          if (sys::connect(client.get(), server.address) != 0) return;
          SendAll(client, text);
          EndSending(client);
          if (AwaitClose(client) != 0) return;
        }
      }));
    }
    CHECK_EVENTUALLY(server.stats().messages >= static_cast<uint64_t>(round) * 5);
    server->Abort();
    for (Task* task : tasks) delete task;
    CHECK_EQ(server.stats().memoryBytes, 0u);
    CHECK_EQ(server.stats().spoolBytes, 0u);
    CHECK_EQ(server.stats().bytesLost, server.stats().bytesIn - server.stats().bytesOut);
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
