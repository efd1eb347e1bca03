// SPDX-License-Identifier: MIT
//
// What each test program here is made of: TEST, the checks, and RunTests(), which also sees to it
// that every test gives back its descriptors and threads. A check that fails is printed and
// counted, and the test goes on; REQUIRE is for what nothing after it makes sense without.
#pragma once

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <atomic>
#include <string>
#include <string_view>
#include <type_traits>

namespace sockkit::test {

struct Case {
  const char* name;
  void (*run)();
  Case* next;
};

inline Case* firstCase = nullptr;
inline Case** lastCase = &firstCase;
inline std::atomic<int> checks{0};
inline std::atomic<int> failures{0};

inline bool Register(Case* one) {
  *lastCase = one;
  lastCase = &one->next;
  return true;
}

// Text in quotes, with what does not print as \xNN, and only the ends of a long one.
inline std::string Quote(std::string_view text) {
  constexpr size_t kEnds = 60;
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); i++) {
    if (text.size() > 3 * kEnds && i == kEnds) {
      quoted += "\" ... \"";
      i = text.size() - kEnds;
    }
    char piece[8];
    unsigned char byte = static_cast<unsigned char>(text[i]);
    bool plain = byte >= 0x20 && byte < 0x7F;
    snprintf(piece, sizeof(piece), plain ? "%c" : "\\x%02X", byte);
    quoted += piece;
  }
  return quoted + "\" (" + std::to_string(text.size()) + " bytes)";
}

template <typename T>
std::string Show(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return Quote(value);
  } else if constexpr (std::is_pointer_v<T>) {
    return value == nullptr ? "null" : "a pointer";
  } else {
    return std::to_string(value);
  }
}

// By value and not by bits: -1 does not equal 2^64 - 1.
template <typename A, typename B>
bool Equal(const A& a, const B& b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    bool negative = std::is_signed_v<A> && static_cast<int64_t>(a) < 0;
    bool other = std::is_signed_v<B> && static_cast<int64_t>(b) < 0;
    return negative == other && static_cast<uint64_t>(a) == static_cast<uint64_t>(b);
  } else {
    return a == b;
  }
}

inline bool Check(bool good, const char* file, int line, const char* what,
                  const std::string& more = "") {
  checks++;
  if (good) return true;
  failures++;
  printf("  FAILED %s:%d: %s%s\n", file, line, what, more.c_str());
  fflush(stdout);
  return false;
}

template <typename A, typename B>
bool CheckEqual(const A& actual, const B& expected, const char* file, int line, const char* what) {
  bool good = Equal(actual, expected);
  std::string more;
  if (!good) more = "\n    is " + Show(actual) + "\n    not " + Show(expected);
  return Check(good, file, line, what, more);
}

inline void PauseMs(long ms) {
  timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, nullptr);
}

// Waits for a state of other threads. The deadline is only there to end a test that has failed.
template <typename Condition>
bool Eventually(Condition condition) {
  constexpr int kMostMs = 20000;
  for (int ms = 0; ms < kMostMs; ms++) {
    if (condition()) return true;
    PauseMs(1);
  }
  return condition();
}

// The entries of a directory, without . and ..; -1 where there is no such directory.
inline int CountEntries(const char* path) {
  DIR* directory = opendir(path);
  if (directory == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
  }
  closedir(directory);
  return count;
}

// Both are -1, always, where there is no /proc. The first includes the descriptor that counts.
inline int OpenDescriptors() {
  return CountEntries("/proc/self/fd");
}

inline int LiveThreads() {
  return CountEntries("/proc/self/task");
}

inline void* Nothing(void*) {
  return nullptr;
}

// With an argument, the tests whose names contain it.
inline int RunTests(int argc, char** argv) {
  // Whatever a sanitizer starts beside the first thread is there before anything is counted.
  pthread_t thread;
  if (pthread_create(&thread, nullptr, Nothing, nullptr) == 0) pthread_join(thread, nullptr);
  alarm(110);  // A test that hangs ends here, and its name is the last that was printed.
  int passed = 0;
  int failed = 0;
  for (Case* one = firstCase; one != nullptr; one = one->next) {
    if (argc > 1 && strstr(one->name, argv[1]) == nullptr) continue;
    printf("%s\n", one->name);
    fflush(stdout);
    int before = failures;
    int descriptors = OpenDescriptors();
    int threads = LiveThreads();
    one->run();
    // A thread that was joined may stay in /proc for a moment.
    Eventually([&] { return LiveThreads() == threads; });
    CheckEqual(LiveThreads(), threads, one->name, 0, "threads after the test");
    CheckEqual(OpenDescriptors(), descriptors, one->name, 0, "descriptors after the test");
    (failures == before ? passed : failed)++;
  }
  printf("%d passed, %d failed (%d checks)\n", passed, failed, checks.load());
  return failed == 0 && passed > 0 ? 0 : 1;
}

// For what depends on privileges: as root, the same once more as an ordinary user, first.
inline int RunTestsAsEveryone(int argc, char** argv) {
  int status = 0;
  if (geteuid() == 0) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
#ifdef __linux__
      prctl(PR_SET_DUMPABLE, 1);  // What setuid() took away: /proc/self, and leak checks.
#endif
      const char* temporary = getenv("TMPDIR");
      if (temporary != nullptr && access(temporary, W_OK) != 0) unsetenv("TMPDIR");
      printf("As an ordinary user:\n");
      exit(RunTests(argc, argv));
    }
    if (child < 0 || waitpid(child, &status, 0) != child) status = 1;
    printf("As root:\n");
  }
  int own = RunTests(argc, argv);
  return own != 0 || status != 0 ? 1 : 0;
}

}  // namespace sockkit::test

#define TEST(name)                                                               \
  static void name();                                                            \
  static sockkit::test::Case case##name = {#name, name, nullptr};                \
      static const bool registered##name = sockkit::test::Register(&case##name); \
      static void name()

#define CHECK(condition) sockkit::test::Check((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(actual, expected) \
  sockkit::test::CheckEqual((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_EVENTUALLY(condition)                                                                \
  sockkit::test::Check(sockkit::test::Eventually([&] { return (condition); }), __FILE__, __LINE__, \
                       "in time: " #condition)
#define CHECK_EVENTUALLY_EQ(actual, expected)                                             \
  (sockkit::test::Eventually([&] { return sockkit::test::Equal((actual), (expected)); }), \
   CHECK_EQ(actual, expected))
#define REQUIRE(condition) \
  if (!CHECK(condition)) exit(1)
