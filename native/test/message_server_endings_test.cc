// SPDX-License-Identifier: MIT
//
// Connections that end otherwise than by their client's shutting down: resets and idle timeouts.
#include <errno.h>

#include <string>

#include "native/server/sync.h"
#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

TEST(OfAConnectionThatIsResetWhatHadArrivedIsPrinted) {
  TemporaryFile file;
  ServerStage server(file.fd());
  Reset(server.Begin("half a message"));
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kReset), 1u);
  Event event = server.Find(Outcome::kReset);
  CHECK_EQ(event.error, -ECONNRESET);
  CHECK_EQ(event.bytes, 14u);
  CHECK_EQ(event.offset, 14u);
  CHECK_EQ(event.lost, 0u);
  CHECK_EQ(file.text(), "half a message");
  server.Deliver(" and a whole one");
  CHECK_EQ(file.text(), "half a message and a whole one");
}

TEST(AResetInTheSpoolAndOnTheFloor) {
  TemporaryFile file;
  MessageServerConfig config = SmallHold();
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  std::string first;
  Fd holder = server.TakeFloor(file, &first);
  const std::string second = Noise(300000, 2);
  Fd spooling = server.Begin(second);
  Reset(std::move(spooling));
  CHECK(AwaitQuiet());
  CHECK_EQ(server.Count(Outcome::kReset), 0u);
  Reset(std::move(holder));
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kReset), 2u);
  server.End();
  CHECK(file.text() == first + second);
  CHECK_EQ(server.stats().bytesLost, 0u);
}

TEST(AConnectionResetBeforeItsFirstByte) {
  TemporaryFile file;
  ServerStage server(file.fd());
  Reset(Connect(server.address));
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kReset), 1u);
  CHECK_EQ(server.Find(Outcome::kReset).bytes, 0u);
  CHECK_EQ(file.size(), 0u);
}

TEST(AnIdleConnectionIsCutAndWhatItSentIsPrinted) {
  TemporaryFile file;
  MessageServerConfig config;
  config.idleTimeoutMs = 40;
  ServerStage server(file.fd(), config);
  Fd client = Connect(server.address);
  CHECK(SendAll(client, "half a message"));
  CHECK_EQ(AwaitClose(client), -ECONNRESET);
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kIdle), 1u);
  CHECK_EQ(server.Find(Outcome::kIdle).bytes, 14u);
  CHECK_EQ(server.Find(Outcome::kIdle).lost, 0u);
  CHECK_EQ(file.text(), "half a message");
  // Without a first byte too.
  Fd mute = Connect(server.address);
  CHECK_EQ(AwaitClose(mute), -ECONNRESET);
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kIdle), 2u);
  // A holder of the floor is no exception.
  const std::string large = Noise(2000000, 3);
  Fd holder = Connect(server.address);
  CHECK(SendAll(holder, large));
  CHECK_EQ(AwaitClose(holder), -ECONNRESET);
  CHECK(file.text() == "half a message" + large);
}

TEST(AClientThatPausesLessIsNotIdle) {
  TemporaryFile file;
  MessageServerConfig config;
  config.idleTimeoutMs = 1000;
  ServerStage server(file.fd(), config);
  Fd client = Connect(server.address);
  std::string all;
  for (int i = 0; i < 5; i++) {
    CHECK(SendAll(client, "piece "));
    all += "piece ";
    PauseMs(250);
  }
  EndMessage(client);
  CHECK_EQ(file.text(), all);
  CHECK_EQ(server.Count(Outcome::kIdle), 0u);
}

// A client is not idle while the server itself does not read: here it waits for its turn, or for
// the output.
TEST(TheIdleTimeoutDoesNotRunWhileTheServerDoesNotRead) {
  PipeReader reader;
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 0;
  config.stallMs = 0;
  config.idleTimeoutMs = 50;
  ServerStage server(reader.fd(), config);
  const std::string first = Noise(300000, 1);
  Fd holder = SendMessage(server.address, first);
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, kHeld);
  const std::string second = Noise(kHeld + 1000, 2);
  Fd queued = SendMessage(server.address, second);
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 2 * kHeld);
  PauseMs(4 * 50);
  CHECK_EQ(server.Count(Outcome::kIdle), 0u);
  reader.Start();
  CHECK_EQ(AwaitClose(holder), 0);
  CHECK_EQ(AwaitClose(queued), 0);
  CHECK_EQ(server.Count(Outcome::kComplete), 2u);
  server.End();
  CHECK(reader.Finish() == first + second);
}

TEST(OnlyWhatEndedOtherwiseIsToldUnlessAsked) {
  TemporaryFile file;
  ServerStage server(file.fd());
  server->TellAll(false);
  server.Deliver("message");
  Reset(server.Begin("half"));
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kReset), 1u);
  server.Deliver("message");
  server.End();
  CHECK_EQ(server.Count(Kind::kMessage), 1u);
  CHECK_EQ(server.stats().messages, 3u);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
