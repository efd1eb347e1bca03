// SPDX-License-Identifier: MIT
//
// Where a message waits: in its hold, in the spool, or in the kernel until it has the floor.
#include <sys/stat.h>

#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

TEST(WaitingForTheFirstByteHoldsNoMemory) {
  TemporaryFile file;
  ServerStage server(file.fd());
  std::vector<Fd> clients;
  for (int i = 0; i < 20; i++) clients.push_back(Connect(server.address));
  CHECK_EVENTUALLY_EQ(server.stats().open, 20u);
  CHECK(AwaitQuiet());
  CHECK_EQ(server.stats().memoryBytes, 0u);
  CHECK(SendAll(clients[0], "x"));
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 1u);
  CHECK(AwaitQuiet());
  CHECK_EQ(server.stats().memoryBytes, 16u * 1024);
}

TEST(AMessageThatFillsTheHoldDoesNotTakeTheFloor) {
  for (size_t length : {size_t{16 * 1024}, kSmallHold, kHeld}) {
    TemporaryFile file;
    ServerStage server(file.fd(), SmallHold());
    const std::string held = Noise(length, length);
    Fd silent = server.Begin(held);
    CHECK(AwaitQuiet());
    CHECK_EQ(file.size(), 0u);
    server.Deliver("another");
    CHECK_EQ(file.text(), "another");
    CHECK_EQ(server.stats().spoolBytes, 0u);
    EndMessage(silent);
    CHECK(file.text() == "another" + held);
    CHECK_EQ(server.stats().memoryBytes, 0u);
  }
}

TEST(AMessageThatOutgrowsTheHoldTakesTheFreeFloor) {
  TemporaryFile file;
  ServerStage server(file.fd(), SmallHold());
  const std::string held = Noise(kHeld, 1);
  Fd client = server.Begin(held);
  CHECK(AwaitQuiet());
  CHECK_EQ(file.size(), 0u);
  CHECK(SendAll(client, "x"));
  CHECK_EVENTUALLY_EQ(file.size(), kHeld + 1);
  // From here on it is printed as it comes.
  CHECK(SendAll(client, "yz"));
  CHECK_EVENTUALLY_EQ(file.size(), kHeld + 3);
  CHECK_EQ(server.stats().spoolBytes, 0u);
  EndMessage(client);
  CHECK(file.text() == held + "xyz");
}

TEST(WithoutAHoldTheSmallBlockIsAll) {
  TemporaryFile file;
  MessageServerConfig config;
  config.holdBytes = 0;
  ServerStage server(file.fd(), config);
  Fd client = server.Begin(Noise(16384, 1));
  CHECK(AwaitQuiet());
  CHECK_EQ(file.size(), 0u);
  CHECK(SendAll(client, "x"));
  CHECK_EVENTUALLY_EQ(file.size(), 16385u);
}

TEST(AMessageThatOutgrowsTheHoldSpoolsWhileTheFloorIsTaken) {
  TemporaryDirectory directory;
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.spoolDirectory = directory.path();
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  const std::string second = Noise(500000, 2);
  Fd spooling = server.Begin(second);
  CHECK(AwaitQuiet());
  CHECK_EQ(server.stats().spoolBytes, second.size());
  CHECK_EQ(directory.entries(), 0);
  // What is spooled is not in memory any more: all that is left is the holder's block.
  CHECK_EQ(server.stats().memoryBytes, 65536u);
  EndMessage(holder, "end");
  CHECK_EQ(file.size(), first.size() + 3);
  // It goes on spooling while it is silent, so others are not delayed.
  server.Deliver("another");
  EndMessage(spooling, "end");
  CHECK(file.text() == first + "end" + "another" + second + "end");
  CHECK_EQ(server.stats().spoolBytes, 0u);
  CHECK_EQ(server.End().bytesLost, 0u);
}

TEST(WithAFullSpoolAMessageWaitsForTheFloor) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 200000;
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  const std::string second = Noise(2000000, 2);
  Fd client = Connect(server.address);
  Task sender([&] { CHECK(SendAll(client, second)); });
  CHECK(AwaitQuiet());
  // The rest is where TCP keeps it: with the sender.
  CHECK(server.stats().bytesIn - first.size() <= config.spoolBytes + kHeld);
  CHECK(server.stats().spoolBytes <= config.spoolBytes);
  CHECK(server.stats().spoolBytes > 0);
  CHECK_EQ(server.Count(Kind::kSpoolFailed), 1u);
  CHECK_EQ(server.Find(Kind::kSpoolFailed).error, -EDQUOT);
  EndMessage(holder, "end");
  sender.Join();
  EndMessage(client, "end");
  CHECK(file.text() == first + "end" + second + "end");
  CHECK_EQ(server.stats().spoolBytes, 0u);
  CHECK_EQ(server.End().bytesLost, 0u);
  CHECK_EQ(server.Count(Kind::kSpoolFailed), 1u);
}

