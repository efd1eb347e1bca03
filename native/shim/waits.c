// SPDX-License-Identifier: MIT
//
// poll, select and epoll: EINTR, where they would wait for a TCP socket.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "native/shim/shim.h"

typedef int (*poll_function)(struct pollfd*, nfds_t, int);
typedef int (*ppoll_function)(struct pollfd*, nfds_t, const struct timespec*, const sigset_t*);
typedef int (*poll_chk_function)(struct pollfd*, nfds_t, int, size_t);
typedef int (*ppoll_chk_function)(struct pollfd*, nfds_t, const struct timespec*, const sigset_t*,
                                  size_t);
typedef int (*select_function)(int, fd_set*, fd_set*, fd_set*, struct timeval*);
typedef int (*pselect_function)(int, fd_set*, fd_set*, fd_set*, const struct timespec*,
                                const sigset_t*);
typedef int (*epoll_wait_function)(int, struct epoll_event*, int, int);
typedef int (*epoll_pwait_function)(int, struct epoll_event*, int, int, const sigset_t*);
typedef int (*epoll_ctl_function)(int, int, int, struct epoll_event*);

int __poll_chk(struct pollfd* list, nfds_t count, int timeout, size_t room);
int __ppoll_chk(struct pollfd* list, nfds_t count, const struct timespec* timeout,
                const sigset_t* mask, size_t room);

static int tcp_in_epoll;

static int interrupt(const char* call) {
  if (!shim_due(WAIT_EINTR)) return 0;
  struct shim_event event;
  shim_begin(&event, "wait");
  shim_string(&event, "call", call);
  errno = EINTR;
  shim_result(&event, -1);
  shim_string(&event, "injected", "EINTR");
  shim_end(&event);
  errno = EINTR;
  return 1;
}

static int polls_tcp(const struct pollfd* list, nfds_t count) {
  if (shim_setting(WAIT_EINTR) == 0) return 0;
  for (nfds_t i = 0; i < count; i++) {
    struct pollfd one;
    if (!shim_take(&one, &list[i], sizeof one)) return 0;
    if (shim_is_tcp(one.fd)) return 1;
  }
  return 0;
}

static int selects_tcp(int count, const fd_set* reads, const fd_set* writes) {
  fd_set sets[2];
  if (shim_setting(WAIT_EINTR) == 0) return 0;
  if (!shim_take(&sets[0], reads, sizeof *sets)) FD_ZERO(&sets[0]);
  if (!shim_take(&sets[1], writes, sizeof *sets)) FD_ZERO(&sets[1]);
  for (int fd = 0; fd < count && fd < FD_SETSIZE; fd++) {
    if ((FD_ISSET(fd, &sets[0]) || FD_ISSET(fd, &sets[1])) && shim_is_tcp(fd)) return 1;
  }
  return 0;
}

SHIM_EXPORT int poll(struct pollfd* list, nfds_t count, int timeout) {
  NEXT(poll_function, poll);
  if (timeout != 0 && polls_tcp(list, count) && interrupt("poll")) return -1;
  return real_poll(list, count, timeout);
}

SHIM_EXPORT int ppoll(struct pollfd* list, nfds_t count, const struct timespec* timeout,
                      const sigset_t* mask) {
  NEXT(ppoll_function, ppoll);
  if (polls_tcp(list, count) && interrupt("ppoll")) return -1;
  return real_ppoll(list, count, timeout, mask);
}

SHIM_EXPORT int __poll_chk(struct pollfd* list, nfds_t count, int timeout, size_t room) {
  if (room / sizeof *list >= count) return poll(list, count, timeout);
  NEXT(poll_chk_function, __poll_chk);
  return real___poll_chk(list, count, timeout, room);
}

SHIM_EXPORT int __ppoll_chk(struct pollfd* list, nfds_t count, const struct timespec* timeout,
                            const sigset_t* mask, size_t room) {
  if (room / sizeof *list >= count) return ppoll(list, count, timeout, mask);
  NEXT(ppoll_chk_function, __ppoll_chk);
  return real___ppoll_chk(list, count, timeout, mask, room);
}

SHIM_EXPORT int select(int count, fd_set* reads, fd_set* writes, fd_set* others,
                       struct timeval* timeout) {
  NEXT(select_function, select);
  const int waits = timeout == NULL || timeout->tv_sec != 0 || timeout->tv_usec != 0;
  if (waits && selects_tcp(count, reads, writes) && interrupt("select")) return -1;
  return real_select(count, reads, writes, others, timeout);
}

SHIM_EXPORT int pselect(int count, fd_set* reads, fd_set* writes, fd_set* others,
                        const struct timespec* timeout, const sigset_t* mask) {
  NEXT(pselect_function, pselect);
  const int waits = timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0;
  if (waits && selects_tcp(count, reads, writes) && interrupt("pselect")) return -1;
  return real_pselect(count, reads, writes, others, timeout, mask);
}

SHIM_EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event) {
  NEXT(epoll_ctl_function, epoll_ctl);
  struct epoll_event taken;
  if (operation != EPOLL_CTL_DEL && shim_is_tcp(fd) && shim_take(&taken, event, sizeof taken)) {
    __atomic_store_n(&tcp_in_epoll, 1, __ATOMIC_RELAXED);
    shim_set_edge_triggered(fd, (taken.events & EPOLLET) != 0);
  }
  return real_epoll_ctl(epoll, operation, fd, event);
}

SHIM_EXPORT int epoll_wait(int epoll, struct epoll_event* events, int count, int timeout) {
  NEXT(epoll_wait_function, epoll_wait);
  const int tcp = __atomic_load_n(&tcp_in_epoll, __ATOMIC_RELAXED);
  if (timeout != 0 && tcp && interrupt("epoll_wait")) return -1;
  return real_epoll_wait(epoll, events, count, timeout);
}

SHIM_EXPORT int epoll_pwait(int epoll, struct epoll_event* events, int count, int timeout,
                            const sigset_t* mask) {
  NEXT(epoll_pwait_function, epoll_pwait);
  const int tcp = __atomic_load_n(&tcp_in_epoll, __ATOMIC_RELAXED);
  if (timeout != 0 && tcp && interrupt("epoll_pwait")) return -1;
  return real_epoll_pwait(epoll, events, count, timeout, mask);
}
