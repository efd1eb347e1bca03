// SPDX-License-Identifier: MIT
//
// Messages are printed whole, byte for byte and as soon as they end.
#include "native/server/message_server.h"

#include <algorithm>
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

std::string EveryByte() {
  std::string bytes;
  for (int i = 0; i < 256; i++) bytes += static_cast<char>(i);
  return bytes;
}

TEST(BytesAreBytes) {
  for (bool unixSocket : {false, true}) {
    MessageServerConfig config;
    config.unixSocket = unixSocket;
    TemporaryFile file;
    ServerStage server(file.fd(), config);
    const std::string first = EveryByte();
    const std::string second = Noise(100000, 1);
    const std::string third = Noise(3000000, 2);
    server.Deliver(first);
    server.Deliver(second);
    server.Deliver(third);
    MessageServerStats stats = server.End();
    CHECK(file.text() == first + second + third);
    CHECK_EQ(stats.connections, 3u);
    CHECK_EQ(stats.messages, 3u);
    CHECK_EQ(stats.bytesIn, file.size());
    CHECK_EQ(stats.bytesOut, file.size());
    CHECK_EQ(stats.bytesLost, 0u);
    CHECK_EQ(stats.cuts, 0u);
    CHECK_EQ(server.Count(Outcome::kComplete), 3u);
    const Event event = server.events()[1];
    CHECK_EQ(event.bytes, second.size());
    CHECK_EQ(event.offset, second.size());
    CHECK_EQ(event.lost, 0u);
    CHECK_EQ(event.peer.family(), unixSocket ? AF_UNIX : AF_INET);
  }
}

TEST(AnEmptyMessagePrintsNothing) {
  TemporaryFile file;
  ServerStage server(file.fd());
  server.Deliver("");
  server.Deliver("x");
  server.Deliver("");
  MessageServerStats stats = server.End();
  CHECK_EQ(file.text(), "x");
  CHECK_EQ(stats.messages, 3u);
  CHECK_EQ(server.Count(Outcome::kComplete), 3u);
}

// By the time a client sees the connection close, its message is in the output.
TEST(AMessageIsPrintedBeforeItsConnectionCloses) {
  TemporaryFile file;
  ServerStage server(file.fd());
  std::string all;
  for (uint64_t i = 0; i < 100; i++) {
    const std::string line = Line(1 + i * 37 % 500, i);
    server.Deliver(line);
    all += line;
    CHECK_EQ(file.size(), all.size());
  }
  CHECK(file.text() == all);
}

TEST(ASilentClientDelaysNobody) {
  TemporaryFile file;
  ServerStage server(file.fd());
  Fd silent = server.Begin("first half, ");
  Fd mute = Connect(server.address);
  server.Deliver("a message\n");
  CHECK_EQ(file.text(), "a message\n");
  CHECK(SendAll(silent, "second half\n"));
  EndSending(silent);
  CHECK_EQ(AwaitClose(silent), 0);
  CHECK_EQ(file.text(), "a message\nfirst half, second half\n");
}

// Ten clients at once, each with a line that it sends piece by piece.
void StreamTenLines(int output, const MessageServerConfig& config, size_t pieces, size_t piece,
                    const std::function<std::string()>& printed) {
  constexpr size_t kClients = 10;
  ServerStage server(output, config);
  std::vector<std::string> lines(kClients);
  std::vector<Task*> tasks;
  std::atomic<size_t> ready{0};
  for (size_t i = 0; i < kClients; i++) {
    tasks.push_back(new Task([&, i] {
      Fd client = Connect(server.address);
      ready++;
      Eventually([&] { return ready == kClients; });
      for (size_t at = 0; at < pieces; at++) {
        std::string part = Noise(piece, i * 1000 + at, "abcdefghijklmnopqrstuvwxyz");
        if (at + 1 == pieces) part.back() = '\n';
        lines[i] += part;
        CHECK(SendAll(client, part));
        sched_yield();
      }
      EndSending(client);
      CHECK_EQ(AwaitClose(client), 0);
    }));
  }
  for (Task* task : tasks) delete task;
  MessageServerStats stats = server.End();
  CHECK_EQ(stats.bytesLost, 0u);
  CHECK_EQ(stats.splits, 0u);
  CHECK_EQ(server.Count(Outcome::kComplete), kClients);
  std::vector<std::string> got;
  const std::string text = printed();
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    got.push_back(text.substr(at, end - at));
    at = end;
  }
  std::sort(lines.begin(), lines.end());
  std::sort(got.begin(), got.end());
  CHECK(got == lines);
}