TEST(WithoutASpoolDirectoryAMessageWaitsForTheFloor) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.spoolDirectory = "/nonexistent/directory";
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  const std::string second = Noise(kHeld + 70000, 2);
  Fd one = SendMessage(server.address, second);
  Fd other = SendMessage(server.address, second);
  CHECK(AwaitQuiet());
  CHECK_EQ(file.size(), first.size());
  // Told once, for two messages and more.
  CHECK_EQ(server.Count(Kind::kSpoolFailed), 1u);
  CHECK_EQ(server.Find(Kind::kSpoolFailed).error, -ENOENT);
  EndMessage(holder);
  CHECK_EQ(AwaitClose(one), 0);
  CHECK_EQ(AwaitClose(other), 0);
  CHECK(file.text() == first + second + second);
  CHECK_EQ(server.End().bytesLost, 0u);
  CHECK_EQ(server.Count(Kind::kSpoolFailed), 1u);
}

// The spool of one fills the room of all; when that one is printed, there is room again.
TEST(TheRoomOfTheSpoolComesBack) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 400000;
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  for (int round = 0; round < 3; round++) {
    std::string first;
    Fd holder = server.TakeFloor(file, &first);
    Fd spooled = SendMessage(server.address, Noise(350000, 1));
    CHECK(AwaitQuiet());
    CHECK_EQ(server.stats().spoolBytes > 200000, true);
    EndMessage(holder);
    CHECK_EQ(AwaitClose(spooled), 0);
    CHECK_EQ(server.stats().spoolBytes, 0u);
  }
  CHECK_EQ(server.Count(Kind::kSpoolFailed), 0u);
}

TEST(WithLittleMemoryShortMessagesStillGetIn) {
  TemporaryFile file;
  MessageServerConfig config;
  config.memoryBytes = 2 * 65536;
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  std::vector<Fd> silent;
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < 20; i++) {
    texts.push_back(Noise(300000, i));
    silent.push_back(server.Begin(texts.back()));
  }
  CHECK(AwaitQuiet());
  const uint64_t most = config.memoryBytes + 21 * 16384;
  CHECK(server.stats().memoryBytes <= most);
  CHECK_EQ(file.size(), texts[0].size());  // The floor is the first's.
  for (uint64_t i = 0; i < 20; i++) {
    Fd client = Connect(server.address);
    CHECK(SendAll(client, Noise(16000, i + 100)));
    EndSending(client);
    // It has been received in full, whoever holds the floor.
    CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 20u * 300000 + (i + 1) * 16000);
    CHECK(server.stats().memoryBytes <= config.memoryBytes + (21 + i) * 16384);
  }
  for (const Fd& client : silent) EndMessage(client);
  MessageServerStats stats = server.End();
  CHECK_EQ(stats.bytesLost, 0u);
  CHECK_EQ(stats.messages, 40u);
  CHECK_EQ(file.size(), 20u * 316000);
  const std::string all = file.text();
  for (const std::string& text : texts) CHECK(Contains(all, text));
}

// A silent holder, and more waiting than fits anywhere: nobody waits for ever, nothing is lost.
TEST(ASilentHolderAndASmallSpoolAreNoDeadlock) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 300000;
  config.memoryBytes = 4 * 65536;
  config.stallMs = 50;
  ServerStage server(file.fd(), config);
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  std::vector<Task*> tasks;
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < 12; i++) texts.push_back(Noise(400000, i));
  for (const std::string& text : texts) {
    tasks.push_back(new Task([&] {
      Fd client = SendMessage(server.address, text);
      CHECK_EQ(AwaitClose(client), 0);
    }));
  }
  for (Task* task : tasks) delete task;
  EndMessage(holder, "rest");
  CHECK_EQ(server.End().bytesLost, 0u);
  CHECK_EQ(server.stats().splits, 1u);
  const std::string all = file.text();
  CHECK_EQ(all.size(), first.size() + 12u * 400000 + 4);
  for (const std::string& text : texts) CHECK(Contains(all, text));
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
