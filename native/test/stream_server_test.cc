// SPDX-License-Identifier: MIT
#include "native/server/stream_server.h"

#include <string>
#include <vector>

#include "native/test/stream_stage.h"

namespace sockkit::test {
namespace {

constexpr uint64_t kBlock = server::BlockPool::kLargeBytes;

// Sends without waiting for what comes back to be read, until there is no room.
size_t FillUp(const Fd& client) {
  const std::string chunk(65536, 'x');
  size_t total = 0;
  for (int idle = 0; idle < 5;) {
    ssize_t sent = sys::send(client.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (sent > 0) {
      total += static_cast<size_t>(sent);
      idle = 0;
    } else {
      // What is on its way to the other side makes room for a moment.
      AwaitQuiet();
      idle++;
    }
  }
  return total;
}

std::string ReadAll(const Fd& fd) {
  std::string all;
  char bytes[65536];
  for (;;) {
    ssize_t got = sys::recv(fd.get(), bytes, sizeof(bytes), 0);
    if (got == -EINTR) continue;
    CHECK(got >= 0);
    if (got <= 0) return all;
    all.append(bytes, static_cast<size_t>(got));
  }
}

TEST(WhatIsSentComesBack) {
  StreamStage stage;
  for (size_t length : {0u, 1u, 1023u, 1024u, 1025u, 70000u, 3000000u}) {
    Fd client = Connect(stage.address);
    const std::string sent = Noise(length, length);
    Task sender([&] {
      SendAll(client, sent);
      EndSending(client);
    });
    CHECK(ReadAll(client) == sent);
  }
  CHECK_EVENTUALLY_EQ(stage.stats().open, 0u);
  CHECK_EQ(stage.stats().connections, 7u);
  CHECK_EQ(stage.stats().memoryBytes, 0u);
}

TEST(ManyAtOnceEachItsOwn) {
  StreamStage stage;
  std::vector<Fd> clients;
  for (int i = 0; i < 100; i++) clients.push_back(Connect(stage.address));
  for (int round = 0; round < 20; round++) {
    for (size_t i = 0; i < clients.size(); i++) CHECK(SendAll(clients[i], Noise(200, i + 1)));
    for (size_t i = 0; i < clients.size(); i++) {
      std::string back(200, '\0');
      CHECK_EQ(sys::recv(clients[i].get(), back.data(), 200, MSG_WAITALL), 200);
      CHECK(back == Noise(200, i + 1));
    }
  }
  CHECK_EQ(stage.stats().memoryBytes, 0u);  // A few bytes need no block.
}

TEST(WhoIsNotReadIsStopped) {
  StreamStage stage({}, {false, false, Ending::kGraceful});
  Fd client = Connect(stage.address);
  const size_t sent = FillUp(client);
  CHECK(stage.stats().memoryBytes <= 4 * kBlock);
  CHECK(stage.stats().bytesIn < sent);
  EndSending(client);
  stage.StartReading();
  CHECK_EVENTUALLY_EQ(stage.ends.load(), 1);
  CHECK_EQ(stage.text().size(), sent);
  CHECK_EVENTUALLY_EQ(stage.stats().memoryBytes, 0u);
}

// Blocks of those whose owner does not ask fill half of the pool, and no more.
TEST(WhoIsNotReadLeavesRoomForOthers) {
  StreamServerConfig config;
  config.memoryBytes = 8 * kBlock;
  StreamStage stage(config, {false, false, Ending::kGraceful});
  std::vector<Fd> clients;
  size_t sent = 0;
  for (int i = 0; i < 6; i++) {
    clients.push_back(Connect(stage.address));
    sent += FillUp(clients.back());
  }
  CHECK(stage.stats().memoryBytes >= 4 * kBlock);
  CHECK(stage.stats().memoryBytes <= 8 * kBlock);
  for (const Fd& client : clients) EndSending(client);
  stage.StartReading();
  CHECK_EVENTUALLY_EQ(stage.ends.load(), 6);
  CHECK_EQ(stage.text().size(), sent);
}

TEST(WhoIsIdleHoldsNoBlock) {
  StreamStage stage;
  std::vector<Fd> clients;
  for (int i = 0; i < 50; i++) {
    clients.push_back(Connect(stage.address));
    const std::string sent = Noise(100000, 1);
    std::string back(sent.size(), '\0');
    CHECK(SendAll(clients.back(), sent));
    CHECK_EQ(sys::recv(clients.back().get(), back.data(), back.size(), MSG_WAITALL), 100000);
  }
  CHECK_EVENTUALLY_EQ(stage.stats().memoryBytes, 0u);
  CHECK_EQ(stage.stats().open, 50u);
}

TEST(AReaderWhoIsSlowDelaysNobodyElse) {
  StreamStage stage;
  Fd slow = Connect(stage.address);
  FillUp(slow);
  Fd client = Connect(stage.address);
  CHECK(SendAll(client, "quick"));
  char back[5];
  CHECK_EQ(sys::recv(client.get(), back, 5, MSG_WAITALL), 5);
}

TEST(BeyondTheMostConnectionsTheyAreClosedAtOnce) {
  StreamServerConfig config;
  config.refuse = true;
  config.maxConnections = 2;
  StreamStage stage(config);
  Fd one = Connect(stage.address);
  Fd other = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 2);
  for (int i = 0; i < 5; i++) {
    Fd refused = Connect(stage.address);
    CHECK_EQ(AwaitClose(refused), 0);
  }
  CHECK_EQ(stage.stats().refused, 5u);
  one.Close();
  CHECK_EVENTUALLY_EQ(stage.gone.load(), 1);
  CHECK_EVENTUALLY_EQ(stage.stats().open, 1u);
  Fd next = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 3);
}

TEST(SilenceEndsAConnection) {
  StreamServerConfig config;
  config.idleTimeoutMs = 50;
  StreamStage stage(config, {true, true, Ending::kNow});
  Fd small = Connect(stage.address);
  CHECK_EQ(AwaitClose(small), 0);
  CHECK_EQ(stage.lastError.load(), -ETIMEDOUT);
  Fd large = Connect(stage.address);
  CHECK(SendAll(large, Noise(100000, 1)));
  CHECK_EQ(AwaitClose(large), 0);
  CHECK_EVENTUALLY_EQ(stage.errors.load(), 2);
}

TEST(ThePeerGetsWhatWasSentThoughNotAllWasRead) {
  StreamStage stage({}, {false, true, Ending::kGraceful});
  Fd client = Connect(stage.address);
  CHECK(SendAll(client, Noise(500000, 1)));
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 1);
  stage.Finish(Ending::kGraceful);
  CHECK(SendAll(client, Noise(500000, 2)));  // It is read, and thrown away.
  CHECK_EQ(AwaitClose(client), 0);
  CHECK_EQ(stage.gone.load(), 0);  // It waits for the peer's end.
  EndSending(client);
  CHECK_EVENTUALLY_EQ(stage.gone.load(), 1);
}

