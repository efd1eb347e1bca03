// SPDX-License-Identifier: MIT
//
// Live: chunks are printed as they come.
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

MessageServerConfig Live(bool escape) {
  MessageServerConfig config;
  config.live = true;
  config.escape = escape;
  return config;
}

TEST(ChunksComeAsTheyAreSent) {
  TemporaryFile file;
  ServerStage server(file.fd(), Live(false));
  Fd one = Connect(server.address);
  Fd other = Connect(server.address);
  std::string expected;
  for (int i = 0; i < 10; i++) {
    const std::string chunk = i % 2 == 0 ? "<one>" : "<other>";
    CHECK(SendAll(i % 2 == 0 ? one : other, chunk));
    expected += chunk;
    CHECK_EVENTUALLY_EQ(file.text(), expected);
  }
  EndMessage(one);
  EndMessage(other);
  MessageServerStats stats = server.End();
  CHECK_EQ(file.text(), expected);
  CHECK_EQ(server.Count(Outcome::kComplete), 2u);
  CHECK_EQ(stats.bytesLost, 0u);
  CHECK_EQ(stats.bytesOut, expected.size());
}

TEST(WithoutEscapeBytesAreBytes) {
  TemporaryFile file;
  ServerStage server(file.fd(), Live(false));
  const std::string bytes = Noise(500000, 1);
  server.Deliver(bytes);
  CHECK(file.text() == bytes);
}

TEST(ASilentClientHoldsNoMemoryAndNoTurn) {
  TemporaryFile file;
  MessageServerConfig config = Live(false);
  config.stallMs = 0;
  ServerStage server(file.fd(), config);
  Fd silent = server.Begin(Noise(3000000, 1));
  CHECK(AwaitQuiet());
  CHECK_EQ(server.stats().memoryBytes, 0u);
  server.Deliver("another");
  CHECK_EQ(file.size(), 3000007u);
  CHECK_EQ(server.stats().spoolBytes, 0u);
}

// Each chunk is a small packet, and each is printed as a whole.
TEST(ChunksOfManyClientsAreNotMixed) {
  constexpr size_t kChunks = 100;
  PipeReader reader;
  reader.Start();
  ServerStage server(reader.fd(), Live(false));
  std::vector<Task*> tasks;
  for (int i = 0; i < 8; i++) {
    tasks.push_back(new Task([&, i] {
      Fd client = Connect(server.address);
      int one = 1;
      sys::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      const std::string chunk = std::string(50, static_cast<char>('a' + i)) + "\n";
      for (size_t n = 0; n < kChunks; n++) CHECK(SendAll(client, chunk));
      EndMessage(client);
    }));
  }
  for (Task* task : tasks) delete task;
  server.End();
  const std::string text = reader.Finish();
  CHECK_EQ(text.size(), 8 * kChunks * 51);
  for (size_t at = 0; at < text.size(); at += 51) {
    CHECK_EQ(text.substr(at, 51), std::string(50, text[at]) + "\n");
  }
}

TEST(EscapeShowsWhatATerminalWouldObey) {
  TemporaryFile file;
  ServerStage server(file.fd(), Live(true));
  server.Deliver("\x1B]0;title\x07\r\n\ttab \x7F \xC2\x9B \xC3\xA9\n");
  const size_t before = file.size();
  CHECK_EQ(file.text(), "\\x1B]0;title\\x07\\x0D\n\ttab \\x7F \\xC2\\x9B \xC3\xA9\n");
  // A message much longer than the slices that are converted at once.
  server.Deliver(std::string(100000, '\x1B'));
  CHECK_EQ(file.size(), before + 400000);
  MessageServerStats stats = server.End();
  CHECK_EQ(stats.bytesOut, file.size());
  CHECK_EQ(stats.bytesLost, 0u);
}

TEST(EscapeJoinsCharactersAcrossChunks) {
  TemporaryFile file;
  ServerStage server(file.fd(), Live(true));
  Fd client = server.Begin("a\xE2");
  CHECK_EVENTUALLY_EQ(file.text(), "a");
  CHECK(SendAll(client, "\x82"));
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, 3u);
  // Another's chunk in between does not come into it.
  server.Deliver("\xAC");
  CHECK_EQ(file.text(), "a\\xAC");
  CHECK(SendAll(client, "\xACz\xF0\x9F"));
  CHECK_EVENTUALLY_EQ(file.text(), "a\\xAC\xE2\x82\xACz");
  // A character that never ends is shown at the end.
  EndMessage(client);
  CHECK_EQ(file.text(), "a\\xAC\xE2\x82\xACz\\xF0\\x9F");
}

TEST(ResetsCutsAndAsides) {
  TemporaryFile file;
  ServerStage server(file.fd(), Live(false));
  Reset(server.Begin("half"));
  CHECK_EVENTUALLY_EQ(server.Count(Outcome::kReset), 1u);
  server->Aside("{aside}", 7);
  CHECK_EVENTUALLY_EQ(file.text(), "half{aside}");
  Fd cut = server.Begin("cut");
  server.End();
  CHECK(AwaitClose(cut) < 0);
  CHECK_EQ(server.Count(Outcome::kCut), 1u);
  CHECK_EQ(file.text(), "half{aside}cut");
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
