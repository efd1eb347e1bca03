// SPDX-License-Identifier: MIT
//
// The beginning and the end of the process, and its threads.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "native/shim/shim.h"

typedef int (*pthread_create_function)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
typedef void (*exit_function)(int) __attribute__((noreturn));

static void note_exit(int status) {
  struct shim_event event;
  shim_begin(&event, "exit");
  shim_number(&event, "status", status);
  shim_end(&event);
}

#ifdef __GLIBC__
static void at_exit(int status, void* unused) {
  (void)unused;
  note_exit(status);
}
#endif

__attribute__((constructor)) static void begin(void) {
  char path[200];
  const int saved = errno;
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  struct shim_event event;
  shim_begin(&event, "start");
  shim_string(&event, "program", path);
  shim_end(&event);
#ifdef __GLIBC__
  // Tells the status of exit() and of the end of main() alike.
  if (on_exit(at_exit, NULL) != 0) errno = saved;
#endif
  errno = saved;
}

SHIM_EXPORT void _exit(int status) {
  NEXT(exit_function, _exit);
  note_exit(status);
  real__exit(status);
}

SHIM_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                               void* (*routine)(void*), void* argument) {
  NEXT(pthread_create_function, pthread_create);
  const int result = real_pthread_create(thread, attributes, routine, argument);
  struct shim_event event;
  shim_begin(&event, "thread");
  // It returns its error, and leaves errno alone.
  const int saved = errno;
  errno = result;
  shim_result(&event, result == 0 ? 0 : -1);
  errno = saved;
  shim_end(&event);
  return result;
}
