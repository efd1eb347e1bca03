// SPDX-License-Identifier: MIT
//
// An LD_PRELOAD library for tests that makes one call of the addon fail.
//
//   cc -shared -fPIC -O2 -o fail-call.so fail-call.c -ldl
//   LD_PRELOAD=./fail-call.so FAIL_CALL=recv FAIL_ERRNO=12 FAIL_AT=2 FAIL_LOG=counts node ...
//
// The FAIL_AT-th call (1 if unset) that the addon makes of FAIL_CALL fails with FAIL_ERRNO, and
// nothing is done; with FAIL_COUNT=N the next N - 1 fail too, with FAIL_COUNT=0 all that follow.
// Calls that other parts of the process make (Node, libuv, the C library) are not touched: the
// caller's return address tells whose they are.
//
// FAIL_LOG is a file for two native 64-bit numbers: how many such calls the addon has made, and how
// many of them failed here. It is mapped, so that nothing is lost however the process ends.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern void* __libc_malloc(size_t);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char* target;
static int error_number;
static uint64_t first = 1;
static uint64_t count = 1;
static uint64_t unlogged[2];
static uint64_t* counters = unlogged;

static uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void* real(const char* name) {
  return dlsym(RTLD_NEXT, name);
}

static void set_up(void) {
  const char* name = getenv("FAIL_CALL");
  error_number = (int)number_from("FAIL_ERRNO", EIO);
  first = number_from("FAIL_AT", 1);
  count = number_from("FAIL_COUNT", 1);
  const char* path = getenv("FAIL_LOG");
  if (path != NULL) {
    int (*real_open)(const char*, int, ...) = (int (*)(const char*, int, ...))real("open");
    void* (*real_mmap)(void*, size_t, int, int, int, off_t) =
        (void* (*)(void*, size_t, int, int, int, off_t))real("mmap");
    int fd = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0 && ftruncate(fd, sizeof unlogged) == 0) {
      void* mapped = real_mmap(NULL, sizeof unlogged, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (mapped != MAP_FAILED) counters = mapped;
    }
    if (fd >= 0) close(fd);
  }
  target = name != NULL ? name : "";
}

// The file that the code is from, or NULL. dladdr() also looks for the nearest symbol, which in a
// program of Node's size takes too long for each malloc().
static const char* object_of(void* code) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
  struct dl_find_object found;
  return _dl_find_object(code, &found) == 0 ? found.dlfo_link_map->l_name : NULL;
#else
  Dl_info info;
  return dladdr(code, &info) != 0 ? info.dli_fname : NULL;
#endif
}

static int is_addon(const char* file) {
  return file != NULL && strstr(file, "sockkit") != NULL && strstr(file, ".node") != NULL;
}

// Whether this call, made from `caller`, is to fail.
static int fails(const char* name, void* caller) {
  pthread_once(&once, set_up);
  if (strcmp(name, target) != 0) return 0;
  if (!is_addon(object_of(caller))) return 0;
  uint64_t call = __atomic_add_fetch(&counters[0], 1, __ATOMIC_RELAXED);
  if (call < first || (count != 0 && call >= first + count)) return 0;
  __atomic_add_fetch(&counters[1], 1, __ATOMIC_RELAXED);
  errno = error_number;
  return 1;
}

#define CALLER __builtin_return_address(0)

