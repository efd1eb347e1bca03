// SPDX-License-Identifier: MIT
#include "native/sys/shared_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native/sys/result.h"

namespace sockkit::sys {

namespace {

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;
#endif

// A non-blocking description of our own for what `fd` writes to, or -1.
int Reopen(int fd) {
  char path[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  return ::open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

int SharedOutput::Open(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return -errno;
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_ACCMODE) == O_RDONLY) return -EBADF;
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

void SharedOutput::Close() {
  if (owned_) ::close(fd_);
  owned_ = false;
  fd_ = -1;
}

long SharedOutput::WriteSome(const char* data, size_t length) {
  if (kind_ == Kind::kSocket) return Result(::send(fd_, data, length, kSendFlags));
  if (kind_ == Kind::kStepwise) {
    pollfd room = {fd_, POLLOUT, 0};
    int count = Result(::poll(&room, 1, 0));
    if (count < 0) return count == -EINTR ? count : -EAGAIN;
    if (count == 0) return -EAGAIN;
    if (length > PIPE_BUF) length = PIPE_BUF;
  }
  return Result(::write(fd_, data, length));
}

}  // namespace sockkit::sys
