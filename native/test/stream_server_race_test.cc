// SPDX-License-Identifier: MIT
//
// Close() and Abort() at every moment, against accepts, reads and writes. That nothing is left of
// them is what RunTests() looks for after each test.
#include <string>
#include <vector>

#include "native/test/stream_stage.h"

namespace sockkit::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 40;
#else
constexpr int kRounds = 100;
#endif
constexpr int kClients = 100;  // In each round: 4,000 to 10,000 connections in all.

enum class Style { kSilent, kFewBytes, kManyBytes, kResets };

// One connection, which may end at any moment; 1 where it came about.
int Visit(const sys::Address& address, Style style) {
  Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
  // Not blocking: nobody may accept it any more.
  if (sys::connect(client.get(), address) != 0) return 0;
  char back[64];
  switch (style) {
    case Style::kSilent:
      break;
    case Style::kFewBytes:
      if (SendAll(client, "hello")) sys::recv(client.get(), back, sizeof(back), 0);
      break;
    case Style::kManyBytes:
      SendAll(client, Noise(100000, 1));
      break;
    case Style::kResets:
      SendAll(client, "bye");
      Reset(std::move(client));
      break;
  }
  return 1;
}

void Storm(bool aborts, StreamServerConfig config) {
  int visits = 0;
  for (int round = 0; round < kRounds; round++) {
    StreamStage stage(config);
    std::atomic<int> came{0};
    std::atomic<int> begun{0};
    auto storm = [&](int seed) {
      for (int i = 0; i < kClients / 2; i++) {
        begun++;
        came += Visit(stage.address, static_cast<Style>((seed + i) % 4));
      }
    };
    Task one([&] { storm(round); });
    Task other([&] { storm(round + 1); });
    const int moment = round * kClients / kRounds;
    while (begun < moment) sched_yield();
    if (aborts) {
      stage.Abort();
    } else {
      stage.BeginClose();
    }
    one.Join();
    other.Join();
    if (!aborts) {
      stage.Close();
      CHECK_EQ(stage.gone.load(), stage.opened.load());
      CHECK_EQ(stage.stats().memoryBytes, 0u);
    }
    CHECK_EQ(stage.stats().open, 0u);
    CHECK_EQ(stage.stats().threads, 0u);
    visits += came;
  }
  CHECK(visits > kRounds);
}

TEST(CloseInTheMiddleOfAStorm) {
  Storm(false, {});
}

TEST(CloseInTheMiddleOfAStormOfMoreThanAreAllowed) {
  StreamServerConfig config;
  config.maxConnections = 3;
  config.refuse = true;
  Storm(false, config);
}

TEST(AbortInTheMiddleOfAStorm) {
  Storm(true, {});
}

TEST(AbortWithAnIdleTimeoutAndLittleMemory) {
  StreamServerConfig config;
  config.idleTimeoutMs = 1;
  config.memoryBytes = 4 * server::BlockPool::kLargeBytes;
  Storm(true, config);
}

TEST(AbortWithTheOwnerFarBehind) {
  StreamStage stage({}, {false, false, Ending::kGraceful});
  std::vector<Fd> clients;
  for (int i = 0; i < 30; i++) {
    clients.push_back(Connect(stage.address));
    sys::send(clients.back().get(), Noise(100000, 1).data(), 100000, MSG_DONTWAIT);
  }
  stage.Abort();
  for (const Fd& client : clients) CHECK(AwaitClose(client) <= 0);
}

TEST(FinishAtEveryMoment) {
  for (int round = 0; round < 200; round++) {
    StreamStage stage;
    Fd client = Connect(stage.address);
    const Ending how = static_cast<Ending>(1 + round % 3);
    Task sender([&] { SendAll(client, Noise(static_cast<size_t>(round) * 1000, 1)); });
    for (int i = 0; i < round % 7; i++) sched_yield();
    stage.Finish(how);
    sender.Join();
    client.Close();
    stage.Close();
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
