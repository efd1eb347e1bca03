// SPDX-License-Identifier: MIT
#include "native/server/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

namespace sockkit::server {

namespace {

int OpenTemporary(const char* directory) {
#ifdef O_TMPFILE
  int fd = ::open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  // A file system without O_TMPFILE says EOPNOTSUPP, a kernel without it EISDIR.
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd >= 0 ? fd : -errno;
#endif
  char path[PATH_MAX];
  int length = snprintf(path, sizeof(path), "%s/sockkit-XXXXXX", directory);
  if (length < 0 || static_cast<size_t>(length) >= sizeof(path)) return -ENAMETOOLONG;
#ifdef __APPLE__
  int named = ::mkstemp(path);
  if (named >= 0) ::fcntl(named, F_SETFD, FD_CLOEXEC);
#else
  int named = ::mkostemp(path, O_CLOEXEC);
#endif
  if (named < 0) return -errno;
  if (::unlink(path) == 0) return named;
  // It would stay behind when the program ends.
  int error = -errno;
  ::close(named);
  return error;
}

}  // namespace

bool SpoolRoom::Reserve(uint64_t bytes) {
  uint64_t now = used.load(std::memory_order_relaxed);
  do {
    if (bytes > cap || now > cap - bytes) return false;
  } while (!used.compare_exchange_weak(now, now + bytes, std::memory_order_acq_rel));
  return true;
}

int Spool::Append(const char* data, size_t length) {
  if (!room_->Reserve(length)) return -EDQUOT;
  int error = 0;
  if (fd_ < 0) {
    fd_ = OpenTemporary(room_->directory);
    if (fd_ < 0) error = fd_;
  }
  size_t written = 0;
  while (error == 0 && written < length) {
    ssize_t taken =
        ::pwrite(fd_, data + written, length - written, static_cast<off_t>(size_ + written));
    if (taken > 0) {
      written += static_cast<size_t>(taken);
    } else if (taken == 0 || errno != EINTR) {
      error = taken == 0 ? -EIO : -errno;
    }
  }
  if (error != 0) {
    // What a failed write left behind lies beyond size_ and is written over by the next.
    room_->Release(length);
    return error;
  }
  size_ += length;
  return 0;
}

long Spool::Read(uint64_t offset, char* buffer, size_t length) {
  if (length > size_ - offset) length = static_cast<size_t>(size_ - offset);
  for (;;) {
    ssize_t got = ::pread(fd_, buffer, length, static_cast<off_t>(offset));
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

void Spool::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  room_->Release(size_);
  size_ = 0;
}

}  // namespace sockkit::server