// NAME is what the test calls it; SYMBOL what the compiler made of it.
#define INTERPOSE(NAME, SYMBOL, RESULT, FAILED, PARAMETERS, ARGUMENTS) \
  RESULT SYMBOL PARAMETERS {                                           \
    static RESULT(*next) PARAMETERS;                                   \
    if (fails(NAME, CALLER)) return FAILED;                            \
    if (next == NULL) next = (RESULT(*) PARAMETERS)real(#SYMBOL);      \
    return next ARGUMENTS;                                             \
  }

#define SOCKADDR_IN const struct sockaddr *address, socklen_t length
#define SOCKADDR_OUT struct sockaddr *address, socklen_t *length

INTERPOSE("socket", socket, int, -1, (int a, int b, int c), (a, b, c))
INTERPOSE("bind", bind, int, -1, (int fd, SOCKADDR_IN), (fd, address, length))
INTERPOSE("listen", listen, int, -1, (int fd, int backlog), (fd, backlog))
INTERPOSE("accept4", accept4, int, -1, (int fd, SOCKADDR_OUT, int flags),
          (fd, address, length, flags))
INTERPOSE("connect", connect, int, -1, (int fd, SOCKADDR_IN), (fd, address, length))
INTERPOSE("getsockname", getsockname, int, -1, (int fd, SOCKADDR_OUT), (fd, address, length))
INTERPOSE("shutdown", shutdown, int, -1, (int fd, int how), (fd, how))
INTERPOSE("send", send, ssize_t, -1, (int fd, const void* data, size_t size, int flags),
          (fd, data, size, flags))
INTERPOSE("recv", recv, ssize_t, -1, (int fd, void* data, size_t size, int flags),
          (fd, data, size, flags))
INTERPOSE("sendto", sendto, ssize_t, -1,
          (int fd, const void* data, size_t size, int flags, SOCKADDR_IN),
          (fd, data, size, flags, address, length))
INTERPOSE("recvfrom", recvfrom, ssize_t, -1,
          (int fd, void* data, size_t size, int flags, SOCKADDR_OUT),
          (fd, data, size, flags, address, length))
INTERPOSE("sendmsg", sendmsg, ssize_t, -1, (int fd, const struct msghdr* message, int flags),
          (fd, message, flags))
INTERPOSE("recvmsg", recvmsg, ssize_t, -1, (int fd, struct msghdr* message, int flags),
          (fd, message, flags))
INTERPOSE("setsockopt", setsockopt, int, -1,
          (int fd, int level, int option, const void* value, socklen_t size),
          (fd, level, option, value, size))
INTERPOSE("getsockopt", getsockopt, int, -1,
          (int fd, int level, int option, void* value, socklen_t* size),
          (fd, level, option, value, size))
INTERPOSE("poll", poll, int, -1, (struct pollfd * fds, nfds_t many, int timeout),
          (fds, many, timeout))
INTERPOSE("poll", __poll_chk, int, -1, (struct pollfd * fds, nfds_t many, int timeout, size_t room),
          (fds, many, timeout, room))
INTERPOSE("epoll_create1", epoll_create1, int, -1, (int flags), (flags))
INTERPOSE("epoll_ctl", epoll_ctl, int, -1, (int epoll, int what, int fd, struct epoll_event* event),
          (epoll, what, fd, event))
INTERPOSE("epoll_wait", epoll_wait, int, -1,
          (int epoll, struct epoll_event* events, int most, int timeout),
          (epoll, events, most, timeout))
INTERPOSE("eventfd", eventfd, int, -1, (unsigned start, int flags), (start, flags))
INTERPOSE("read", read, ssize_t, -1, (int fd, void* data, size_t size), (fd, data, size))
// What wakes a thread is written to an eventfd, 8 bytes at a time.
INTERPOSE(size == 8 ? "wake" : "write", write, ssize_t, -1, (int fd, const void* data, size_t size),
          (fd, data, size))
INTERPOSE("pread", pread, ssize_t, -1, (int fd, void* data, size_t size, off_t at),
          (fd, data, size, at))
INTERPOSE("pread", pread64, ssize_t, -1, (int fd, void* data, size_t size, off64_t at),
          (fd, data, size, at))
INTERPOSE("pwrite", pwrite, ssize_t, -1, (int fd, const void* data, size_t size, off_t at),
          (fd, data, size, at))
INTERPOSE("pwrite", pwrite64, ssize_t, -1, (int fd, const void* data, size_t size, off64_t at),
          (fd, data, size, at))
INTERPOSE("fstat", fstat, int, -1, (int fd, struct stat* status), (fd, status))
INTERPOSE("fstat", fstat64, int, -1, (int fd, struct stat64* status), (fd, status))
INTERPOSE("mkostemp", mkostemp, int, -1, (char* path, int flags), (path, flags))
INTERPOSE("mkostemp", mkostemp64, int, -1, (char* path, int flags), (path, flags))
INTERPOSE("unlink", unlink, int, -1, (const char* path), (path))
INTERPOSE("mmap", mmap, void*, MAP_FAILED,
          (void* at, size_t size, int protection, int flags, int fd, off_t offset),
          (at, size, protection, flags, fd, offset))
INTERPOSE("mmap", mmap64, void*, MAP_FAILED,
          (void* at, size_t size, int protection, int flags, int fd, off64_t offset),
          (at, size, protection, flags, fd, offset))
INTERPOSE("pthread_create", pthread_create, int, error_number,
          (pthread_t * thread, const pthread_attr_t* attributes, void* (*run)(void*), void* data),
          (thread, attributes, run, data))
// operator new(size_t, const std::nothrow_t&)
INTERPOSE("new", _ZnwmRKSt9nothrow_t, void*, NULL, (size_t size, const void* nothrow),
          (size, nothrow))

// Calls with a variable number of arguments: as many are passed on as could have been given.
#define INTERPOSE_VARIADIC(NAME, SYMBOL, RESULT, PARAMETERS, LAST, ARGUMENTS) \
  RESULT SYMBOL PARAMETERS {                                                  \
    static RESULT(*next) PARAMETERS;                                          \
    if (fails(NAME, CALLER)) return -1;                                       \
    if (next == NULL) next = (RESULT(*) PARAMETERS)real(#SYMBOL);             \
    va_list list;                                                             \
    va_start(list, LAST);                                                     \
    long a = va_arg(list, long);                                              \
    long b = va_arg(list, long);                                              \
    long c = va_arg(list, long);                                              \
    long d = va_arg(list, long);                                              \
    long e = va_arg(list, long);                                              \
    long f = va_arg(list, long);                                              \
    va_end(list);                                                             \
    (void)b, (void)c, (void)d, (void)e, (void)f;                              \
    return next ARGUMENTS;                                                    \
  }

INTERPOSE_VARIADIC("open", open, int, (const char* path, int flags, ...), flags, (path, flags, a))
INTERPOSE_VARIADIC("open", open64, int, (const char* path, int flags, ...), flags, (path, flags, a))
INTERPOSE_VARIADIC("fcntl", fcntl, int, (int fd, int what, ...), what, (fd, what, a))
INTERPOSE_VARIADIC("fcntl", fcntl64, int, (int fd, int what, ...), what, (fd, what, a))
INTERPOSE_VARIADIC("ioctl", ioctl, int, (int fd, unsigned long what, ...), what, (fd, what, a))
INTERPOSE_VARIADIC("syscall", syscall, long, (long number, ...), number, (number, a, b, c, d, e, f))

void* malloc(size_t size) {
  // Before dlopen() nothing of the addon's is there to fail, and set_up() itself may allocate.
  if (target != NULL && strcmp(target, "malloc") == 0 && fails("malloc", CALLER)) return NULL;
  return __libc_malloc(size);
}
