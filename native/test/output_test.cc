// SPDX-License-Identifier: MIT
#include "native/server/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <string>

#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

using server::Output;

constexpr size_t kMoreThanAPipe = 1024 * 1024;

size_t Write(Output& output, std::string_view text) {
  return output.Write(text.data(), text.size());
}

TEST(ABlockingPipeKeepsItsFlags) {
  PipeReader reader;
  const std::string text = Noise(kMoreThanAPipe, 1);
  Output output;
  const int flags = ::fcntl(reader.fd(), F_GETFL);
  CHECK_EQ(flags & O_NONBLOCK, 0);
  CHECK_EQ(output.Open(reader.fd()), 0);
  CHECK_EQ(::fcntl(reader.fd(), F_GETFL), flags);
  Task writer([&] { CHECK_EQ(Write(output, text), text.size()); });
  CHECK(AwaitQuiet());  // The pipe is full and the writer waits.
  reader.Start();
  writer.Join();
  CHECK_EQ(::fcntl(reader.fd(), F_GETFL), flags);
  CHECK_EQ(output.failure(), 0);
  output.Close();
  CHECK_EQ(::fcntl(reader.fd(), F_GETFL), flags);
  CHECK(reader.Finish() == text);
}

TEST(ANonblockingPipeTakesAll) {
  PipeReader reader;
  const std::string text = Noise(kMoreThanAPipe, 2);
  Output output;
  REQUIRE(::fcntl(reader.fd(), F_SETFL, O_NONBLOCK) == 0);
  CHECK_EQ(output.Open(reader.fd()), 0);
  reader.Start();
  CHECK_EQ(Write(output, text), text.size());
  output.Close();
  CHECK(reader.Finish() == text);
}

TEST(ABlockingSocketTakesAllAndKeepsItsFlags) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Fd one(ends[0]);
  Fd other(ends[1]);
  const std::string text = Noise(kMoreThanAPipe, 3);
  Output output;
  CHECK_EQ(output.Open(one.get()), 0);
  Task writer([&] { CHECK_EQ(Write(output, text), text.size()); });
  CHECK(AwaitQuiet());
  std::string got(text.size(), '\0');
  for (size_t at = 0; at < got.size();) {
    ssize_t count = ::read(other.get(), got.data() + at, got.size() - at);
    REQUIRE(count > 0);
    at += static_cast<size_t>(count);
  }
  CHECK(got == text);
  CHECK_EQ(::fcntl(one.get(), F_GETFL) & O_NONBLOCK, 0);
  writer.Join();
  other.Close();
  Task afterwards([&] { CHECK_EQ(Write(output, "x"), 0u); });
  afterwards.Join();
  CHECK_EQ(output.failure(), -EPIPE);
}

TEST(AFileIsWrittenWhereItsOffsetIsAndAppendedWhereThatWasAsked) {
  TemporaryFile file;
  Output output;
  REQUIRE(::write(file.fd(), "header\n", 7) == 7);
  CHECK_EQ(output.Open(file.fd()), 0);
  CHECK_EQ(Write(output, "one\n"), 4u);
  // The offset is shared, as two programs on one stdout expect.
  REQUIRE(::write(file.fd(), "between\n", 8) == 8);
  CHECK_EQ(Write(output, "two\n"), 4u);
  CHECK_EQ(Write(output, ""), 0u);
  CHECK_EQ(file.text(), "header\none\nbetween\ntwo\n");

  TemporaryFile appended(O_APPEND);
  Output other;
  REQUIRE(::write(appended.fd(), "header\n", 7) == 7);
  REQUIRE(::lseek(appended.fd(), 0, SEEK_SET) == 0);
  CHECK_EQ(other.Open(appended.fd()), 0);
  CHECK_EQ(Write(other, "one\n"), 4u);
  CHECK_EQ(appended.text(), "header\none\n");
}

TEST(WhatCannotBeWrittenIsRefused) {
  Pipe pipe;
  Output reading;
  CHECK_EQ(reading.Open(pipe.reading.get()), -EBADF);
  Output none;
  CHECK_EQ(none.Open(-1), -EBADF);
  Output closed;
  int fd = pipe.writing.Detach();
  ::close(fd);
  CHECK_EQ(closed.Open(fd), -EBADF);
  Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Output null;
  CHECK_EQ(null.Open(file.get()), -EBADF);
}

// In a process of its own: as another user it may not open the pipe anew, so it writes step by step
// through the shared, blocking description. Returns what went wrong, as an exit code.
int WriteStepwise(int fd, std::string_view text) {
  if (setuid(65534) != 0) return 1;
  const int before = OpenDescriptors();
  Output output;
  if (output.Open(fd) != 0) return 2;
  // Two wake descriptors, and no description of our own.
  if (before >= 0 && OpenDescriptors() != before + 2) return 3;
  if ((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) return 4;
  if (Write(output, text) != text.size()) return 5;
  // Nobody reads any more.
  output.BeginDrain(30);
  const std::string more(2 * kMoreThanAPipe, 'm');
  size_t taken = Write(output, more);
  if (taken == 0 || taken >= more.size()) return 6;
  return output.failure() == -ETIMEDOUT ? 0 : 7;
}

TEST(APipeOfAnotherUserIsWrittenStepByStep) {
  if (geteuid() != 0) {
    printf("  skipped: only root can become another user\n");
    return;
  }
  Pipe pipe;
  const std::string text = Noise(300000, 5);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    pipe.reading.Close();
    _exit(WriteStepwise(pipe.writing.get(), text));
  }
  std::string got(text.size(), '\0');
  size_t at = 0;
  pollfd ready = {pipe.reading.get(), POLLIN, 0};
  while (at < got.size() && ::poll(&ready, 1, 10000) == 1) {
    ssize_t count = ::read(pipe.reading.get(), got.data() + at, got.size() - at);
    if (count <= 0) break;
    at += static_cast<size_t>(count);
  }
  CHECK(got == text);
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(ATerminalTakesAll) {
  int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    printf("  skipped: no pseudo-terminal\n");
    return;
  }
  Fd screen(master);
  char name[64];
  REQUIRE(::ptsname_r(master, name, sizeof(name)) == 0);
  Fd terminal(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal.get() >= 0);
  Output output;
  CHECK_EQ(output.Open(terminal.get()), 0);
  const std::string text = Noise(100000, 6, "abcdefghij");
  Task writer([&] { CHECK_EQ(Write(output, text), text.size()); });
  CHECK(AwaitQuiet());
  CHECK_EQ(::fcntl(terminal.get(), F_GETFL) & O_NONBLOCK, 0);
  std::string got(text.size(), '\0');
  for (size_t at = 0; at < got.size();) {
    ssize_t count = ::read(master, got.data() + at, got.size() - at);
    REQUIRE(count > 0);
    at += static_cast<size_t>(count);
  }
  CHECK(got == text);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
