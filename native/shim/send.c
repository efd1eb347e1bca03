// SPDX-License-Identifier: MIT
//
// send, sendto, sendmsg, write, writev, sendfile.
#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/shim/shim.h"

#define LOGGED_SENDS 4000  // By each process; after them only real failures are written down.

typedef ssize_t (*send_function)(int, const void*, size_t, int);
typedef ssize_t (*sendto_function)(int, const void*, size_t, int, const struct sockaddr*,
                                   socklen_t);
typedef ssize_t (*sendmsg_function)(int, const struct msghdr*, int);
typedef ssize_t (*write_function)(int, const void*, size_t);
typedef ssize_t (*writev_function)(int, const struct iovec*, int);
typedef ssize_t (*sendfile_function)(int, int, off_t*, size_t);
typedef ssize_t (*sendfile64_function)(int, int, off64_t*, size_t);

struct plan {
  int watched;   // Whether it is a TCP socket at all.
  int error;     // To be made up; 0 where the call is made.
  size_t limit;  // 0: all.
};

static struct plan plan_send(int fd, int flags) {
  struct plan plan = {0, 0, 0};
  const enum shim_kind kind = shim_kind(fd);
  if (kind == NOT_TCP) return plan;
  plan.watched = 1;
  if (shim_is_edge_triggered(fd) || (flags & MSG_OOB) != 0) return plan;
  const int waits = kind == BLOCKING && (flags & MSG_DONTWAIT) == 0;
  if (shim_due(waits ? SEND_EINTR : SEND_EAGAIN)) plan.error = waits ? EINTR : EAGAIN;
  plan.limit = shim_setting(SEND_BYTES);
  return plan;
}

static int is_to_be_logged(ssize_t result, const struct plan* plan) {
  static uint64_t logged;
  const int always = result < 0 && plan->error == 0;
  return always || __atomic_fetch_add(&logged, 1, __ATOMIC_RELAXED) < LOGGED_SENDS;
}

// `data` is NULL where the bytes come from a file.
static void note_send(const char* call, int fd, const struct iovec* data, int count, size_t asked,
                      int flags, const struct plan* plan, ssize_t result) {
  const int saved = errno;
  const uint64_t number = shim_sent(fd, result);
  if (shim_log_path() == NULL || !is_to_be_logged(result, plan)) return;
  struct shim_event event;
  uint8_t bytes[SHIM_BYTES];
  shim_begin(&event, "send");
  shim_string(&event, "call", call);
  shim_number(&event, "fd", fd);
  shim_number(&event, "n", (int64_t)number);
  shim_number(&event, "asked", (int64_t)asked);
  shim_number(&event, "flags", flags);
  errno = saved;
  shim_result(&event, result);
  if (plan->error != 0) shim_string(&event, "injected", plan->error == EINTR ? "EINTR" : "EAGAIN");
  if (result >= 0 && plan->limit > 0 && asked > plan->limit) {
    shim_string(&event, "injected", "short");
  }
  if (data != NULL) {
    shim_hex(&event, "head", bytes, shim_copy(bytes, data, count, 0, sizeof bytes));
    if (result > 0 && (size_t)result < asked) {
      shim_hex(&event, "rest", bytes, shim_copy(bytes, data, count, (size_t)result, sizeof bytes));
    }
  }
  int known = 0;
  const uint64_t input = shim_stdin_bytes(&known);
  if (known) shim_number(&event, "stdin", (int64_t)input);
  shim_end(&event);
  errno = saved;
}

static size_t shortened(size_t length, const struct plan* plan) {
  return plan->limit > 0 && length > plan->limit ? plan->limit : length;
}

static ssize_t refuse(int error) {
  errno = error;
  return -1;
}

