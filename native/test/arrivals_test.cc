// SPDX-License-Identifier: MIT
#include "native/sys/arrivals.h"

#include <errno.h>

#include <string>

#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"

namespace sockkit::test {
namespace {

bool Supported() {
  Fd fd(sys::socket(AF_INET, SOCK_STREAM, 0));
  if (sys::DropIncoming(fd.get()) != -ENOPROTOOPT) return true;
  printf("  skipped: nothing stops arrivals here\n");
  return false;
}

// A connection: the client's end and the accepted one.
struct Pair {
  Pair() {
    sys::Address where;
    listener = Fd(Listen(AF_INET, &where));
    client = Connect(where);
    accepted = Fd(sys::accept(listener.get(), nullptr));
  }
  Fd listener;
  Fd client;
  Fd accepted;
};

TEST(WhatArrivedBeforeIsReadAndNothingAfter) {
  if (!Supported()) return;
  Pair pair;
  CHECK(SendAll(pair.client, "before"));
  CHECK_EQ(sys::DropIncoming(pair.accepted.get()), 0);
  sys::AwaitPackets();
  CHECK(SendAll(pair.client, "after"));
  EndSending(pair.client);
  char buffer[100];
  CHECK_EQ(sys::recv(pair.accepted.get(), buffer, sizeof(buffer), MSG_DONTWAIT), 6);
  CHECK_EQ(sys::recv(pair.accepted.get(), buffer, sizeof(buffer), MSG_DONTWAIT), -EAGAIN);
  CHECK(!sys::PeerEnded(pair.accepted.get()));
  // The client is not told that it arrived.
  CHECK(!Acknowledged(pair.client));
  Reset(std::move(pair.accepted));
  CHECK_EQ(AwaitClose(pair.client), -ECONNRESET);
}

TEST(AConnectionToAStoppedListenerIsNotMade) {
  if (!Supported()) return;
  sys::Address where;
  Fd listener(Listen(AF_INET, &where));
  CHECK_EQ(sys::setNonblocking(listener.get(), true), 0);
  Fd before = Connect(where);
  CHECK_EQ(sys::DropIncoming(listener.get()), 0);
  Fd after(sys::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_EQ(sys::setNonblocking(after.get(), true), 0);
  CHECK_EQ(sys::connect(after.get(), where), -EINPROGRESS);
  // The one that was in the queue can be accepted, and goes on.
  Fd accepted(sys::accept(listener.get(), nullptr));
  CHECK(accepted.get() >= 0);
  CHECK(SendAll(before, "data"));
  char buffer[10];
  CHECK_EQ(sys::recv(accepted.get(), buffer, sizeof(buffer), 0), 4);
  CHECK_EQ(sys::accept(listener.get(), nullptr), -EAGAIN);
}

TEST(AnEndThatHasArrivedStays) {
  if (!Supported()) return;
  Pair pair;
  CHECK(SendAll(pair.client, "all"));
  EndSending(pair.client);
  CHECK_EVENTUALLY(Acknowledged(pair.client));
  CHECK(sys::PeerEnded(pair.accepted.get()));
  CHECK_EQ(sys::DropIncoming(pair.accepted.get()), 0);
  CHECK_EQ(sys::DropIncoming(pair.accepted.get()), 0);
  char buffer[10];
  CHECK_EQ(sys::recv(pair.accepted.get(), buffer, sizeof(buffer), 0), 3);
  CHECK_EQ(sys::recv(pair.accepted.get(), buffer, sizeof(buffer), 0), 0);
}

TEST(WhatIsNoSocketIsRefused) {
  if (!Supported()) return;
  CHECK_EQ(sys::DropIncoming(-1), -EBADF);
  Pipe pipe;
  CHECK_EQ(sys::DropIncoming(pipe.reading.get()), -ENOTSOCK);
}

TEST(AwaitPacketsReturns) {
  // Where the system has no such call it says so, and nothing is worse for it.
  int error = sys::AwaitPackets();
  CHECK(error == 0 || error == -ENOSYS || error == -EINVAL || error == -EPERM);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTestsAsEveryone(argc, argv);
}
