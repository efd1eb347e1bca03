// SPDX-License-Identifier: MIT
//
// An output that fails: what is told, what is counted, and that the server ends by itself.
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

// Of all messages, as their events tell.
uint64_t LostByEvents(ServerStage& server) {
  uint64_t lost = 0;
  for (const Event& event : server.events()) lost += event.lost;
  return lost;
}

void CheckCounts(ServerStage& server, uint64_t printed, int error) {
  MessageServerStats stats = server.stats();
  CHECK_EQ(server.Count(Kind::kOutputFailed), 1u);
  CHECK_EQ(server.Find(Kind::kOutputFailed).error, error);
  CHECK_EQ(stats.bytesOut, printed);
  CHECK_EQ(stats.bytesLost, stats.bytesIn - printed);
  CHECK_EQ(LostByEvents(server), stats.bytesLost);
}

TEST(AFullDisk) {
  Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() < 0) {
    printf("  skipped: no /dev/full\n");
    return;
  }
  ServerStage server(full.get());
  Fd silent = server.Begin("a first half");
  server.Deliver("a message");
  // It ends without being told to, and what had arrived is counted.
  server.AwaitEnd();
  CHECK_EQ(AwaitClose(silent), -ECONNRESET);
  CheckCounts(server, 0, -ENOSPC);
  CHECK_EQ(server.stats().bytesLost, 21u);
  CHECK_EQ(server.stats().messagesLost, 2u);
  CHECK_EQ(server.Count(Outcome::kComplete), 1u);
  CHECK_EQ(server.Count(Outcome::kCut), 1u);
}

TEST(AnEmptyMessageDoesNotFail) {
  Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() < 0) {
    printf("  skipped: no /dev/full\n");
    return;
  }
  ServerStage server(full.get());
  server.Deliver("");
  MessageServerStats stats = server.End();
  CHECK_EQ(server.Count(Kind::kOutputFailed), 0u);
  CHECK_EQ(stats.messagesLost, 0u);
}

TEST(AReaderWhoLeaves) {
  for (bool live : {false, true}) {
    Pipe pipe;
    MessageServerConfig config = SmallHold();
    config.live = live;
    ServerStage server(pipe.writing.get(), config);
    // One that is in the middle of being printed, others that wait, one that is silent.
    const std::string first = Noise(140000, 1);
    Fd silent = server.Begin("silent");
    Fd holder = SendMessage(server.address, first);
    CHECK_EVENTUALLY(Acknowledged(holder));
    CHECK(AwaitQuiet());
    std::vector<Fd> others;
    for (uint64_t i = 0; i < 5; i++) {
      others.push_back(SendMessage(server.address, Noise(live ? 10000 : 100000, 10 + i)));
      CHECK_EVENTUALLY(Acknowledged(others.back()));
    }
    CHECK(AwaitQuiet());
    char bytes[1000];
    CHECK_EQ(::read(pipe.reading.get(), bytes, sizeof(bytes)), 1000);
    pipe.reading.Close();
    server.AwaitEnd();
    MessageServerStats stats = server.stats();
    CHECK_EQ(stats.bytesIn, first.size() + 6 + 5u * (live ? 10000 : 100000));
    CHECK(stats.bytesOut > 1000 && stats.bytesOut < first.size());
    CheckCounts(server, stats.bytesOut, -EPIPE);
    // In live mode "silent" came before.
    CHECK_EQ(stats.messagesLost, live ? 6u : 7u);
    CHECK_EQ(server.Count(Outcome::kComplete), 6u);
    CHECK_EQ(server.Count(Outcome::kCut), 1u);
  }
}

TEST(AnOutputThatIsGoneFromTheStart) {
  Pipe pipe;
  pipe.reading.Close();
  ServerStage server(pipe.writing.get());
  server.Deliver("message");
  server.AwaitEnd();
  CheckCounts(server, 0, -EPIPE);
}

// What the pipe had taken counts as printed; a byte more or less would be found here.
TEST(InTheDrainAStoppedReaderIsGivenUpOn) {
  Pipe pipe;
  MessageServerConfig config = SmallHold();
  config.stallMs = 50;
  ServerStage server(pipe.writing.get(), config);
  const std::string first = Noise(100000, 1);
  Fd one = SendMessage(server.address, first);
  CHECK(AwaitQuiet());
  Fd other = SendMessage(server.address, Noise(50000, 2));
  CHECK(AwaitQuiet());
  Fd silent = server.Begin("silent");
  CHECK(AwaitQuiet());
  CHECK_EQ(server.Count(Kind::kOutputFailed), 0u);
  server.End();
  int inPipe = 0;
  REQUIRE(::ioctl(pipe.reading.get(), FIONREAD, &inPipe) == 0);
  CHECK(inPipe > 0);
  CHECK_EQ(server.stats().bytesIn, 150006u);
  CheckCounts(server, static_cast<uint64_t>(inPipe), -ETIMEDOUT);
  CHECK_EQ(server.stats().messagesLost, 3u);
  CHECK_EQ(server.Count(Kind::kClosed), 1u);
}

