// SPDX-License-Identifier: MIT
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "native/server/thread.h"
#include "native/test/check.h"

namespace sockkit::test {

// Runs a function on a thread like the server's own: a small stack, every signal blocked.
class Task {
 public:
  explicit Task(std::function<void()> run) : run_(std::move(run)) {
    REQUIRE(server::StartThread(&thread_, Run, this) == 0);
  }
  ~Task() { Join(); }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  void Join() {
    if (!joined_) pthread_join(thread_, nullptr);
    joined_ = true;
  }

 private:
  static void* Run(void* self) {
    static_cast<Task*>(self)->run_();
    return nullptr;
  }

  std::function<void()> run_;
  pthread_t thread_;
  bool joined_ = false;
};

// Waits until every thread but this one sleeps, a few looks in a row: with no timer about to run
// out, all that could happen has happened. True at once where there is no /proc.
inline bool AwaitQuiet() {
  int quiet = 0;
  return Eventually([&] {
    DIR* tasks = opendir("/proc/self/task");
    if (tasks == nullptr) return true;
    bool sleeping = true;
    while (const dirent* entry = readdir(tasks)) {
      if (entry->d_name[0] == '.' || atoi(entry->d_name) == static_cast<int>(gettid())) continue;
      std::string path = std::string("/proc/self/task/") + entry->d_name + "/stat";
      char stat[128] = "";
      int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;
      ssize_t got = ::read(file, stat, sizeof(stat) - 1);
      ::close(file);
      if (got <= 0) continue;
      const char* state = strrchr(stat, ')');
      if (state != nullptr && state[1] == ' ' && state[2] != 'S') sleeping = false;
    }
    closedir(tasks);
    quiet = sleeping ? quiet + 1 : 0;
    return quiet >= 5;
  });
}

}  // namespace sockkit::test