TEST(TenLinesAtOnceIntoAFile) {
  TemporaryFile file;
  StreamTenLines(file.fd(), {}, 200, 1000, [&] { return file.text(); });
}

TEST(TenLinesAtOnceIntoAPipe) {
  PipeReader reader;
  reader.Start();
  StreamTenLines(reader.fd(), {}, 200, 1000, [&] { return reader.Finish(); });
}

// Each outgrows the hold: one has the floor, the others spool.
TEST(TenLongLinesAtOnce) {
  PipeReader reader;
  reader.Start();
  StreamTenLines(reader.fd(), SmallHold(), 50, 10000, [&] { return reader.Finish(); });
}

TEST(TenLongLinesAtOnceWithoutASpool) {
  PipeReader reader;
  reader.Start();
  MessageServerConfig config = SmallHold();
  config.spoolBytes = 0;
  StreamTenLines(reader.fd(), config, 50, 10000, [&] { return reader.Finish(); });
}

TEST(TenLongLinesAtOnceWithHardlyAnyRoom) {
  PipeReader reader;
  reader.Start();
  MessageServerConfig config;
  config.memoryBytes = 3 * 65536;
  config.spoolBytes = 300000;
  StreamTenLines(reader.fd(), config, 50, 10000, [&] { return reader.Finish(); });
}

TEST(MoreClientsThanConnectionsAllowed) {
  PipeReader reader;
  reader.Start();
  MessageServerConfig config;
  config.maxConnections = 10;
  ServerStage server(reader.fd(), config);
  std::vector<Fd> clients;
  for (uint64_t i = 0; i < 40; i++) clients.push_back(SendMessage(server.address, Line(100, i)));
  for (const Fd& client : clients) CHECK_EQ(AwaitClose(client), 0);
  CHECK_EQ(server.End().messages, 40u);
  CHECK_EQ(reader.Finish().size(), 4000u);
}

// Peers of a dual-stack listener are shown as what they are.
TEST(MappedPeersAreShownAsIPv4) {
  sys::Address where;
  REQUIRE(sys::ParseIp("::", 0, &where) == 0);
  Fd listener(sys::socket(AF_INET6, SOCK_STREAM, 0));
  int off = 0;
  sys::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (listener.get() < 0 || sys::bind(listener.get(), where) != 0) {
    printf("  skipped: no IPv6\n");
    return;
  }
  REQUIRE(sys::listen(listener.get(), 10) == 0 && sys::getsockname(listener.get(), &where) == 0);
  TemporaryFile file;
  struct Ignore : server::EventListener {
    void EventsWait() override {}
  } ignore;
  server::MessageServer server({}, &ignore);
  server.TellAll(true);
  REQUIRE(server.Start(listener.Detach(), file.fd()) == 0);
  sys::Address loopback;
  REQUIRE(sys::ParseIp("127.0.0.1", sys::Port(where), &loopback) == 0);
  Fd client = SendMessage(loopback, "message");
  CHECK_EQ(AwaitClose(client), 0);
  Event event;
  CHECK_EVENTUALLY(server.Take(&event));
  CHECK_EQ(event.peer.family(), AF_INET);
  sys::Address own;
  CHECK_EQ(sys::getsockname(client.get(), &own), 0);
  CHECK_EQ(sys::Port(event.peer), sys::Port(own));
}

TEST(StartSaysWhatIsWrong) {
  struct Ignore : server::EventListener {
    void EventsWait() override {}
  } ignore;
  sys::Address where;
  TemporaryFile file;
  {
    server::MessageServer server({}, &ignore);
    CHECK_EQ(server.Start(Listen(AF_INET, &where), -1), -EBADF);
    server.Abort();
  }
  {
    server::MessageServer server({}, &ignore);
    CHECK_EQ(server.Start(-1, file.fd()), -EBADF);
  }
  {
    server::MessageServer never({}, &ignore);
    never.Close();
    never.Join();
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