TEST(InTheDrainWithoutAStallTimeAStoppedReaderIsWaitedFor) {
  PipeReader reader;
  MessageServerConfig config = SmallHold();
  config.stallMs = 0;
  ServerStage server(reader.fd(), config);
  const std::string text = Noise(140000, 1);
  Fd client = SendMessage(server.address, text);
  CHECK_EVENTUALLY(Acknowledged(client));
  CHECK(AwaitQuiet());
  server->Close();
  CHECK(AwaitQuiet());
  CHECK_EQ(server.Count(Kind::kClosed), 0u);
  reader.Start();
  server.AwaitEnd();
  CHECK_EQ(server.stats().bytesLost, 0u);
  CHECK(reader.Finish() == text);
}

// Its messages are dropped, but the server's end does not wait for its client's.
TEST(AnOutputThatFailsUnderAFastSender) {
  Pipe pipe;
  ServerStage server(pipe.writing.get());
  Task sender([&] {
    Fd client = Connect(server.address);
    const std::string bytes(65536, 's');
    while (SendAll(client, bytes)) {
    }
  });
  std::string bytes(300000, '\0');
  for (int i = 0; i < 20; i++) CHECK(::read(pipe.reading.get(), bytes.data(), bytes.size()) > 0);
  pipe.reading.Close();
  server.AwaitEnd();
  sender.Join();
  CheckCounts(server, server.stats().bytesOut, -EPIPE);
  CHECK_EQ(server.Count(Outcome::kCut), 1u);
}

// Everything that waits in memory, in the spool and in the queue is given back.
TEST(AFailureReleasesWhatWaits) {
  Pipe pipe;
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 500000;
  config.stallMs = 0;
  ServerStage server(pipe.writing.get(), config);
  std::vector<Fd> clients;
  for (uint64_t i = 0; i < 8; i++) {
    clients.push_back(SendMessage(server.address, Noise(140000, i)));
    CHECK_EVENTUALLY(Acknowledged(clients.back()));
  }
  CHECK(AwaitQuiet());
  CHECK(server.stats().spoolBytes > 0);
  CHECK(server.stats().memoryBytes > 0);
  pipe.reading.Close();
  server.AwaitEnd();
  CHECK_EQ(server.stats().bytesIn, 8u * 140000);
  CheckCounts(server, server.stats().bytesOut, -EPIPE);
}

TEST(AFullOutputKeepsNobodyOut) {
  PipeReader reader;
  size_t filled = Fill(reader.fd());
  ServerStage server(reader.fd());
  // Whoever accepted this one prints it, and has to wait.
  Fd first = SendMessage(server.address, "one,");
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 4u);
  CHECK(AwaitQuiet());
  Fd second = SendMessage(server.address, "two,");
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 8u);
  CHECK(AwaitQuiet());
  Fd third = SendMessage(server.address, "three");
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 13u);
  CHECK_EQ(server.stats().open, 3u);
  reader.Start();
  for (const Fd* client : {&first, &second, &third}) CHECK_EQ(AwaitClose(*client), 0);
  server.End();
  CHECK_EQ(reader.Finish().substr(filled), "one,two,three");
}

// The program's own lines, on a pipe that its reader has let fill up.
TEST(AnAsideKeepsNobodyWaiting) {
  for (bool read : {true, false}) {
    PipeReader reader;
    size_t filled = Fill(reader.fd());
    MessageServerConfig config;
    config.stallMs = read ? 0 : 50;
    ServerStage server(reader.fd(), config);
    server->Aside("one\n", 4);
    CHECK(AwaitQuiet());
    server->Aside("two\n", 4);
    if (read) {
      reader.Start();
      CHECK_EVENTUALLY_EQ(reader.size(), filled + 8);
    }
    // Nor does it keep the server from its end.
    server.End();
    CHECK_EQ(reader.Finish().substr(filled), read ? "one\ntwo\n" : "");
  }
}

TEST(TheOutputsFlagsAreAsTheyWere) {
  PipeReader reader;
  reader.Start();
  const int flags = ::fcntl(reader.fd(), F_GETFL);
  {
    ServerStage server(reader.fd());
    server.Deliver("message");
    CHECK_EQ(::fcntl(reader.fd(), F_GETFL), flags);
    server.End();
  }
  CHECK_EQ(::fcntl(reader.fd(), F_GETFL), flags);
  CHECK_EQ(::write(reader.fd(), "mine", 4), 4);  // It was borrowed, not closed.
  CHECK_EQ(reader.Finish(), "messagemine");
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
