// SPDX-License-Identifier: MIT
#include "native/server/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native/server/sync.h"
#include "native/server/wait.h"
#include "native/sys/socket.h"

namespace sockkit::server {

namespace {

// A non-blocking description of our own for what `fd` writes to, or -1.
int Reopen(int fd) {
  char path[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  return ::open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

int Output::Open(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return -errno;
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_ACCMODE) == O_RDONLY) return -EBADF;
  int error = drain_.Open();
  if (error == 0) error = abort_.Open();
  if (error != 0) return error;
  fd_ = fd;
  owned_ = false;
  if (S_ISSOCK(status.st_mode)) {
    kind_ = Kind::kSocket;
  } else if (S_ISFIFO(status.st_mode) || (S_ISCHR(status.st_mode) && ::isatty(fd) == 1)) {
    if ((flags & O_NONBLOCK) != 0) {
      kind_ = Kind::kNonblocking;
    } else if (int own = Reopen(fd); own >= 0) {
      kind_ = Kind::kNonblocking;
      fd_ = own;
      owned_ = true;
    } else {
      kind_ = Kind::kStepwise;
    }
  } else {
    kind_ = Kind::kPlain;
  }
  return 0;
}

void Output::Close() {
  if (owned_) ::close(fd_);
  owned_ = false;
  fd_ = -1;
  drain_.Close();
  abort_.Close();
}

size_t Output::Write(const char* data, size_t length, BeforeWait* before) {
  size_t written = 0;
  int64_t waitingSince = 0;  // Since the last byte was taken; 0 where nothing waited since.
  while (written < length && failure() == 0) {
    long taken = WriteSome(data + written, length - written);
    if (taken > 0) {
      written += static_cast<size_t>(taken);
      waitingSince = 0;
    } else if (taken == -EAGAIN) {
      if (before != nullptr) before->WillWait();
      if (waitingSince == 0) waitingSince = NowUs();
      if (!AwaitRoom(waitingSince)) Fail(-ETIMEDOUT);
    } else if (taken != -EINTR) {
      // Nothing returns 0 for a write of more than 0 bytes; if something did, it would do so again.
      Fail(taken == 0 ? -EIO : static_cast<int>(taken));
    }
  }
  return written;
}

long Output::WriteSome(const char* data, size_t length) {
  if (kind_ == Kind::kSocket) return sys::send(fd_, data, length, MSG_DONTWAIT);
  if (kind_ == Kind::kStepwise) {
    pollfd room = {fd_, POLLOUT, 0};
    int count = sys::poll(&room, 1, 0);
    if (count < 0) return count == -EINTR ? count : -EAGAIN;
    if (count == 0) return -EAGAIN;
    if (length > PIPE_BUF) length = PIPE_BUF;
  }
  ssize_t taken = ::write(fd_, data, length);
  return taken < 0 ? -errno : taken;
}

// False where the output has taken nothing for too long.
bool Output::AwaitRoom(int64_t waitingSinceUs) {
  int64_t drainSince = drainSinceUs_.load(std::memory_order_acquire);
  int64_t stall = stallUs_.load(std::memory_order_relaxed);
  int timeout = -1;
  if (drainSince != 0 && stall > 0) {
    int64_t since = waitingSinceUs > drainSince ? waitingSinceUs : drainSince;
    timeout = PollMs(since + stall);
    if (timeout == 0) return false;
  }
  // Before the drain its wake descriptor is watched too, since the drain sets a deadline.
  pollfd fds[3] = {{fd_, POLLOUT, 0}, {abort_.fd(), POLLIN, 0}, {drain_.fd(), POLLIN, 0}};
  PollOrPause(fds, drainSince == 0 ? 3 : 2, timeout);
  return true;
}

void Output::Fail(int error) {
  int none = 0;
  failure_.compare_exchange_strong(none, error, std::memory_order_acq_rel);
}

void Output::BeginDrain(int64_t stallMs) {
  stallUs_.store(stallMs * 1000, std::memory_order_relaxed);
  drainSinceUs_.store(NowUs(), std::memory_order_release);
  drain_.Signal();
}

void Output::Abort() {
  Fail(-ECANCELED);
  abort_.Signal();
}

}  // namespace sockkit::server
