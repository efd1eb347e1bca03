// SPDX-License-Identifier: MIT
//
// An accept loop that lacks descriptors or threads, or loses its listener.
#include <dlfcn.h>
#include <errno.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "native/server/accept_loop.h"
#include "native/server/sync.h"
#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace {

// The calls below fail so, while this is not 0.
std::atomic<int> acceptError{0};
std::atomic<int> createError{0};
std::atomic<int> attempts{0};
std::atomic<int64_t> attemptMs[8];

void CountAttempt() {
  int number = attempts++;
  if (number < 8) attemptMs[number] = sockkit::server::NowMs();
}

}  // namespace

// These two stand before the library's.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  using Accept = int (*)(int, sockaddr*, socklen_t*, int);
  static const Accept real = reinterpret_cast<Accept>(dlsym(RTLD_NEXT, "accept4"));
  CountAttempt();
  // Read once: between two readings a test may have set it back, and errno 0 is no failure.
  if (int error = acceptError) {
    errno = error;
    return -1;
  }
  return real(fd, address, length, flags);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (int error = createError) {
    CountAttempt();
    return error;
  }
  return real(thread, attributes, run, argument);
}

namespace sockkit::test {
namespace {

struct Handler : server::ConnectionHandler {
  void Serve(int fd, const sys::Address&, server::Lead* lead) override {
    Fd connection(fd);
    lead->StepDown();
    AwaitClose(connection);
    served++;
  }
  void AcceptDelayed(const char* call, int error) override {
    server::Locked lock(mutex);
    told += std::string(call) + " " + std::to_string(error) + "\n";
  }
  void ListenerLost(int error) override { lost = error; }
  std::string Told() {
    server::Locked lock(mutex);
    return told;
  }

  std::atomic<int> served{0};
  std::atomic<int> lost{0};
  server::Mutex mutex;
  std::string told;
};

struct Stage {
  Stage() : listener(Listen(AF_INET, &address, 1024)) {
    REQUIRE(sys::setNonblocking(listener.get(), true) == 0);
    CHECK_EQ(loop.Start(listener.get(), 1024, &handler), 0);
    CHECK(AwaitQuiet());
    attempts = 0;
  }
  ~Stage() {
    loop.StopAccepting();
    loop.Join();
  }
  bool Works() {
    int before = handler.served;
    Connect(address);
    return CHECK_EVENTUALLY_EQ(handler.served.load(), before + 1);
  }

  sys::Address address;
  Fd listener;
  Handler handler;
  server::AcceptLoop loop;
};

std::string Line(const char* call, int error) {
  return std::string(call) + " " + std::to_string(-error) + "\n";
}

TEST(WantOfResourcesIsToldOnceForEachOutage) {
  for (int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    Stage stage;
    acceptError = error;
    Fd client = Connect(stage.address);
    CHECK_EVENTUALLY(attempts >= 4);
    CHECK_EQ(stage.handler.Told(), Line("accept", error));
    acceptError = 0;
    client.Close();
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 1);
    CHECK(stage.Works());
    CHECK_EQ(stage.handler.Told(), Line("accept", error));

    acceptError = error;
    attempts = 0;
    Connect(stage.address);
    CHECK_EVENTUALLY(attempts >= 2);
    CHECK_EQ(stage.handler.Told(), Line("accept", error) + Line("accept", error));
    acceptError = 0;
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 3);
    CHECK_EQ(stage.handler.lost.load(), 0);
  }
}

TEST(AnOutageDoesNotSpin) {
  Stage stage;
  acceptError = EMFILE;
  Fd client = Connect(stage.address);
  CHECK_EVENTUALLY(attempts >= 5);
  // A wait never ends early: 10 ms, then twice as long each time.
  for (int i = 1; i < 5; i++) CHECK(attemptMs[i] - attemptMs[i - 1] >= (10 << (i - 1)) - 1);
  acceptError = 0;
}

TEST(AnOutageDoesNotDelayStopAccepting) {
  Stage stage;
  acceptError = EMFILE;
  Fd client = Connect(stage.address);
  CHECK_EVENTUALLY(attempts >= 3);
  stage.loop.StopAccepting();
  stage.loop.Join();
  CHECK_EQ(stage.handler.served.load(), 0);
  acceptError = 0;
}

TEST(WithoutAThreadForASuccessorNothingIsAccepted) {
  Stage stage;
  createError = EAGAIN;
  Fd one = Connect(stage.address);
  Fd other = Connect(stage.address);
  CHECK_EVENTUALLY(attempts >= 4);
  CHECK_EQ(stage.handler.Told(), Line("pthread_create", EAGAIN));
  CHECK_EQ(stage.loop.threads(), 1u);
  one.Close();
  other.Close();
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.handler.served.load(), 0);
  createError = 0;
  CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 2);
  CHECK(stage.Works());
  CHECK_EQ(stage.handler.Told(), Line("pthread_create", EAGAIN));
}

TEST(StartSaysWhereThereIsNoFirstThread) {
  sys::Address address;
  Fd listener(Listen(AF_INET, &address));
  Handler handler;
  server::AcceptLoop loop;
  createError = EAGAIN;
  CHECK_EQ(loop.Start(listener.get(), 10, &handler), -EAGAIN);
  createError = 0;
  CHECK_EQ(loop.threads(), 0u);
  loop.StopAccepting();
  loop.Join();
}

TEST(WhatPassesByItselfIsNotTold) {
  // Those that accept(2) passes on from the network, and the others that say nothing of the
  // listener.
  for (int error : {ECONNABORTED, EINTR, EPROTO, EAGAIN, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                    EHOSTUNREACH, ENETUNREACH, EPERM}) {
    Stage stage;
    acceptError = error;
    Connect(stage.address);
    CHECK_EVENTUALLY(attempts >= 2);
    acceptError = 0;
    CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 1);
    CHECK_EQ(stage.handler.Told(), "");
    CHECK_EQ(stage.handler.lost.load(), 0);
  }
}

TEST(AListenerThatIsNoneIsLost) {
  for (int error : {EBADF, EINVAL, ENOTSOCK}) {
    Stage stage;
    acceptError = error;
    Fd client = Connect(stage.address);
    CHECK_EVENTUALLY_EQ(stage.handler.lost.load(), -error);
    stage.loop.Join();
    CHECK_EQ(stage.loop.threads(), 0u);
    CHECK_EQ(stage.handler.Told(), "");
    CHECK_EQ(attempts.load(), 1);
    acceptError = 0;
  }
}

// The same by the system itself: the next descriptor would be beyond the limit.
TEST(TheLimitOfDescriptors) {
  Stage stage;
  Fd client = Connect(stage.address);
  Fd waiting = Connect(stage.address);
  CHECK_EVENTUALLY(attempts >= 2);
  CHECK(AwaitQuiet());
  struct rlimit before;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Fd third(sys::socket(AF_INET, SOCK_STREAM, 0));
  struct rlimit limit = {static_cast<rlim_t>(third.get()) + 1, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  attempts = 0;
  CHECK_EQ(sys::connect(third.get(), stage.address), 0);
  CHECK_EVENTUALLY(attempts >= 3);
  CHECK_EQ(stage.handler.Told(), Line("accept", EMFILE));
  // Descriptors come free where connections end.
  client.Close();
  waiting.Close();
  third.Close();
  CHECK_EVENTUALLY_EQ(stage.handler.served.load(), 3);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(stage.Works());
  CHECK_EQ(stage.handler.Told(), Line("accept", EMFILE));
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
