// SPDX-License-Identifier: MIT
//
// Close() prints all that was acknowledged, and ends.
#include <errno.h>

#include <algorithm>
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

// The ways in which a drain stops arrivals.
struct Way {
  const char* name;
  bool unixSocket;
  bool noFilter;
};
const Way kWays[] = {{"filter", false, false}, {"no filter", false, true}, {"unix", true, false}};

MessageServerConfig Config(const Way& way) {
  printf("  by %s\n", way.name);
  MessageServerConfig config = SmallHold();
  config.unixSocket = way.unixSocket;
  config.noFilter = way.noFilter;
  config.stallMs = 0;
  return config;
}

// A client that has sent its message, and whose kernel knows that all of it has arrived.
Fd SendForSure(ServerStage& server, std::string_view message) {
  Fd client = SendMessage(server.address, message);
  if (server.address.family() != AF_UNIX) CHECK_EVENTUALLY(Acknowledged(client));
  return client;
}

TEST(WithNobodyConnected) {
  for (const Way& way : kWays) {
    TemporaryFile file;
    ServerStage server(file.fd(), Config(way));
    server->Close();
    server->Close();
    MessageServerStats stats = server.End();
    CHECK_EQ(stats.connections, 0u);
    CHECK_EQ(server.events().size(), 1u);
    Fd late(sys::socket(server.address.family(), SOCK_STREAM, 0));
    CHECK_EQ(sys::connect(late.get(), server.address), -ECONNREFUSED);
  }
}

TEST(SilentClientsAreCutAndWhatTheySentIsPrinted) {
  for (const Way& way : kWays) {
    TemporaryFile file;
    ServerStage server(file.fd(), Config(way));
    Fd mute = Connect(server.address);
    Fd silent = server.Begin("half a message");
    CHECK_EVENTUALLY_EQ(server.stats().open, 2u);
    MessageServerStats stats = server.End();
    CHECK_EQ(file.text(), "half a message");
    CHECK_EQ(stats.cuts, 2u);
    CHECK_EQ(stats.bytesLost, 0u);
    CHECK_EQ(server.Count(Outcome::kCut), 2u);
    CHECK_EQ(server.Find(Outcome::kCut).lost, 0u);
    // Its client knows that the message did not end. (On a unix socket it knows by EPIPE alone.)
    if (!way.unixSocket) {
      CHECK_EQ(AwaitClose(silent), -ECONNRESET);
      CHECK_EQ(AwaitClose(mute), -ECONNRESET);
    }
  }
}

// More than the hold: the rest is in the socket's queue, as the end is, when the drain begins.
TEST(WhatIsInTheSocketsQueuesIsPrinted) {
  for (const Way& way : kWays) {
    PipeReader reader;
    MessageServerConfig config = Config(way);
    config.spoolBytes = 0;
    ServerStage server(reader.fd(), config);
    std::vector<std::string> texts;
    std::vector<Fd> clients;
    for (uint64_t i = 0; i < 6; i++) {
      texts.push_back(Noise(kHeld + 40000, i));
      clients.push_back(SendForSure(server, texts.back()));
    }
    CHECK(AwaitQuiet());
    CHECK_EQ(server.stats().bytesIn, 6 * kHeld);
    server->Close();
    CHECK(AwaitQuiet());
    reader.Start();
    server.AwaitEnd();
    const std::string all = reader.Finish();
    CHECK_EQ(all.size(), 6 * (kHeld + 40000));
    for (const std::string& text : texts) CHECK(Contains(all, text));
    CHECK_EQ(server.Count(Outcome::kComplete), 6u);
    for (const Fd& client : clients) CHECK_EQ(AwaitClose(client), 0);
  }
}

