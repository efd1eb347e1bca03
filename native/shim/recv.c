// SPDX-License-Identifier: MIT
//
// recv, recvfrom, recvmsg, read, readv, and what the C library's checked headers make of them.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/shim/shim.h"

#define LOGGED_RECEIVES 1000  // By each process; after them only real failures and ends.

typedef ssize_t (*recv_function)(int, void*, size_t, int);
typedef ssize_t (*recvfrom_function)(int, void*, size_t, int, struct sockaddr*, socklen_t*);
typedef ssize_t (*recvmsg_function)(int, struct msghdr*, int);
typedef ssize_t (*read_function)(int, void*, size_t);
typedef ssize_t (*readv_function)(int, const struct iovec*, int);
typedef ssize_t (*recv_chk_function)(int, void*, size_t, size_t, int);
typedef ssize_t (*recvfrom_chk_function)(int, void*, size_t, size_t, int, struct sockaddr*,
                                         socklen_t*);
typedef ssize_t (*read_chk_function)(int, void*, size_t, size_t);

// What the compiler calls in place of the plain names with -D_FORTIFY_SOURCE.
ssize_t __recv_chk(int fd, void* buffer, size_t length, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void* buffer, size_t length, size_t room, int flags,
                       struct sockaddr* address, socklen_t* size);
ssize_t __read_chk(int fd, void* buffer, size_t length, size_t room);

struct plan {
  int watched, error;
  size_t limit;
};

static struct plan plan_receive(int fd, int flags) {
  struct plan plan = {0, 0, 0};
  const enum shim_kind kind = shim_kind(fd);
  if (kind == NOT_TCP) return plan;
  plan.watched = 1;
  // MSG_WAITALL promises everything; who peeks may wait for it to become more.
  if (shim_is_edge_triggered(fd) || (flags & (MSG_OOB | MSG_ERRQUEUE)) != 0) return plan;
  const int waits = kind == BLOCKING && (flags & MSG_DONTWAIT) == 0;
  if (shim_due(waits ? RECV_EINTR : RECV_EAGAIN)) plan.error = waits ? EINTR : EAGAIN;
  if ((flags & (MSG_WAITALL | MSG_PEEK | MSG_TRUNC)) == 0) plan.limit = shim_setting(RECV_BYTES);
  return plan;
}

static int is_to_be_logged(ssize_t result, const struct plan* plan) {
  static uint64_t logged;
  const int always = result <= 0 && plan->error == 0;
  return always || __atomic_fetch_add(&logged, 1, __ATOMIC_RELAXED) < LOGGED_RECEIVES;
}

