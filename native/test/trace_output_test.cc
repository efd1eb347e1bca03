// SPDX-License-Identifier: MIT
//
// Where the lines of a trace go: whole, in order, and never at the program's cost for long.
#include "native/sys/trace_output.h"

#include <signal.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "native/sys/socket.h"
#include "native/sys/trace.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"
#include "native/test/trace.h"

namespace sockkit::test {
namespace {

struct On {
  explicit On(int fd, sys::trace::Format format = sys::trace::Format::kText) {
    sys::trace::SetOutput(fd);
    sys::trace::Start(format);
  }
  ~On() {
    sys::trace::Start(sys::trace::Format::kOff);
    sys::trace::SetOutput(-1);
  }
};

const char kLine[] = "close(-1) = -1 EBADF (Bad file descriptor)\n";

TEST(SeveralThreadsHaveTheirNumbers) {
  TemporaryFile file;
  int id = 0;
  {
    On on(file.fd());
    sys::close(-1);
    Task other([&] {
      id = sys::trace::ThreadId();
      sys::close(-1);
    });
    other.Join();
    sys::close(-1);
  }
  CHECK_EQ(file.text(), kLine + ("[pid " + std::to_string(id) + "] ") + kLine + "[pid " +
                            std::to_string(sys::trace::ThreadId()) + "] " + kLine);
}

TEST(LinesOfManyThreadsAreWhole) {
  constexpr int kThreads = 8;
  constexpr int kEach = 300;
  PipeReader reader;
  reader.Start();
  {
    On on(reader.fd());
    std::vector<Task*> tasks;
    for (int i = 0; i < kThreads; i++) {
      tasks.push_back(new Task([] {
        for (int n = 0; n < kEach; n++) sys::close(-1);
      }));
    }
    for (Task* task : tasks) delete task;
  }
  std::string rest = reader.Finish();
  int lines = 0;
  for (size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
    std::string line = rest.substr(0, end + 1);
    if (line[0] == '[') line.erase(0, line.find("] ") + 2);
    if (!CHECK_EQ(line, kLine)) break;
    lines++;
  }
  CHECK_EQ(lines, kThreads * kEach);
}

TEST(AReaderWhoStoppedIsGivenUpOnAndTold) {
  Pipe pipe;
  Fill(pipe.writing.get());
  On on(pipe.writing.get());
  // The first of them waits; the others do not, or this would take minutes.
  for (int i = 0; i < 300; i++) sys::close(-1);
  char drained[65536];
  while (true) {
    pollfd ready = {pipe.reading.get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) break;
    REQUIRE(::read(pipe.reading.get(), drained, sizeof(drained)) > 0);
  }
  sys::close(-1);
  sys::close(-1);
  ssize_t got = ::read(pipe.reading.get(), drained, sizeof(drained));
  REQUIRE(got > 0);
  CHECK_EQ(std::string(drained, static_cast<size_t>(got)),
           std::string("(300 lines were dropped: nobody read them)\n") + kLine + kLine);
}

TEST(ALineThatWasBegunIsEndedBeforeTheNext) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Fd writing(ends[0]);
  Fd reading(ends[1]);
  const int small = 16384;
  REQUIRE(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
  std::string text;
  {
    On on(writing.get(), sys::trace::Format::kJson);
    // Until it takes no more, wherever in a line that is.
    for (int i = 0; i < 3000; i++) sys::close(-1);
    char bytes[65536];
    for (bool more = true; more;) {
      pollfd ready = {reading.get(), POLLIN, 0};
      more = ::poll(&ready, 1, 0) == 1;
      ssize_t got = more ? ::read(reading.get(), bytes, sizeof(bytes)) : 0;
      if (got > 0) text.append(bytes, static_cast<size_t>(got));
    }
    sys::close(-1);
    ssize_t got = ::read(reading.get(), bytes, sizeof(bytes));
    REQUIRE(got > 0);
    text.append(bytes, static_cast<size_t>(got));
  }
  size_t told = 0;
  size_t lines = 0;
  for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    const std::string line = text.substr(0, end);
    if (line.rfind("{\"dropped\":", 0) == 0) {
      told += static_cast<size_t>(atoi(line.c_str() + 11));
      continue;
    }
    lines++;
    CHECK_EQ(line.substr(0, 8), "{\"time\":");
    const std::string tail = ",\"result\":-1,\"error\":\"EBADF\"}";
    if (line.size() < tail.size() || !CHECK_EQ(line.substr(line.size() - tail.size()), tail)) break;
  }
  CHECK_EQ(lines + told, 3001u);
  CHECK(told > 0);
}

TEST(AnOutputThatIsGoneIsNoError) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reading.Close();
  On on(pipe.writing.get());
  CHECK_EQ(sys::close(-1), -EBADF);
  CHECK_EQ(sys::close(-1), -EBADF);
  signal(SIGPIPE, SIG_DFL);
}

TEST(AFullDiskIsNoError) {
  Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  On on(full.get());
  CHECK_EQ(sys::close(-1), -EBADF);
}

TEST(TheDescriptorMayBeClosedMeanwhile) {
  TemporaryFile file;
  Fd copy(::dup(file.fd()));
  On on(copy.get());
  copy.Close();
  sys::close(-1);
  CHECK_EQ(file.text(), kLine);
}

class Keeper : public sys::trace::Sink {
 public:
  void TraceLine(const char* line, size_t length) override { text.append(line, length); }
  std::string text;
};

TEST(ASinkGetsTheLinesUntilItGoes) {
  TemporaryFile file;
  On on(file.fd());
  Keeper first;
  Keeper second;
  sys::trace::AddSink(&first);
  sys::trace::AddSink(&second);
  sys::close(-1);
  sys::trace::RemoveSink(&second);
  sys::close(-1);
  sys::trace::RemoveSink(&first);
  sys::close(-1);
  CHECK_EQ(first.text, std::string(kLine) + kLine);
  CHECK_EQ(second.text, "");
  CHECK_EQ(file.text(), kLine);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