TEST(WhatIsInTheListenersQueueIsPrinted) {
  for (const Way& way : kWays) {
    TemporaryFile file;
    MessageServerConfig config = Config(way);
    config.maxConnections = 1;
    ServerStage server(file.fd(), config);
    Fd silent = server.Begin("silent");
    std::vector<Fd> clients;
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < 20; i++) {
      texts.push_back(Line(i % 2 == 0 ? 100 : 60000, i));
      clients.push_back(SendForSure(server, texts.back()));
    }
    clients.push_back(SendForSure(server, ""));
    Fd unfinished = Connect(server.address);
    CHECK(SendAll(unfinished, "unfinished"));
    MessageServerStats stats = server.End();
    const std::string all = file.text();
    for (const std::string& text : texts) CHECK(Contains(all, text));
    CHECK(Contains(all, "silent"));
    CHECK(Contains(all, "unfinished"));
    CHECK_EQ(all.size(), 10u * 60100 + 16);
    CHECK_EQ(stats.connections, 23u);
    CHECK_EQ(server.Count(Outcome::kComplete), 21u);
    CHECK_EQ(server.Count(Outcome::kCut), 2u);
    for (const Fd& client : clients) CHECK_EQ(AwaitClose(client), 0);
  }
}

TEST(FinishedMessagesArePrintedFirst) {
  for (const Way& way : kWays) {
    PipeReader reader;
    MessageServerConfig config = Config(way);
    config.spoolBytes = 0;
    config.maxConnections = 5;
    ServerStage server(reader.fd(), config);
    // One is in the middle of being printed; the next outgrows its hold and queues for the floor.
    Fd holder = server.Begin(Noise(kHeld, 1));
    CHECK(SendAll(holder, "0"));
    CHECK(AwaitQuiet());
    const std::string large = Noise(kHeld, 2);
    Fd first = server.Begin(large);
    CHECK(SendAll(first, "1"));
    CHECK(AwaitQuiet());
    Fd second = server.Begin("[unfinished 2]");
    // Behind those, finished ones: in the queue for their turn, unread in the socket's queue, and
    // in the listener's queue behind one more that is unfinished.
    Fd third = SendForSure(server, "[finished 3]");
    CHECK(AwaitQuiet());
    const std::string alsoLarge = Noise(kHeld + 1000, 4);
    Fd fourth = SendForSure(server, alsoLarge);
    CHECK(AwaitQuiet());
    CHECK_EQ(server.stats().open, 5u);
    Fd fifth = Connect(server.address);
    CHECK(SendAll(fifth, "[unfinished 5]"));
    Fd sixth = SendForSure(server, "[finished 6]");
    server->Close();
    CHECK(AwaitQuiet());
    reader.Start();
    server.AwaitEnd();
    const std::string all = reader.Finish();
    size_t lastFinished = 0;
    size_t firstUnfinished = all.size();
    for (std::string_view text :
         {std::string_view("[finished 3]"), std::string_view(alsoLarge).substr(0, 32),
          std::string_view("[finished 6]")}) {
      CHECK(all.find(text) != std::string::npos);
      lastFinished = std::max(lastFinished, all.find(text));
    }
    for (std::string_view text :
         {std::string_view(large).substr(0, 32), std::string_view("[unfinished 2]"),
          std::string_view("[unfinished 5]")}) {
      CHECK(all.find(text) != std::string::npos);
      firstUnfinished = std::min(firstUnfinished, all.find(text));
    }
    CHECK(lastFinished < firstUnfinished);
    CHECK(Contains(all, alsoLarge));
    CHECK(Contains(all, large + "1"));
    CHECK_EQ(server.Count(Outcome::kComplete), 3u);
    CHECK_EQ(server.Count(Outcome::kCut), 4u);
  }
}

TEST(AFastSenderDoesNotKeepItGoing) {
  for (const Way& way : kWays) {
    Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ServerStage server(null.get(), Config(way));
    std::atomic<uint64_t> sent{0};
    Fd clients[2] = {Connect(server.address), Connect(server.address)};
    auto send = [&](const Fd& client) {
      const std::string bytes(65536, 's');
      while (SendAll(client, bytes)) sent += bytes.size();
    };
    Task one([&] { send(clients[0]); });
    Task other([&] { send(clients[1]); });
    CHECK_EVENTUALLY(server.stats().bytesIn > 10 * 1024 * 1024);
    MessageServerStats stats = server.End();
    one.Join();
    other.Join();
    CHECK_EQ(stats.bytesLost, 0u);
    CHECK_EQ(stats.bytesOut, stats.bytesIn);
    CHECK(stats.bytesIn <= sent + 2 * 65536);
    CHECK_EQ(server.Count(Outcome::kCut), 2u);
    CHECK_EQ(server.Count(Outcome::kComplete), 0u);
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTestsAsEveryone(argc, argv);
}
