// SPDX-License-Identifier: MIT
//
// An output that cannot be written to, or not in time.
#include <errno.h>
#include <fcntl.h>

#include <string>

#include "native/server/output.h"
#include "native/server/sync.h"
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

TEST(AFullDiskIsAFailureForGood) {
  Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() < 0) {
    printf("  skipped: no /dev/full\n");
    return;
  }
  Output output;
  CHECK_EQ(output.Open(full.get()), 0);
  CHECK_EQ(output.failure(), 0);
  CHECK_EQ(Write(output, "text"), 0u);
  CHECK_EQ(output.failure(), -ENOSPC);
  // The first failure stays, and nothing is tried again.
  output.Abort();
  CHECK_EQ(Write(output, "text"), 0u);
  CHECK_EQ(output.failure(), -ENOSPC);
}

// On a thread of the server, where SIGPIPE is blocked; its action is the default, which would end
// this program.
TEST(AReaderWhoLeavesIsAFailureAndNoSignal) {
  Pipe pipe;
  Output output;
  CHECK_EQ(output.Open(pipe.writing.get()), 0);
  size_t written = 0;
  Task writer([&] { written = Write(output, std::string(kMoreThanAPipe, 'x')); });
  CHECK(AwaitQuiet());
  char bytes[10000];
  CHECK_EQ(::read(pipe.reading.get(), bytes, sizeof(bytes)), 10000);
  pipe.reading.Close();
  writer.Join();
  CHECK_EQ(output.failure(), -EPIPE);
  CHECK(written >= 10000 && written < kMoreThanAPipe);
}

TEST(BeforeTheDrainAStoppedReaderIsWaitedFor) {
  PipeReader reader;
  Output output;
  CHECK_EQ(output.Open(reader.fd()), 0);
  const std::string text = Noise(kMoreThanAPipe, 4);
  Task writer([&] { CHECK_EQ(Write(output, text), text.size()); });
  CHECK(AwaitQuiet());
  output.BeginDrain(0);  // For ever, in the drain too.
  CHECK(AwaitQuiet());
  CHECK_EQ(output.failure(), 0);
  reader.Start();
  writer.Join();
  output.Close();
  CHECK(reader.Finish() == text);
}

TEST(InTheDrainAStoppedReaderIsGivenUpOn) {
  for (bool waiting : {true, false}) {
    Pipe pipe;
    Output output;
    CHECK_EQ(output.Open(pipe.writing.get()), 0);
    Fill(pipe.writing.get());
    if (!waiting) output.BeginDrain(30);
    Task writer([&] { CHECK_EQ(Write(output, "text"), 0u); });
    if (waiting) {
      CHECK(AwaitQuiet());
      CHECK_EQ(output.failure(), 0);
      output.BeginDrain(30);
    }
    writer.Join();
    CHECK_EQ(output.failure(), -ETIMEDOUT);
  }
}

TEST(InTheDrainAReaderWhoGoesOnIsWaitedFor) {
  Pipe pipe;
  Output output;
  CHECK_EQ(output.Open(pipe.writing.get()), 0);
  const std::string text(kMoreThanAPipe, 'x');
  constexpr int64_t kStallMs = 400;
  Task writer([&] { CHECK_EQ(Write(output, text), text.size()); });
  CHECK(AwaitQuiet());
  output.BeginDrain(kStallMs);
  // In all the writer waits longer than the stall, but it never waits so long for a byte.
  const int64_t began = server::NowMs();
  std::string bytes(65536, '\0');
  size_t got = 0;
  while (got < text.size()) {
    if (server::NowMs() - began < 2 * kStallMs && got < text.size() / 2) PauseMs(60);
    ssize_t count = ::read(pipe.reading.get(), bytes.data(), bytes.size());
    REQUIRE(count > 0);
    got += static_cast<size_t>(count);
  }
  writer.Join();
  CHECK_EQ(output.failure(), 0);
}

TEST(AbortEndsAWriteThatWaits) {
  for (bool drain : {false, true}) {
    Pipe pipe;
    Output output;
    CHECK_EQ(output.Open(pipe.writing.get()), 0);
    Fill(pipe.writing.get());
    if (drain) output.BeginDrain(0);
    Task writer([&] { CHECK_EQ(Write(output, "text"), 0u); });
    CHECK(AwaitQuiet());
    output.Abort();
    writer.Join();
    CHECK_EQ(output.failure(), -ECANCELED);
    CHECK_EQ(Write(output, "text"), 0u);
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
