// SPDX-License-Identifier: MIT
//
// Close() in unusual circumstances: resets, urgent bytes, peers that cannot be stopped, no
// descriptors.
#include <errno.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

// A pipe that nobody reads yet, with a message in front of it, so that others wait for their turn.
struct Jam {
  explicit Jam(MessageServerConfig config = Config()) : server(reader.fd(), config) {
    front = SendMessage(server.address, Noise(kHeld, 1));
    CHECK_EVENTUALLY(Acknowledged(front));
    CHECK(AwaitQuiet());
  }
  static MessageServerConfig Config() {
    MessageServerConfig config = SmallHold();
    config.spoolBytes = 0;
    config.stallMs = 0;
    return config;
  }
  // What the others had printed, after the drain.
  std::string End() {
    server->Close();
    CHECK(AwaitQuiet());
    reader.Start();
    server.AwaitEnd();
    return reader.Finish().substr(kHeld);
  }

  PipeReader reader;
  ServerStage server;
  Fd front;
};

TEST(AResetFromBeforeTheDrainIsStillAReset) {
  Jam jam;
  const std::string text = Noise(kHeld + 1000, 2);
  Fd client = Connect(jam.server.address);
  CHECK(SendAll(client, text));
  CHECK_EVENTUALLY_EQ(Unacknowledged(client), 0);
  CHECK(AwaitQuiet());
  Reset(std::move(client));
  CHECK(jam.End() == text);
  CHECK_EQ(jam.server.Count(Outcome::kReset), 1u);
  CHECK_EQ(jam.server.Find(Outcome::kReset).error, -ECONNRESET);
  CHECK_EQ(jam.server.Count(Outcome::kCut), 0u);
}

// Urgent bytes (MSG_OOB) are bytes of the message like the others, in their place.
TEST(UrgentBytesArePrintedInTheirPlace) {
  for (bool drain : {false, true}) {
    for (bool end : {false, true}) {
      Jam jam;
      Fd client = Connect(jam.server.address);
      const std::string text = Noise(kHeld + 500, 3);
      CHECK(SendAll(client, text));
      CHECK_EQ(sys::send(client.get(), "!", 1, MSG_OOB), 1);
      CHECK(SendAll(client, "behind it"));
      if (end) EndSending(client);
      CHECK_EVENTUALLY_EQ(Unacknowledged(client), 0);
      CHECK(AwaitQuiet());
      if (!drain) jam.reader.Start();
      if (!drain) CHECK_EVENTUALLY_EQ(jam.reader.size(), kHeld + text.size() + 10);
      if (drain) {
        CHECK(jam.End() == text + "!behind it");
      } else {
        jam.server.End();
        CHECK(jam.reader.Finish().substr(kHeld) == text + "!behind it");
      }
      CHECK_EQ(jam.server.Count(Outcome::kComplete), end ? 2u : 1u);
      CHECK_EQ(jam.server.Count(Outcome::kCut), end ? 0u : 1u);
    }
  }
}

// A peer whose packets have the largest TTL is not stopped where filters are refused to ordinary
// users; what was acknowledged before is printed all the same, and the drain ends.
TEST(APeerThatCannotBeStoppedDoesNotKeepItGoing) {
  for (int round = 0; round < 5; round++) {
    Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ServerStage server(null.get(), SmallHold());
    Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
    int ttl = 255;
    CHECK_EQ(sys::setsockopt(client.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
    REQUIRE(sys::connect(client.get(), server.address) == 0);
    Task sender([&] {
      const std::string bytes(65536, 's');
      while (SendAll(client, bytes)) {
      }
    });
    CHECK_EVENTUALLY(server.stats().bytesIn > 1024 * 1024);
    MessageServerStats stats = server.End();
    sender.Join();
    CHECK_EQ(stats.bytesLost, 0u);
    CHECK_EQ(server.Count(Outcome::kCut), 1u);
  }
}

// Without a filter an end may still arrive in the drain, before or after the last byte is read.
TEST(AnEndThatArrivesInTheDrainCounts) {
  PipeReader reader;
  MessageServerConfig config = SmallHold();
  config.noFilter = true;
  config.stallMs = 0;
  ServerStage server(reader.fd(), config);
  const std::string text = Noise(kHeld + 40000, 1);
  Fd client = Connect(server.address);
  CHECK(SendAll(client, text));
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, kHeld);
  server->Close();
  CHECK(AwaitQuiet());
  EndSending(client);
  CHECK_EVENTUALLY(Acknowledged(client));
  reader.Start();
  server.AwaitEnd();
  CHECK(reader.Finish() == text);
  CHECK_EQ(server.Count(Outcome::kComplete), 1u);
  CHECK_EQ(AwaitClose(client), 0);
}

// Descriptors run out in the drain: what could not be accepted at first is, when others have ended.
TEST(WithoutDescriptorsTheListenersQueueIsPrintedAfterwards) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.maxConnections = 2;
  ServerStage server(file.fd(), config);
  Fd silent = server.Begin("one,");
  Fd other = server.Begin("two,");
  std::vector<Fd> clients;
  for (int i = 0; i < 6; i++) {
    clients.push_back(SendMessage(server.address, "x,"));
    CHECK_EVENTUALLY(Acknowledged(clients.back()));
  }
  struct rlimit before;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Fd next(::dup(file.fd()));
  struct rlimit limit = {static_cast<rlim_t>(next.get()) + 1, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  server->Close();
  CHECK_EVENTUALLY_EQ(server.Count(Kind::kClosed), 1u);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  server.AwaitEnd();
  CHECK_EQ(file.size(), 8u + 12);
  CHECK_EQ(server.Count(Outcome::kComplete), 6u);
  CHECK_EQ(server.Count(Outcome::kCut), 2u);
  for (const Fd& client : clients) CHECK_EQ(AwaitClose(client), 0);
}

// Lines that a program says while the drain goes on and when it is over.
TEST(AsidesDuringAndAfterTheDrain) {
  TemporaryFile file;
  ServerStage server(file.fd());
  std::vector<Fd> clients;
  for (uint64_t i = 0; i < 10; i++) clients.push_back(SendMessage(server.address, Line(100, i)));
  std::atomic<bool> stop{false};
  Task talker([&] {
    // Fewer than are kept, so that none is dropped.
    for (int i = 0; i < 20000 && !stop; i++) server->Aside(".", 1);
  });
  server->Close();
  CHECK_EVENTUALLY_EQ(server.Count(Kind::kClosed), 1u);
  stop = true;
  talker.Join();
  server->Aside("last", 4);
  server.AwaitEnd();
  std::string text = file.text();
  text.erase(std::remove(text.begin(), text.end(), '.'), text.end());
  CHECK_EQ(text.size(), 1004u);
  CHECK_EQ(text.substr(1000), "last");
  CHECK_EQ(server.Count(Kind::kOutputFailed), 0u);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTestsAsEveryone(argc, argv);
}
