// SPDX-License-Identifier: MIT
//
// The calls that are only written down, and accept, which can be interrupted.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/shim/shim.h"

typedef int (*socket_function)(int, int, int);
typedef int (*bind_function)(int, const struct sockaddr*, socklen_t);
typedef int (*listen_function)(int, int);
typedef int (*accept_function)(int, struct sockaddr*, socklen_t*);
typedef int (*accept4_function)(int, struct sockaddr*, socklen_t*, int);
typedef int (*setsockopt_function)(int, int, int, const void*, socklen_t);
typedef int (*shutdown_function)(int, int);
typedef int (*close_function)(int);

static void begin(struct shim_event* event, const char* op, int fd) {
  shim_begin(event, op);
  shim_number(event, "fd", fd);
}

static void end(struct shim_event* event, int result, int saved) {
  errno = saved;
  shim_result(event, result);
  shim_end(event);
  errno = saved;
}

static void add_address(struct shim_event* event, const struct sockaddr* address, socklen_t size) {
  char text[INET6_ADDRSTRLEN] = "";
  struct sockaddr_storage taken = {0};
  if (size > sizeof taken || !shim_take(&taken, address, size)) return;
  if (taken.ss_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in* in = (const struct sockaddr_in*)&taken;
    shim_string(event, "address", inet_ntop(AF_INET, &in->sin_addr, text, sizeof text));
    shim_number(event, "port", ntohs(in->sin_port));
  } else if (taken.ss_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
    const struct sockaddr_in6* in6 = (const struct sockaddr_in6*)&taken;
    shim_string(event, "address", inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text));
    shim_number(event, "port", ntohs(in6->sin6_port));
  }
}

SHIM_EXPORT int socket(int domain, int type, int protocol) {
  NEXT(socket_function, socket);
  const int result = real_socket(domain, type, protocol);
  const int saved = errno;
  if (result >= 0) shim_opened(result);
  if (domain == AF_INET || domain == AF_INET6) {
    struct shim_event event;
    shim_begin(&event, "socket");
    shim_number(&event, "domain", domain);
    shim_number(&event, "type", type);
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

SHIM_EXPORT int bind(int fd, const struct sockaddr* address, socklen_t size) {
  NEXT(bind_function, bind);
  const int result = real_bind(fd, address, size);
  const int saved = errno;
  if (shim_is_tcp(fd)) {
    struct shim_event event;
    begin(&event, "bind", fd);
    add_address(&event, address, size);
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

SHIM_EXPORT int listen(int fd, int backlog) {
  NEXT(listen_function, listen);
  const int result = real_listen(fd, backlog);
  const int saved = errno;
  if (shim_is_tcp(fd)) {
    struct shim_event event;
    begin(&event, "listen", fd);
    shim_number(&event, "backlog", backlog);
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

SHIM_EXPORT int connect(int fd, const struct sockaddr* address, socklen_t size) {
  NEXT(bind_function, connect);
  const int result = real_connect(fd, address, size);
  const int saved = errno;
  if (shim_is_tcp(fd)) {
    struct shim_event event;
    begin(&event, "connect", fd);
    add_address(&event, address, size);
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

// Where the listener does not block there is nothing to interrupt.
static int interrupts_accept(int fd) {
  return shim_setting(ACCEPT_EINTR) > 0 && shim_kind(fd) == BLOCKING && shim_due(ACCEPT_EINTR);
}

static void note_accept(const char* call, int fd, int result, int injected) {
  const int saved = errno;
  if (result >= 0) shim_opened(result);
  if (shim_is_tcp(fd)) {
    struct shim_event event;
    begin(&event, "accept", fd);
    shim_string(&event, "call", call);
    if (injected) shim_string(&event, "injected", "EINTR");
    end(&event, result, saved);
  }
  errno = saved;
}

SHIM_EXPORT int accept(int fd, struct sockaddr* address, socklen_t* size) {
  NEXT(accept_function, accept);
  const int injected = interrupts_accept(fd);
  if (injected) errno = EINTR;
  const int result = injected ? -1 : real_accept(fd, address, size);
  note_accept("accept", fd, result, injected);
  return result;
}

SHIM_EXPORT int accept4(int fd, struct sockaddr* address, socklen_t* size, int flags) {
  NEXT(accept4_function, accept4);
  const int injected = interrupts_accept(fd);
  if (injected) errno = EINTR;
  const int result = injected ? -1 : real_accept4(fd, address, size, flags);
  note_accept("accept4", fd, result, injected);
  return result;
}

SHIM_EXPORT int setsockopt(int fd, int level, int option, const void* value, socklen_t size) {
  NEXT(setsockopt_function, setsockopt);
  const int result = real_setsockopt(fd, level, option, value, size);
  const int saved = errno;
  if (shim_is_tcp(fd)) {
    struct shim_event event;
    uint8_t bytes[SHIM_BYTES];
    const struct iovec data = {(void*)(uintptr_t)value, size};
    const size_t copied = shim_copy(bytes, &data, 1, 0, sizeof bytes);
    begin(&event, "setsockopt", fd);
    shim_number(&event, "level", level);
    shim_number(&event, "option", option);
    if (copied >= sizeof(int)) {
      int number;
      memcpy(&number, bytes, sizeof number);
      shim_number(&event, "value", number);
    }
    shim_hex(&event, "bytes", bytes, copied);
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

SHIM_EXPORT int shutdown(int fd, int how) {
  NEXT(shutdown_function, shutdown);
  const int watched = shim_is_tcp(fd);
  const int result = real_shutdown(fd, how);
  const int saved = errno;
  if (watched) {
    struct shim_event event;
    begin(&event, "shutdown", fd);
    shim_number(&event, "how", how);
    shim_number(&event, "sent", (int64_t)shim_total_sent(fd));
    end(&event, result, saved);
  }
  errno = saved;
  return result;
}

SHIM_EXPORT int close(int fd) {
  NEXT(close_function, close);
  // A program that closes every number there is would have got EBADF for this one.
  if (shim_is_log(fd)) {
    errno = EBADF;
    return -1;
  }
  if (!shim_is_tcp(fd)) return real_close(fd);
  struct shim_event event;
  // What is still unread makes the kernel reset the connection instead of ending it.
  int unread = 0;
  const int saved = errno;
  if (ioctl(fd, FIONREAD, &unread) < 0) unread = 0;
  errno = saved;
  begin(&event, "close", fd);
  shim_number(&event, "sent", (int64_t)shim_total_sent(fd));
  shim_number(&event, "received", (int64_t)shim_total_received(fd));
  shim_number(&event, "unread", unread);
  // Written down before it happens: by another thread the number may be opened again at once.
  shim_end(&event);
  shim_opened(fd);
  return real_close(fd);
}