SHIM_EXPORT ssize_t send(int fd, const void* bytes, size_t length, int flags) {
  NEXT(send_function, send);
  const struct plan plan = plan_send(fd, flags);
  if (!plan.watched) return real_send(fd, bytes, length, flags);
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error) : real_send(fd, bytes, shortened(length, &plan), flags);
  const struct iovec data = {(void*)(uintptr_t)bytes, length};
  note_send("send", fd, &data, 1, length, flags, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t sendto(int fd, const void* bytes, size_t length, int flags,
                           const struct sockaddr* address, socklen_t size) {
  NEXT(sendto_function, sendto);
  const struct plan plan = plan_send(fd, flags);
  if (!plan.watched) return real_sendto(fd, bytes, length, flags, address, size);
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error)
                      : real_sendto(fd, bytes, shortened(length, &plan), flags, address, size);
  const struct iovec data = {(void*)(uintptr_t)bytes, length};
  note_send("sendto", fd, &data, 1, length, flags, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t write(int fd, const void* bytes, size_t length) {
  NEXT(write_function, write);
  const struct plan plan = plan_send(fd, 0);
  if (!plan.watched) return real_write(fd, bytes, length);
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error) : real_write(fd, bytes, shortened(length, &plan));
  const struct iovec data = {(void*)(uintptr_t)bytes, length};
  note_send("write", fd, &data, 1, length, 0, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t writev(int fd, const struct iovec* pieces, int count) {
  NEXT(writev_function, writev);
  const struct plan plan = plan_send(fd, 0);
  size_t asked = 0;
  // A list that the kernel would refuse is left to it.
  if (!plan.watched || count <= 0 || count > 1024 || !shim_total(pieces, (size_t)count, &asked)) {
    return real_writev(fd, pieces, count);
  }
  struct iovec some[SHIM_PIECES];
  ssize_t result;
  if (plan.error != 0) {
    result = refuse(plan.error);
  } else if (plan.limit > 0 && asked > plan.limit) {
    result = real_writev(fd, some, shim_first(some, pieces, (size_t)count, plan.limit));
  } else {
    result = real_writev(fd, pieces, count);
  }
  note_send("writev", fd, pieces, count, asked, 0, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  NEXT(sendmsg_function, sendmsg);
  const struct plan plan = plan_send(fd, flags);
  struct msghdr shorter;
  size_t asked = 0;
  if (!plan.watched || !shim_take(&shorter, message, sizeof shorter) || shorter.msg_iovlen == 0 ||
      shorter.msg_iovlen > 1024 || !shim_total(shorter.msg_iov, shorter.msg_iovlen, &asked)) {
    return real_sendmsg(fd, message, flags);
  }
  const struct iovec* const pieces = shorter.msg_iov;
  const int count = (int)shorter.msg_iovlen;
  struct iovec some[SHIM_PIECES];
  if (plan.limit > 0 && asked > plan.limit) {
    shorter.msg_iovlen = (size_t)shim_first(some, pieces, shorter.msg_iovlen, plan.limit);
    shorter.msg_iov = some;
  }
  const ssize_t result = plan.error != 0 ? refuse(plan.error) : real_sendmsg(fd, &shorter, flags);
  note_send("sendmsg", fd, pieces, count, asked, flags, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t sendfile(int fd, int from, off_t* offset, size_t length) {
  NEXT(sendfile_function, sendfile);
  const struct plan plan = plan_send(fd, 0);
  if (!plan.watched) return real_sendfile(fd, from, offset, length);
  const ssize_t result = plan.error != 0
                             ? refuse(plan.error)
                             : real_sendfile(fd, from, offset, shortened(length, &plan));
  note_send("sendfile", fd, NULL, 0, length, 0, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t sendfile64(int fd, int from, off64_t* offset, size_t length) {
  NEXT(sendfile64_function, sendfile64);
  const struct plan plan = plan_send(fd, 0);
  if (!plan.watched) return real_sendfile64(fd, from, offset, length);
  const ssize_t result = plan.error != 0
                             ? refuse(plan.error)
                             : real_sendfile64(fd, from, offset, shortened(length, &plan));
  note_send("sendfile", fd, NULL, 0, length, 0, &plan, result);
  return result;
}