static void note_receive(const char* call, int fd, size_t asked, int flags, const struct plan* plan,
                         ssize_t result) {
  const int saved = errno;
  const uint64_t number = shim_received(fd, (flags & MSG_PEEK) != 0 ? 0 : result);
  if (shim_log_path() == NULL || !is_to_be_logged(result, plan)) return;
  struct shim_event event;
  shim_begin(&event, "recv");
  shim_string(&event, "call", call);
  shim_number(&event, "fd", fd);
  shim_number(&event, "n", (int64_t)number);
  shim_number(&event, "asked", (int64_t)asked);
  shim_number(&event, "flags", flags);
  errno = saved;
  shim_result(&event, result);
  if (plan->error != 0) shim_string(&event, "injected", plan->error == EINTR ? "EINTR" : "EAGAIN");
  if (result > 0 && plan->limit > 0 && asked > plan->limit) {
    shim_string(&event, "injected", "short");
  }
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

SHIM_EXPORT ssize_t recv(int fd, void* buffer, size_t length, int flags) {
  NEXT(recv_function, recv);
  const struct plan plan = plan_receive(fd, flags);
  if (!plan.watched) return real_recv(fd, buffer, length, flags);
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error) : real_recv(fd, buffer, shortened(length, &plan), flags);
  note_receive("recv", fd, length, flags, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t recvfrom(int fd, void* buffer, size_t length, int flags,
                             struct sockaddr* address, socklen_t* size) {
  NEXT(recvfrom_function, recvfrom);
  const struct plan plan = plan_receive(fd, flags);
  if (!plan.watched) return real_recvfrom(fd, buffer, length, flags, address, size);
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error)
                      : real_recvfrom(fd, buffer, shortened(length, &plan), flags, address, size);
  note_receive("recvfrom", fd, length, flags, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t read(int fd, void* buffer, size_t length) {
  NEXT(read_function, read);
  const struct plan plan = plan_receive(fd, 0);
  if (!plan.watched) {
    const ssize_t result = real_read(fd, buffer, length);
    if (fd == STDIN_FILENO) shim_stdin_read(result);
    return result;
  }
  const ssize_t result =
      plan.error != 0 ? refuse(plan.error) : real_read(fd, buffer, shortened(length, &plan));
  note_receive("read", fd, length, 0, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t readv(int fd, const struct iovec* pieces, int count) {
  NEXT(readv_function, readv);
  const struct plan plan = plan_receive(fd, 0);
  size_t asked = 0;
  if (!plan.watched || count <= 0 || count > 1024 || !shim_total(pieces, (size_t)count, &asked)) {
    const ssize_t result = real_readv(fd, pieces, count);
    if (fd == STDIN_FILENO) shim_stdin_read(result);
    return result;
  }
  struct iovec some[SHIM_PIECES];
  ssize_t result;
  if (plan.error != 0) {
    result = refuse(plan.error);
  } else if (plan.limit > 0 && asked > plan.limit) {
    result = real_readv(fd, some, shim_first(some, pieces, (size_t)count, plan.limit));
  } else {
    result = real_readv(fd, pieces, count);
  }
  note_receive("readv", fd, asked, 0, &plan, result);
  return result;
}

SHIM_EXPORT ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  NEXT(recvmsg_function, recvmsg);
  const struct plan plan = plan_receive(fd, flags);
  struct msghdr given;
  size_t asked = 0;
  if (!plan.watched || !shim_take(&given, message, sizeof given) || given.msg_iovlen == 0 ||
      given.msg_iovlen > 1024 || !shim_total(given.msg_iov, given.msg_iovlen, &asked)) {
    return real_recvmsg(fd, message, flags);
  }
  struct iovec some[SHIM_PIECES];
  ssize_t result;
  if (plan.error != 0) {
    result = refuse(plan.error);
  } else {
    if (plan.limit > 0 && asked > plan.limit) {
      message->msg_iovlen = (size_t)shim_first(some, given.msg_iov, given.msg_iovlen, plan.limit);
      message->msg_iov = some;
    }
    result = real_recvmsg(fd, message, flags);
    message->msg_iov = given.msg_iov;
    message->msg_iovlen = given.msg_iovlen;
  }
  note_receive("recvmsg", fd, asked, flags, &plan, result);
  return result;
}

// Where the buffer is too small the real one ends the program, as it would without this library.
SHIM_EXPORT ssize_t __recv_chk(int fd, void* buffer, size_t length, size_t room, int flags) {
  if (length <= room) return recv(fd, buffer, length, flags);
  NEXT(recv_chk_function, __recv_chk);
  return real___recv_chk(fd, buffer, length, room, flags);
}

SHIM_EXPORT ssize_t __recvfrom_chk(int fd, void* buffer, size_t length, size_t room, int flags,
                                   struct sockaddr* address, socklen_t* size) {
  if (length <= room) return recvfrom(fd, buffer, length, flags, address, size);
  NEXT(recvfrom_chk_function, __recvfrom_chk);
  return real___recvfrom_chk(fd, buffer, length, room, flags, address, size);
}

SHIM_EXPORT ssize_t __read_chk(int fd, void* buffer, size_t length, size_t room) {
  if (length <= room) return read(fd, buffer, length);
  NEXT(read_chk_function, __read_chk);
  return real___read_chk(fd, buffer, length, room);
}
