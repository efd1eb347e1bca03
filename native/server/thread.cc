// SPDX-License-Identifier: MIT
#include "native/server/thread.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

namespace sockkit::server {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStackBytes = 1024 * 1024;
#else
constexpr size_t kStackBytes = 64 * 1024;
#endif

size_t StackBytes() {
  // The minimum grows with the processor's register state and with the thread-local storage of the
  // libraries in the process, so it is asked for and our own need comes on top.
  long minimum = -1;
#ifdef _SC_THREAD_STACK_MIN
  minimum = sysconf(_SC_THREAD_STACK_MIN);
#endif
  if (minimum <= 0) minimum = 16 * 1024;
  return (kStackBytes + static_cast<size_t>(minimum) + 4095) & ~static_cast<size_t>(4095);
}

}  // namespace

int StartThread(pthread_t* thread, void* (*run)(void*), void* argument, size_t moreStack) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, StackBytes() + moreStack);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(thread, &attributes, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return -error;
}

}  // namespace sockkit::server
