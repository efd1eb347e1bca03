// SPDX-License-Identifier: MIT
//
// Descriptors that close themselves, and what a test's output goes to.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "native/server/sync.h"
#include "native/test/check.h"
#include "native/test/threads.h"

namespace sockkit::test {

// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(other.Detach()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Detach();
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return fd_; }
  int Detach() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
  }
  Fd reading;
  Fd writing;
};

// Fills a pipe until it would block, without changing its flags; returns with how much.
inline size_t Fill(int fd) {
  const std::string bytes(4096, 'f');
  size_t filled = 0;
  pollfd room = {fd, POLLOUT, 0};
  while (::poll(&room, 1, 0) == 1) {
    REQUIRE(::write(fd, bytes.data(), bytes.size()) == 4096);
    filled += bytes.size();
  }
  return filled;
}

// A pipe and a thread that reads it, from Start() on.
class PipeReader {
 public:
  ~PipeReader() { Finish(); }

  int fd() const { return pipe_.writing.get(); }
  void Start() {
    task_ = new Task([this] { Run(); });
  }
  std::string text() {
    server::Locked lock(mutex_);
    return text_;
  }
  size_t size() {
    server::Locked lock(mutex_);
    return text_.size();
  }
  // Closes our writing end and reads to the end, which comes when nobody else has one.
  std::string Finish() {
    pipe_.writing.Close();
    if (task_ == nullptr && pipe_.reading.get() >= 0) Start();
    delete std::exchange(task_, nullptr);
    pipe_.reading.Close();
    return text_;
  }

 private:
  void Run() {
    char bytes[16384];
    for (;;) {
      ssize_t got = ::read(pipe_.reading.get(), bytes, sizeof(bytes));
      if (got <= 0 && errno != EINTR) return;
      if (got <= 0) continue;
      server::Locked lock(mutex_);
      text_.append(bytes, static_cast<size_t>(got));
    }
  }

  Pipe pipe_;
  Task* task_ = nullptr;
  server::Mutex mutex_;
  std::string text_;
};

// A directory that is empty and goes with the object, with what is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* parent = getenv("TMPDIR");
    path_ = std::string(parent != nullptr ? parent : "/tmp") + "/sockkit-test-XXXXXX";
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() {
    if (DIR* directory = opendir(path_.c_str())) {
      while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') ::unlinkat(dirfd(directory), entry->d_name, 0);
      }
      closedir(directory);
    }
    ::rmdir(path_.c_str());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const char* path() const { return path_.c_str(); }
  int entries() const { return CountEntries(path_.c_str()); }

 private:
  std::string path_;
};

// A file without a name, and what is in it.
class TemporaryFile {
 public:
  explicit TemporaryFile(int flags = 0) {
    std::string path = std::string(directory_.path()) + "/file";
    fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | flags, 0600));
    REQUIRE(fd_.get() >= 0);
    ::unlink(path.c_str());
  }
  int fd() const { return fd_.get(); }
  size_t size() const {
    struct stat status;
    return ::fstat(fd_.get(), &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
  }
  std::string text() const {
    std::string all(size(), '\0');
    ssize_t got = ::pread(fd_.get(), all.data(), all.size(), 0);
    all.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return all;
  }

 private:
  TemporaryDirectory directory_;
  Fd fd_;
};

}  // namespace sockkit::test
