// SPDX-License-Identifier: MIT
//
// Who may keep the floor while others wait, and who loses it.
#include <string>
#include <vector>

#include "native/server/sync.h"
#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

MessageServerConfig Stalling(int64_t ms) {
  MessageServerConfig config = SmallHold();
  config.stallMs = ms;
  return config;
}

// A split is counted and told after the turn was passed, so another's message can be out before.
TEST(ASilentHolderLosesTheFloorToWhoeverWaits) {
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(50));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  server.Deliver("another\n");
  CHECK(file.text() == first + "another\n");
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kSplit), 1u);
  CHECK_EQ(server.stats().splits, 1u);
  Event split = server.Find(Outcome::kSplit);
  CHECK_EQ(split.bytes, first.size());
  CHECK_EQ(split.offset, first.size());
  CHECK_EQ(split.lost, 0u);
  CHECK(split.lostFloor);
  sys::Address own;
  CHECK_EQ(sys::getsockname(holder.get(), &own), 0);
  CHECK_EQ(sys::Port(split.peer), sys::Port(own));

  // What comes later is a further message: held, and whole.
  CHECK(SendAll(holder, "the rest, "));
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, first.size() + 8 + 10);
  server.Deliver("third\n");
  EndMessage(holder, "all of it\n");
  MessageServerStats stats = server.End();
  CHECK(file.text() == first + "another\nthird\nthe rest, all of it\n");
  CHECK_EQ(server.Count(Outcome::kSplit), 2u);
  CHECK_EQ(server.Count(Outcome::kComplete), 2u);
  const Event last = server.events()[server.events().size() - 2];
  CHECK(last.outcome == Outcome::kSplit);
  CHECK(!last.lostFloor);
  CHECK_EQ(last.bytes, 20u);
  CHECK_EQ(last.offset, first.size() + 20);
  CHECK_EQ(stats.splits, 1u);
  CHECK_EQ(stats.messages, 4u);
  CHECK_EQ(stats.bytesLost, 0u);
}

TEST(TheFloorCanBeLostAgainAndAgain) {
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(20));
  const std::string part = Noise(kHeld + 1, 5);
  Fd holder = Connect(server.address);
  std::string expected;
  for (int i = 0; i < 4; i++) {
    CHECK(SendAll(holder, part));
    expected += part;
    CHECK_EVENTUALLY_EQ(file.size(), expected.size());
    server.Deliver("x");
    expected += "x";
  }
  EndMessage(holder);
  CHECK(file.text() == expected);
  server.End();
  CHECK_EQ(server.stats().splits, 4u);
  CHECK_EQ(server.Count(Outcome::kSplit), 5u);
  uint64_t offset = 0;
  for (const Event& event : server.events()) {
    if (event.kind != Kind::kMessage || event.outcome != Outcome::kSplit) continue;
    offset += event.bytes;
    CHECK_EQ(event.offset, offset);
  }
  CHECK_EQ(offset, 4 * part.size());
}

TEST(AHolderThatTricklesLosesTheFloor) {
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(50));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  std::atomic<bool> stop{false};
  Task trickle([&] {
    while (!stop && SendAll(holder, "t")) PauseMs(2);
  });
  server.Deliver("another\n");
  CHECK_EVENTUALLY_EQ(server.stats().splits, 1u);
  stop = true;
  trickle.Join();
  EndMessage(holder);
}

// It is asked for 1 MiB in each stall time, however often it pauses.
TEST(AHolderThatDeliversKeepsTheFloor) {
  constexpr size_t kMiB = 1024 * 1024;
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(1000));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  Fd waiting = SendMessage(server.address, "another\n");
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, first.size() + 8);
  const std::string part = Noise(kMiB, 7);
  for (int i = 0; i < 4; i++) {
    PauseMs(300);
    CHECK(SendAll(holder, part));
  }
  EndMessage(holder);
  CHECK_EQ(AwaitClose(waiting), 0);
  CHECK_EQ(server.stats().splits, 0u);
  CHECK(file.text() == first + part + part + part + part + "another\n");
}

TEST(WithNobodyWaitingTheFloorIsKept) {
  constexpr int64_t kStallMs = 60;
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(kStallMs));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  PauseMs(3 * kStallMs);
  CHECK_EQ(server.stats().splits, 0u);
  // Its time runs from when somebody waits, not from when it fell silent.
  const int64_t began = server::NowMs();
  server.Deliver("another\n");
  CHECK(server::NowMs() - began >= kStallMs - 1);
  CHECK_EVENTUALLY_EQ(server.stats().splits, 1u);
}

// The time in which the output takes nothing is not the holder's.
TEST(TimeSpentWritingDoesNotCount) {
  constexpr int64_t kStallMs = 50;
  PipeReader reader;
  const std::string first = Noise(300000, 1);
  ServerStage server(reader.fd(), Stalling(kStallMs));
  Fd holder = Connect(server.address);
  CHECK(SendAll(holder, first));
  CHECK(AwaitQuiet());  // It has the floor and waits for the pipe to be read.
  Fd waiting = SendMessage(server.address, "another\n");
  PauseMs(4 * kStallMs);
  CHECK_EQ(server.stats().splits, 0u);
  EndSending(holder);
  reader.Start();
  CHECK_EQ(AwaitClose(holder), 0);
  CHECK_EQ(AwaitClose(waiting), 0);
  server.End();
  CHECK_EQ(server.stats().splits, 0u);
  CHECK(reader.Finish() == first + "another\n");
}

TEST(WithoutAStallTimeTheFloorIsKeptForEver) {
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(0));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  Fd waiting = SendMessage(server.address, "another\n");
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, first.size() + 8);
  PauseMs(300);
  CHECK(AwaitQuiet());
  CHECK_EQ(file.size(), first.size());
  CHECK_EQ(server.stats().splits, 0u);
  EndMessage(holder, "end\n");
  CHECK_EQ(AwaitClose(waiting), 0);
  CHECK(file.text() == first + "end\nanother\n");
}

TEST(AFinishedMessageWaitsAtMostForTheHolderBeforeIt) {
  TemporaryFile file;
  ServerStage server(file.fd(), Stalling(30));
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  std::vector<Fd> waiting;
  for (uint64_t i = 0; i < 10; i++) waiting.push_back(SendMessage(server.address, Line(50, i)));
  for (const Fd& client : waiting) CHECK_EQ(AwaitClose(client), 0);
  CHECK_EVENTUALLY_EQ(server.stats().splits, 1u);
  CHECK_EQ(file.size(), first.size() + 500);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