TEST(APeerThatDoesNotEndIsLeft) {
  StreamStage stage;
  Fd client = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 1);
  stage.Finish(Ending::kGraceful);
  CHECK_EQ(AwaitClose(client), 0);
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.gone.load(), 0);
  stage.Finish(Ending::kNow);
  CHECK_EVENTUALLY_EQ(stage.gone.load(), 1);
}

TEST(AResetIsSeenOnBothSides) {
  StreamStage stage;
  Fd client = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 1);
  stage.Finish(Ending::kReset);
  CHECK_EQ(AwaitClose(client), -ECONNRESET);
  Fd rude = Connect(stage.address);
  CHECK_EVENTUALLY_EQ(stage.opened.load(), 2);
  Reset(std::move(rude));
  CHECK_EVENTUALLY_EQ(stage.gone.load(), 2);
  CHECK_EQ(stage.lastError.load(), -ECONNRESET);
}

TEST(RecordsStayWhole) {
  StreamServerConfig config;
  config.records = true;
  StreamStage stage(config, {true, false, Ending::kGraceful});
  Fd client(sys::socket(AF_UNIX, SOCK_SEQPACKET, 0));
  REQUIRE(sys::connect(client.get(), stage.address) == 0);
  std::string all;
  for (size_t length : {1u, 1024u, 65536u, 65537u, 150000u}) {
    const std::string record = Noise(length, length);
    CHECK_EQ(sys::send(client.get(), record.data(), length, 0), length);
    all += record;
  }
  client.Close();
  CHECK_EVENTUALLY_EQ(stage.ends.load(), 1);
  CHECK(stage.text() == all);
  CHECK_EQ(stage.largest.load(), 150000u);
  CHECK_EVENTUALLY_EQ(stage.stats().memoryBytes, 0u);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
