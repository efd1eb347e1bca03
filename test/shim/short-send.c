// SPDX-License-Identifier: MIT
//
// An LD_PRELOAD library for tests that makes short sends and EINTR happen.
//
//   cc -shared -fPIC -O2 -o short-send.so short-send.c -ldl
//   LD_PRELOAD=./short-send.so SHORT_SEND_BYTES=7 SHORT_SEND_LOG=counts ./client localhost 5000
//
// send() and sendto() on stream sockets, and write() on TCP sockets, take at most SHORT_SEND_BYTES
// bytes per call (7 if unset), and every SHORT_SEND_EINTR-th call fails with EINTR (0 or unset:
// never). write() on a unix socket is left alone: there it is most often a program's standard
// output that a test reads.
//
// SHORT_SEND_LOG names a file with one line for each process that made such a call, kept up to date
// at every call, so that nothing is lost however the process ends:
//   pid=N calls=N asked=N sent=N short=N eintr=N
// calls: calls made, those that failed included. asked: the sum of the lengths that they were
// given. sent: bytes that the system took. short: calls that returned less than they were given.
// eintr: failures made up here. Numbers are padded with spaces on the right.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef ssize_t (*SendFunction)(int, const void*, size_t, int);
typedef ssize_t (*SendtoFunction)(int, const void*, size_t, int, const struct sockaddr*, socklen_t);
typedef ssize_t (*WriteFunction)(int, const void*, size_t);

static SendFunction real_send;
static SendtoFunction real_sendto;
static WriteFunction real_write;
static size_t limit = 7;
static unsigned long long interrupt_every;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  unsigned long long calls, asked, sent, shorts, eintr;
} counters;
static pid_t line_owner;  // The process whose line `line_offset` is; a fork writes its own.
static int log_fd = -1;
static off_t line_offset;

static unsigned long long number_from(const char* name, unsigned long long otherwise) {
  const char* text = getenv(name);
  return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

// Called by the first intercepted call, which may come before any constructor of this library.
static void set_up(void) {
  real_send = (SendFunction)dlsym(RTLD_NEXT, "send");
  real_sendto = (SendtoFunction)dlsym(RTLD_NEXT, "sendto");
  real_write = (WriteFunction)dlsym(RTLD_NEXT, "write");
  limit = (size_t)number_from("SHORT_SEND_BYTES", 7);
  if (limit == 0) limit = 1;
  interrupt_every = number_from("SHORT_SEND_EINTR", 0);
}

static pthread_once_t set_up_once = PTHREAD_ONCE_INIT;

static int is_stream_socket(int fd, int tcp_only) {
  int saved = errno;
  int type = 0, domain = 0;
  socklen_t size = sizeof type;
  int yes = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  if (yes && tcp_only) {
    size = sizeof domain;
    yes = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
          (domain == AF_INET || domain == AF_INET6);
  }
  errno = saved;
  return yes;
}

// The caller holds the lock.
static void write_line(void) {
  const char* path = getenv("SHORT_SEND_LOG");
  if (path == NULL || *path == '\0') return;
  char line[256];
  // Fixed width: a line is rewritten in place.
  int length = snprintf(line, sizeof line,
                        "pid=%-10ld calls=%-20llu asked=%-20llu sent=%-20llu short=%-20llu "
                        "eintr=%-20llu\n",
                        (long)getpid(), counters.calls, counters.asked, counters.sent,
                        counters.shorts, counters.eintr);
  if (line_owner != getpid()) {
    // O_APPEND gives the line a place that no other process has. pwrite() on such a descriptor
    // would append again wherever it is told to write, so a second one does the updates.
    int append_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (append_fd < 0) return;
    if (real_write(append_fd, line, (size_t)length) == length) {
      line_offset = lseek(append_fd, 0, SEEK_CUR) - length;
      if (log_fd >= 0) close(log_fd);
      log_fd = open(path, O_WRONLY | O_CLOEXEC);
      line_owner = getpid();
    }
    close(append_fd);
  } else if (pwrite(log_fd, line, (size_t)length, line_offset) != length) {
    static const char complaint[] = "short-send: the log cannot be written\n";
    if (real_write(STDERR_FILENO, complaint, sizeof complaint - 1) < 0) abort();
  }
}

// Counts the call as begun and says whether it is to be interrupted.
static int begin(size_t asked) {
  int saved = errno;
  pthread_mutex_lock(&lock);
  if (line_owner != 0 && line_owner != getpid()) {  // In a forked child that has its own counts.
    counters.calls = counters.asked = counters.sent = counters.shorts = counters.eintr = 0;
  }
  counters.calls++;
  counters.asked += asked;
  int interrupt = interrupt_every > 0 && counters.calls % interrupt_every == 0;
  if (interrupt) counters.eintr++;
  write_line();
  pthread_mutex_unlock(&lock);
  errno = saved;
  return interrupt;
}

static void finish(size_t asked, ssize_t returned) {
  if (returned < 0) return;
  int saved = errno;
  pthread_mutex_lock(&lock);
  counters.sent += (size_t)returned;
  if ((size_t)returned < asked) counters.shorts++;
  write_line();
  pthread_mutex_unlock(&lock);
  errno = saved;
}

static size_t shortened(size_t length) {
  return length < limit ? length : limit;
}

ssize_t send(int fd, const void* bytes, size_t length, int flags) {
  pthread_once(&set_up_once, set_up);
  if (!is_stream_socket(fd, 0)) return real_send(fd, bytes, length, flags);
  if (begin(length)) return errno = EINTR, -1;
  ssize_t returned = real_send(fd, bytes, shortened(length), flags);
  finish(length, returned);
  return returned;
}

ssize_t sendto(int fd, const void* bytes, size_t length, int flags, const struct sockaddr* address,
               socklen_t address_length) {
  pthread_once(&set_up_once, set_up);
  if (!is_stream_socket(fd, 0)) {
    return real_sendto(fd, bytes, length, flags, address, address_length);
  }
  if (begin(length)) return errno = EINTR, -1;
  ssize_t returned = real_sendto(fd, bytes, shortened(length), flags, address, address_length);
  finish(length, returned);
  return returned;
}

ssize_t write(int fd, const void* bytes, size_t length) {
  pthread_once(&set_up_once, set_up);
  if (!is_stream_socket(fd, 1)) return real_write(fd, bytes, length);
  if (begin(length)) return errno = EINTR, -1;
  ssize_t returned = real_write(fd, bytes, shortened(length));
  finish(length, returned);
  return returned;
}
