// SPDX-License-Identifier: MIT
#include "native/sys/trace_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "native/sys/shared_output.h"
#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace sockkit::sys::trace {

namespace {

constexpr int kStderr = 2;
constexpr int64_t kPatienceMs = 1000;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// All of it under the mutex, and used until the process is gone.
struct Writer {
  // Our own descriptor: number 2 may be closed, and become a socket's, while a trace goes on.
  SharedOutput output;
  bool opened = false;
  bool failed = false;  // There is nothing to write to, for good; the descriptor is closed.
  bool stuck = false;   // The reader has stopped.
  uint64_t dropped = 0;
  // The rest of a line of which a part was taken.
  char rest[Line::kMost];
  size_t restLength = 0;
  Sink* sink = nullptr;
  int firstSpeaker = 0;
  bool several = false;
};
Writer writer;

class Locked {
 public:
  Locked() { pthread_mutex_lock(&mutex); }
  ~Locked() { pthread_mutex_unlock(&mutex); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
};

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

void Open(int fd) {
  writer.opened = true;
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, kStderr + 1);
  writer.failed = own < 0 || writer.output.Open(own) != 0;
  // A description of its own makes the copy needless.
  if (own >= 0 && (writer.failed || writer.output.owned())) ::close(own);
}

void Close() {
  const int open = writer.output.fd();
  const bool owned = writer.output.owned();
  writer.output.Close();
  if (!owned && open >= 0) ::close(open);
}

void Fail() {
  Close();
  writer.failed = true;
}

// Waits for the reader; false where it takes nothing.
bool AwaitRoom(int64_t until) {
  const int64_t left = until - NowMs();
  if (writer.stuck || left <= 0) return false;
  pollfd room = {writer.output.fd(), POLLOUT, 0};
  return ::poll(&room, 1, static_cast<int>(left)) >= 0 || errno == EINTR;
}

// How much was taken before the reader stopped, or the output failed.
size_t WriteAll(const char* text, size_t length) {
  size_t written = 0;
  int64_t until = NowMs() + kPatienceMs;
  while (written < length && !writer.failed) {
    const long taken = writer.output.WriteSome(text + written, length - written);
    if (taken > 0) {
      written += static_cast<size_t>(taken);
      until = NowMs() + kPatienceMs;
      writer.stuck = false;
    } else if (taken == -EAGAIN) {
      if (AwaitRoom(until)) continue;
      writer.stuck = true;
      break;
    } else if (taken == -EPIPE || taken == -EBADF) {
      Fail();
    } else if (taken != -EINTR) {
      break;  // A disk that is full may have room later.
    }
  }
  return written;
}

// False where the reader has stopped. What of a line could not be written any more is kept, since
// the line must be ended before another begins.
bool WriteLine(const char* text, size_t length) {
  const size_t written = WriteAll(text, length);
  if (written == 0 || written == length || writer.failed) return written > 0;
  memcpy(writer.rest, text + written, length - written);
  writer.restLength = length - written;
  return true;
}

bool WriteRest() {
  if (writer.restLength == 0) return true;
  const size_t written = WriteAll(writer.rest, writer.restLength);
  writer.restLength -= written;
  memmove(writer.rest, writer.rest + written, writer.restLength);
  return writer.restLength == 0;
}

bool TellDropped(bool json) {
  if (writer.dropped == 0) return true;
  char text[96];
  const auto count = static_cast<unsigned long long>(writer.dropped);
  const int length =
      json ? snprintf(text, sizeof(text), "{\"dropped\":%llu}\n", count)
           : snprintf(text, sizeof(text), "(%llu lines were dropped: nobody read them)\n", count);
  if (!WriteLine(text, static_cast<size_t>(length))) return false;
  writer.dropped = 0;
  return true;
}

// The mutex is held.
void Emit(const char* text, size_t length, bool json) {
  if (writer.sink != nullptr) {
    writer.sink->TraceLine(text, length);
    return;
  }
  if (!writer.opened) Open(kStderr);
  if (writer.failed) return;
  if (!WriteRest() || !TellDropped(json) || writer.restLength > 0 || !WriteLine(text, length)) {
    writer.dropped++;
  }
}

}  // namespace

int ThreadId() {
#ifdef __linux__
  thread_local int id = static_cast<int>(::syscall(SYS_gettid));
  return id;
#else
  return static_cast<int>(getpid());
#endif
}

void Write(Line* line) {
  const int error = errno;
  const int id = ThreadId();
  size_t length;
  char* text = line->Finish(&length);
  {
    Locked locked;
    if (writer.firstSpeaker == 0) writer.firstSpeaker = id;
    if (writer.firstSpeaker != id) writer.several = true;
    if (writer.several && !line->json()) {
      char head[Line::kHead + 1];
      const int headLength = snprintf(head, sizeof(head), "[pid %d] ", id);
      text -= headLength;
      memcpy(text, head, static_cast<size_t>(headLength));
      length += static_cast<size_t>(headLength);
      if (length > Line::kMost) {
        length = Line::kMost;
        text[length - 1] = '\n';
      }
    }
    Emit(text, length, line->json());
  }
  errno = error;
}

void Say(const char* text, size_t length) {
  Locked locked;
  Emit(text, length, false);
}

bool LeadsToStderr(int fd) {
  struct stat one;
  struct stat other;
  return ::fstat(fd, &one) == 0 && ::fstat(kStderr, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

void AddSink(Sink* sink) {
  Locked locked;
  if (writer.sink == nullptr) writer.sink = sink;
}

void RemoveSink(Sink* sink) {
  Locked locked;
  if (writer.sink == sink) writer.sink = nullptr;
}

void SetOutput(int fd) {
  Locked locked;
  Close();
  Sink* sink = writer.sink;
  writer = Writer();
  writer.sink = sink;
  if (fd >= 0) Open(fd);
}

}  // namespace sockkit::sys::trace
