// SPDX-License-Identifier: MIT
//
// The promise of the drain, at the worst moment: what a client's TCP knows to have arrived when
// Close() is called is printed, every time.
#include <fcntl.h>

#include <functional>
#include <string>
#include <vector>

#include "native/test/server_stage.h"

namespace sockkit::test {
namespace {

const size_t kSizes[] = {1, 12, 1000, 16384, 16385, 70000, 200000};

// Waits until all that was sent, the end included, is acknowledged: true, or false where the
// connection was reset. This is how sockclient decides on its exit status.
bool AwaitAcknowledgement(const Fd& fd) {
  for (;;) {
    tcp_info info = {};
    socklen_t length = sizeof(info);
    if (sys::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
    if (info.tcpi_state == TCP_FIN_WAIT2 || info.tcpi_state == TCP_TIME_WAIT) return true;
    if (info.tcpi_state == TCP_CLOSE) {
      int error = 0;
      length = sizeof(error);
      sys::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
      return error == 0;
    }
    sched_yield();
  }
}

// Rounds beside each other: most of the time of each goes by in waiting for the kernel.
void Rounds(uint64_t count, const std::function<void(uint64_t)>& run) {
  std::atomic<uint64_t> next{0};
  auto lane = [&] {
    for (uint64_t round = next++; round < count; round = next++) run(round);
  };
  Task lanes[] = {Task(lane), Task(lane), Task(lane), Task(lane)};
}

TEST(AMessageThatWasAcknowledgedIsPrinted) {
  Rounds(140, [](uint64_t round) {
    TemporaryFile file;
    ServerStage server(file.fd(), SmallHold());
    const std::string message = Noise(kSizes[round % 7], round);
    Fd client = SendMessage(server.address, message);
    CHECK(AwaitAcknowledgement(client));
    server->Close();
    server.AwaitEnd();
    if (!CHECK(file.text() == message)) printf("  in round %d\n", static_cast<int>(round));
    CHECK_EQ(server.Count(Outcome::kComplete), 1u);
    CHECK_EQ(AwaitClose(client), 0);
  });
}

TEST(SoIsOneThatWasNotEvenAccepted) {
  Rounds(24, [](uint64_t round) {
    TemporaryFile file;
    MessageServerConfig config;
    config.maxConnections = 1;
    ServerStage server(file.fd(), config);
    Fd silent = Connect(server.address);
    std::string expected;
    std::vector<Fd> clients;
    for (uint64_t i = 0; i < 3; i++) {
      const std::string message = Line(2 + round * 100, i);
      clients.push_back(SendMessage(server.address, message));
      expected += message;
    }
    for (const Fd& client : clients) CHECK(AwaitAcknowledgement(client));
    server->Close();
    server.AwaitEnd();
    CHECK(file.text() == expected);
    CHECK_EQ(server.Count(Outcome::kComplete), 3u);
  });
}

TEST(SoAreTheBytesOfOneThatIsNotAtItsEnd) {
  for (bool noFilter : {false, true}) {
    Rounds(42, [noFilter](uint64_t round) {
      TemporaryFile file;
      MessageServerConfig config = SmallHold();
      config.noFilter = noFilter;
      ServerStage server(file.fd(), config);
      const std::string bytes = Noise(kSizes[round % 7], round);
      Fd client = Connect(server.address);
      CHECK(SendAll(client, bytes));
      while (Unacknowledged(client) > 0) sched_yield();
      server->Close();
      server.AwaitEnd();
      if (!CHECK(file.text() == bytes)) {
        printf("  in round %d%s: %zu of %zu bytes\n", static_cast<int>(round),
               noFilter ? " without a filter" : "", file.size(), bytes.size());
      }
      CHECK_EQ(server.Count(Outcome::kCut), 1u);
      CHECK_EQ(AwaitClose(client), -ECONNRESET);
    });
  }
}

// Clients that go on sending until they are reset, and look all the time how much has arrived.
TEST(EveryByteThatWasAcknowledgedIsPrinted) {
  Rounds(24, [](uint64_t round) {
    constexpr size_t kClients = 2;
    Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    PipeReader reader;
    MessageServerConfig config = SmallHold();
    if (round % 3 == 0) config.maxConnections = 1;  // These stay in the listener's queue.
    ServerStage server(round % 2 == 0 ? null.get() : reader.fd(), config);
    Fd silent = server.Begin("x");
    Fd clients[kClients] = {Connect(server.address), Connect(server.address)};
    std::atomic<uint64_t> acknowledged[kClients] = {};
    auto send = [&](size_t i) {
      const std::string piece(1 + round * 37, 'p');
      uint64_t sent = 0;
      for (;;) {
        ssize_t taken = sys::send(clients[i].get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (taken < 0 && taken != -EAGAIN) return;
        if (taken > 0) sent += static_cast<uint64_t>(taken);
        acknowledged[i] = sent - static_cast<uint64_t>(Unacknowledged(clients[i]));
        sched_yield();
      }
    };
    Task one([&] { send(0); });
    Task other([&] { send(1); });
    while (acknowledged[round % kClients] < round * 100 + 1) sched_yield();
    server->Close();
    reader.Start();  // Until here a message that is being printed could not go on.
    server.AwaitEnd();
    one.Join();
    other.Join();
    for (const Event& event : server.events()) {
      if (event.kind != Kind::kMessage || event.bytes == 1) continue;
      sys::Address own;
      CHECK_EQ(sys::getsockname(clients[0].get(), &own), 0);
      size_t i = sys::Port(own) == sys::Port(event.peer) ? 0 : 1;
      CHECK(event.outcome == Outcome::kCut);
      CHECK_EQ(event.lost, 0u);
      if (!CHECK(event.bytes >= acknowledged[i])) {
        printf("  in round %d: %llu of %llu bytes\n", static_cast<int>(round),
               static_cast<unsigned long long>(event.bytes),
               static_cast<unsigned long long>(acknowledged[i].load()));
      }
    }
    CHECK_EQ(server.Count(Outcome::kCut), kClients + 1);
  });
}

// Clients that go on coming until they are refused.
TEST(OfAStormThoseThatWereAcknowledgedArePrinted) {
  Rounds(24, [](uint64_t round) {
    Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ServerStage server(null.get());
    std::atomic<uint64_t> acknowledged{0};
    auto storm = [&] {
      for (;;) {
        Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
        timeval most = {0, 20000};
        sys::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
        if (sys::connect(client.get(), server.address) != 0) return Reset(std::move(client));
        SendAll(client, "message");
        EndSending(client);
        if (!AwaitAcknowledgement(client)) return;
        acknowledged++;
      }
    };
    Task one(storm);
    Task other(storm);
    while (acknowledged < round * 3) sched_yield();
    server.End();
    one.Join();
    other.Join();
    CHECK_EQ(server.Count(Outcome::kComplete), acknowledged.load());
    for (const Event& event : server.events()) {
      if (event.kind == Kind::kMessage)
        CHECK(event.bytes == 7 || event.outcome != Outcome::kComplete);
    }
    CHECK_EQ(server.stats().bytesLost, 0u);
  });
}

// Several at once, some of which make it in time. Each knows which it was.
TEST(OfSeveralThoseThatWereAcknowledgedArePrinted) {
  constexpr size_t kClients = 6;
  std::atomic<int> acknowledged{0};
  std::atomic<int> refused{0};
  Rounds(80, [&](uint64_t round) {
    TemporaryFile file;
    MessageServerConfig config = SmallHold();
    if (round % 3 == 0) config.maxConnections = 2;
    ServerStage server(file.fd(), config);
    std::vector<std::string> messages;
    for (uint64_t i = 0; i < kClients; i++) {
      messages.push_back(
          Noise(32 + kSizes[(round + i) % 7] * (i % 2 == 0 ? 1 : 4), round * 10 + i));
    }
    std::atomic<bool> known[kClients] = {};
    std::atomic<size_t> count{0};
    std::vector<Task*> tasks;
    for (size_t i = 0; i < kClients; i++) {
      tasks.push_back(new Task([&, i] {
        Fd client(sys::socket(AF_INET, SOCK_STREAM, 0));
        // A SYN that the drain drops is sent again after a second, which is of no use here.
        timeval most = {0, 20000};
        sys::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
        if (sys::connect(client.get(), server.address) != 0 || !SendAll(client, messages[i])) {
          Reset(std::move(client));  // A mere close would be the end of a message.
          return;
        }
        EndSending(client);
        if (!AwaitAcknowledgement(client)) return;
        known[i] = true;
        count++;
      }));
    }
    while (count < round % kClients) sched_yield();
    server->Close();
    server.AwaitEnd();
    for (Task* task : tasks) delete task;
    const std::string all = file.text();
    size_t complete = 0;
    for (size_t i = 0; i < kClients; i++) {
      complete += Contains(all, messages[i]) ? 1 : 0;
      (known[i] ? acknowledged : refused)++;
      if (known[i] && !CHECK(Contains(all, messages[i]))) {
        printf("  in round %d: client %zu\n", static_cast<int>(round), i);
      }
    }
    // Whoever was reported as complete was told so, and has all its bytes in the output.
    CHECK_EQ(server.Count(Outcome::kComplete), count.load());
    CHECK(complete >= count);
  });
  printf("  (%d were acknowledged, %d were not)\n", acknowledged.load(), refused.load());
  CHECK(acknowledged > 0);
  CHECK(refused > 0);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTestsAsEveryone(argc, argv);
}
