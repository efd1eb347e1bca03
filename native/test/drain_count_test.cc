// SPDX-License-Identifier: MIT
//
// A drain that is overtaken while it looks which messages are finished.
#include <dlfcn.h>
#include <poll.h>

#include <atomic>
#include <functional>
#include <string>

#include "native/test/server_stage.h"

namespace {

// Called when it is looked for the second time whether the peer at this port has ended.
std::atomic<int> peerPort{0};
std::function<void()> atSecondLook;
std::atomic<int> looks{0};

bool LooksAtPeer(const pollfd* fds, nfds_t count) {
  if (peerPort == 0 || count != 1 || fds[0].events != POLLRDHUP) return false;
  sockkit::sys::Address peer;
  return sockkit::sys::getpeername(fds[0].fd, &peer) == 0 && sockkit::sys::Port(peer) == peerPort;
}

}  // namespace

// Stands before the library's.
extern "C" int poll(pollfd* fds, nfds_t count, int timeoutMs) {
  using Poll = int (*)(pollfd*, nfds_t, int);
  static const Poll real = reinterpret_cast<Poll>(dlsym(RTLD_NEXT, "poll"));
  if (LooksAtPeer(fds, count) && ++looks == 2) atSecondLook();
  return real(fds, count, timeoutMs);
}

namespace sockkit::test {
namespace {

// The one that is in the listener's queue is looked at when its packets are stopped and when the
// finished ones are counted, and it is the last of these. At that moment the reader comes, and the
// message that was counted first is done before the drain knows how many there are.
TEST(ACountedMessageMayBeDoneBeforeAllAreCounted) {
  PipeReader reader;
  MessageServerConfig config = SmallHold();
  config.maxConnections = 2;
  config.stallMs = 0;
  ServerStage server(reader.fd(), config);
  const std::string text = Noise(kHeld, 1);
  Fd counted = SendMessage(server.address, text);
  CHECK_EVENTUALLY_EQ(server.stats().bytesIn, text.size());
  Fd unfinished = server.Begin("unfinished");
  Fd queued = SendMessage(server.address, "queued,");
  CHECK_EVENTUALLY(Acknowledged(queued));
  CHECK(AwaitQuiet());

  atSecondLook = [&] {
    reader.Start();
    CHECK_EQ(AwaitClose(counted), 0);
  };
  sys::Address own;
  REQUIRE(sys::getsockname(queued.get(), &own) == 0);
  peerPort = sys::Port(own);
  server->Close();
  CHECK_EVENTUALLY_EQ(server.Count(Kind::kClosed), 1u);
  REQUIRE(server.Count(Kind::kClosed) == 1);
  server.AwaitEnd();
  CHECK(looks >= 2);
  CHECK(reader.Finish() == text + "queued,unfinished");
  CHECK_EQ(server.Count(Outcome::kComplete), 2u);
  CHECK_EQ(server.Count(Outcome::kCut), 1u);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
