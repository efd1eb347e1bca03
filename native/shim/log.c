// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "native/shim/shim.h"

// The log's descriptor stays open, high up, where it is in nobody's way. -1 where it is not open.
static int log_fd = -1;
static uint64_t log_device, log_inode;
static int told_full;

static void add(struct shim_event* event, const char* bytes, size_t length) {
  // Room is kept for the end of the line.
  if (event->length + length + 4 > sizeof event->text) return;
  memcpy(event->text + event->length, bytes, length);
  event->length += length;
}

static void add_text(struct shim_event* event, const char* text) {
  add(event, text, strlen(text));
}

static void add_decimal(struct shim_event* event, int64_t value) {
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) digits[--at] = '-';
  add(event, digits + at, sizeof digits - at);
}

static void add_name(struct shim_event* event, const char* name) {
  add_text(event, event->length > 1 ? ",\"" : "\"");
  add_text(event, name);
  add_text(event, "\":");
}

void shim_number(struct shim_event* event, const char* name, int64_t value) {
  add_name(event, name);
  add_decimal(event, value);
}

void shim_string(struct shim_event* event, const char* name, const char* value) {
  static const char hex[] = "0123456789abcdef";
  add_name(event, name);
  add_text(event, "\"");
  size_t left = 256;
  for (; *value != '\0' && left > 0; value++, left--) {
    const unsigned char byte = (unsigned char)*value;
    if (byte == '"' || byte == '\\') {
      const char escaped[2] = {'\\', (char)byte};
      add(event, escaped, 2);
    } else if (byte < 0x20 || byte >= 0x7f) {
      const char escaped[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
      add(event, escaped, 6);
    } else {
      add(event, value, 1);
    }
  }
  add_text(event, "\"");
}

void shim_hex(struct shim_event* event, const char* name, const uint8_t* bytes, size_t length) {
  static const char hex[] = "0123456789abcdef";
  add_name(event, name);
  add_text(event, "\"");
  for (size_t i = 0; i < length; i++) {
    const char pair[2] = {hex[bytes[i] >> 4], hex[bytes[i] & 15]};
    add(event, pair, 2);
  }
  add_text(event, "\"");
}

// The names that can be expected; glibc's own function for it is younger than the oldest system
// that this runs on.
static const char* error_name(int error) {
  switch (error) {
#define NAME(name) \
  case name:       \
    return #name
    NAME(EACCES);
    NAME(EADDRINUSE);
    NAME(EADDRNOTAVAIL);
    NAME(EAFNOSUPPORT);
    NAME(EAGAIN);
    NAME(EALREADY);
    NAME(EBADF);
    NAME(ECONNABORTED);
    NAME(ECONNREFUSED);
    NAME(ECONNRESET);
    NAME(EFAULT);
    NAME(EHOSTUNREACH);
    NAME(EINPROGRESS);
    NAME(EINTR);
    NAME(EINVAL);
    NAME(EISCONN);
    NAME(EMFILE);
    NAME(ENETUNREACH);
    NAME(ENFILE);
    NAME(ENOBUFS);
    NAME(ENOMEM);
    NAME(ENOTCONN);
    NAME(EPERM);
    NAME(EPIPE);
    NAME(ETIMEDOUT);
#undef NAME
    default:
      return NULL;
  }
}

void shim_result(struct shim_event* event, int64_t result) {
  shim_number(event, "result", result);
  if (result >= 0) return;
  const char* name = error_name(errno);
  if (name != NULL) {
    shim_string(event, "error", name);
  } else {
    shim_number(event, "errno", errno);
  }
}

void shim_begin(struct shim_event* event, const char* op) {
  struct timespec now = {0, 0};
  const int saved = errno;
  clock_gettime(CLOCK_MONOTONIC, &now);
  event->length = 0;
  add_text(event, "{");
  shim_string(event, "op", op);
  shim_number(event, "pid", getpid());
  shim_number(event, "tid", syscall(SYS_gettid));
  shim_number(event, "us", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
  errno = saved;
}

static int open_log(void) {
  const char* path = shim_log_path();
  if (path == NULL) return -1;
  const int low = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (low < 0) return -1;
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t top = limit.rlim_cur < 1024 ? limit.rlim_cur : 1024;
  const int high = top > 64 ? fcntl(low, F_DUPFD_CLOEXEC, (int)top - 32) : -1;
  if (high >= 0) syscall(SYS_close, low);
  return high >= 0 ? high : low;
}

// fstat() of a newer glibc would need that glibc.
static int look(int fd, struct statx* status) {
  return statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_SIZE, status);
}

static uint64_t device(const struct statx* status) {
  return (uint64_t)status->stx_dev_major << 32 | status->stx_dev_minor;
}

// Whether `fd` still is the log: a program may have closed it, and its number may be another's.
static int is_log(int fd, struct statx* status) {
  return fd >= 0 && look(fd, status) == 0 && device(status) == log_device &&
         status->stx_ino == log_inode;
}

int shim_is_log(int fd) {
  return fd >= 0 && fd == __atomic_load_n(&log_fd, __ATOMIC_ACQUIRE);
}

static void write_line(const char* text, size_t length) {
  // One write() for a line, so that those of several processes do not mix.
  if (syscall(SYS_write, __atomic_load_n(&log_fd, __ATOMIC_ACQUIRE), text, length) < 0) return;
}

void shim_end(struct shim_event* event) {
  if (shim_log_path() == NULL) return;
  const int saved = errno;
  struct statx status;
  int fd = __atomic_load_n(&log_fd, __ATOMIC_ACQUIRE);
  if (!is_log(fd, &status)) {
    const int opened = open_log();
    if (opened >= 0 && look(opened, &status) == 0) {
      log_device = device(&status);
      log_inode = status.stx_ino;
      // Where another thread was quicker, one descriptor is enough.
      if (!__atomic_compare_exchange_n(&log_fd, &fd, opened, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE)) {
        syscall(SYS_close, opened);
      }
    } else {
      // Out of descriptors, perhaps. The program goes on, the event is lost.
      errno = saved;
      return;
    }
  }
  if (status.stx_size < shim_log_limit()) {
    add_text(event, "}\n");
    write_line(event->text, event->length);
  } else if (!__atomic_exchange_n(&told_full, 1, __ATOMIC_RELAXED)) {
    static const char full[] = "{\"op\":\"full\"}\n";
    write_line(full, sizeof full - 1);
  }
  errno = saved;
}
