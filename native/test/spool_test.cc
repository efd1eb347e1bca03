// SPDX-License-Identifier: MIT
#include "native/server/spool.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace {
std::atomic<bool> refuseTemporary{false};
}

// Stands before libc's: a file system without O_TMPFILE, where refuseTemporary says so.
extern "C" int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (refuseTemporary && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  using Open = int (*)(const char*, int, ...);
  static const Open real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "open"));
  return real(path, flags, mode);
}

namespace sockkit::test {
namespace {

using server::Spool;
using server::SpoolRoom;

struct Room : SpoolRoom {
  explicit Room(const char* where, uint64_t most = UINT64_MAX) {
    directory = where;
    cap = most;
  }
};

int Append(Spool& spool, std::string_view data) {
  return spool.Append(data.data(), data.size());
}

std::string ReadAll(Spool& spool, size_t piece) {
  std::string all;
  std::string buffer(piece, '\0');
  for (;;) {
    long got = spool.Read(all.size(), buffer.data(), buffer.size());
    CHECK(got >= 0);
    if (got <= 0) return all;
    all.append(buffer, 0, static_cast<size_t>(got));
  }
}

// The descriptor of this process whose file has `bytes` bytes and no name.
int FindUnnamed(off_t bytes) {
  for (int fd = 0; fd < 1000; fd++) {
    struct stat status;
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (status.st_nlink == 0 && status.st_size == bytes) return fd;
  }
  return -1;
}

TEST(WhatIsAppendedIsReadBack) {
  TemporaryDirectory directory;
  Room room(directory.path());
  Spool spool(&room);
  CHECK(!spool.open());
  std::string all;
  for (size_t length : {1, 65536, 16384, 4095, 100000}) {
    std::string piece = Noise(length, length);
    CHECK_EQ(Append(spool, piece), 0);
    all += piece;
    CHECK_EQ(spool.size(), all.size());
    CHECK_EQ(room.used.load(), all.size());
  }
  CHECK(spool.open());
  CHECK(ReadAll(spool, 65536) == all);
  CHECK(ReadAll(spool, 777) == all);
  char last;
  CHECK_EQ(spool.Read(all.size() - 1, &last, 1), 1);
  CHECK_EQ(last, all.back());
  CHECK_EQ(spool.Read(all.size(), &last, 1), 0);
  spool.Close();
  CHECK(!spool.open());
  CHECK_EQ(spool.size(), 0u);
  CHECK_EQ(room.used.load(), 0u);
  // It can be used again, and closing twice gives nothing back twice.
  spool.Close();
  CHECK_EQ(Append(spool, "again"), 0);
  CHECK_EQ(ReadAll(spool, 100), "again");
  CHECK_EQ(room.used.load(), 5u);
}

TEST(TheFileIsPrivateAndHasNoName) {
  for (bool refuse : {false, true}) {
    refuseTemporary = refuse;
    TemporaryDirectory directory;
    Room room(directory.path());
    int before = OpenDescriptors();
    {
      Spool spool(&room);
      CHECK_EQ(OpenDescriptors(), before);
      CHECK_EQ(Append(spool, std::string(12345, 's')), 0);
      CHECK_EQ(OpenDescriptors(), before + 1);
      CHECK_EQ(directory.entries(), 0);
      int fd = FindUnnamed(12345);
      REQUIRE(fd >= 0);
      CHECK_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
      struct stat status;
      CHECK_EQ(::fstat(fd, &status), 0);
      CHECK_EQ(status.st_mode & 07777u, 0600u);
      CHECK_EQ(status.st_uid, geteuid());
      CHECK_EQ(ReadAll(spool, 5000).size(), 12345u);
    }
    CHECK_EQ(OpenDescriptors(), before);
    CHECK_EQ(room.used.load(), 0u);
  }
  refuseTemporary = false;
}

TEST(TheCapIsForAllSpools) {
  TemporaryDirectory directory;
  Room room(directory.path(), 100000);
  Spool one(&room);
  Spool other(&room);
  CHECK_EQ(Append(one, std::string(60000, '1')), 0);
  CHECK_EQ(Append(other, std::string(40001, '2')), -EDQUOT);
  CHECK_EQ(other.size(), 0u);
  CHECK(!other.open());
  CHECK_EQ(Append(other, std::string(40000, '2')), 0);
  CHECK_EQ(Append(one, "x"), -EDQUOT);
  CHECK_EQ(one.size(), 60000u);
  CHECK_EQ(room.used.load(), 100000u);
  other.Close();
  CHECK_EQ(Append(one, "x"), 0);
  CHECK_EQ(ReadAll(one, 65536), std::string(60000, '1') + "x");
}

TEST(ReserveDoesNotWrap) {
  Room room("/", 10);
  CHECK(!room.Reserve(11));
  CHECK(!room.Reserve(UINT64_MAX));
  CHECK(room.Reserve(10));
  CHECK(room.Reserve(0));
  CHECK(!room.Reserve(UINT64_MAX - 5));
  room.Release(10);
  CHECK_EQ(room.used.load(), 0u);
}

TEST(WhereThereIsNoFileTheErrorSaysWhy) {
  TemporaryDirectory directory;
  for (bool refuse : {false, true}) {
    refuseTemporary = refuse;
    const std::string missing = std::string(directory.path()) + "/missing";
    const std::string file = std::string(directory.path()) + "/file";
    Fd(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::string tooLong = std::string(5000, 'd');
    struct {
      const char* path;
      int error;
    } const cases[] = {
        {missing.c_str(), -ENOENT}, {file.c_str(), -ENOTDIR}, {tooLong.c_str(), -ENAMETOOLONG}};
    for (const auto& one : cases) {
      Room room(one.path);
      Spool spool(&room);
      CHECK_EQ(Append(spool, "data"), one.error);
      CHECK_EQ(spool.size(), 0u);
      CHECK_EQ(room.used.load(), 0u);
      CHECK(!spool.open());
      CHECK_EQ(Append(spool, "data"), one.error);
    }
  }
  refuseTemporary = false;
  CHECK_EQ(directory.entries(), 1);
}

// A disk that is full in the middle of a write, by a limit on the size of files.
TEST(AFailedAppendLeavesWhatWasThere) {
  TemporaryDirectory directory;
  Room room(directory.path());
  Spool spool(&room);
  const std::string first = Noise(65536, 1);
  const std::string second = Noise(65536, 2);
  struct rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {100000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  CHECK_EQ(Append(spool, first), 0);
  CHECK_EQ(Append(spool, second), -EFBIG);
  CHECK_EQ(spool.size(), first.size());
  CHECK_EQ(room.used.load(), first.size());
  CHECK(ReadAll(spool, 65536) == first);
  CHECK_EQ(Append(spool, "short"), 0);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, SIG_DFL);
  CHECK_EQ(Append(spool, second), 0);
  CHECK(ReadAll(spool, 65536) == first + "short" + second);
}

TEST(ThreadsShareTheRoom) {
  TemporaryDirectory directory;
  constexpr uint64_t kCap = 50000;
  Room room(directory.path(), kCap);
  std::atomic<bool> exceeded{false};
  std::atomic<int> refused{0};
  std::vector<Task*> tasks;
  for (int i = 0; i < 4; i++) {
    tasks.push_back(new Task([&, i] {
      for (int turn = 0; turn < 100; turn++) {
        Spool spool(&room);
        const std::string piece(5000, static_cast<char>('a' + i));
        std::string all;
        while (all.size() < 20000) {
          int error = Append(spool, piece);
          if (room.used > kCap) exceeded = true;
          if (error == -EDQUOT) refused++;
          if (error != 0) break;
          all += piece;
        }
        if (!all.empty() && ReadAll(spool, 65536) != all) exceeded = true;
      }
    }));
  }
  for (Task* task : tasks) delete task;
  CHECK(!exceeded);
  CHECK_EQ(room.used.load(), 0u);
  printf("  (%d appends were refused)\n", refused.load());
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
