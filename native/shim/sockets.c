// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/shim/shim.h"

// By descriptor number. What is beyond the table passes without faults.
static struct {
  uint64_t sends, sent, receives, received;
  unsigned char edge_triggered;
} table[SHIM_FDS];

static uint64_t stdin_bytes;

static int within(int fd) {
  return fd >= 0 && fd < SHIM_FDS;
}

static int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// Asked anew each time: a descriptor can be closed, and its number used again, in ways that nobody
// here sees (fclose, dup2, exec).
int shim_is_tcp(int fd) {
  const int saved = errno;
  const int yes =
      within(fd) && option(fd, SO_TYPE) == SOCK_STREAM && option(fd, SO_PROTOCOL) == IPPROTO_TCP;
  errno = saved;
  return yes;
}

enum shim_kind shim_kind(int fd) {
  if (!shim_is_tcp(fd)) return NOT_TCP;
  const int saved = errno;
  const int flags = fcntl(fd, F_GETFL);
  errno = saved;
  return flags >= 0 && (flags & O_NONBLOCK) != 0 ? NON_BLOCKING : BLOCKING;
}

int shim_is_edge_triggered(int fd) {
  return !within(fd) || __atomic_load_n(&table[fd].edge_triggered, __ATOMIC_RELAXED);
}

void shim_set_edge_triggered(int fd, int on) {
  if (within(fd)) __atomic_store_n(&table[fd].edge_triggered, on != 0, __ATOMIC_RELAXED);
}

void shim_opened(int fd) {
  if (!within(fd)) return;
  __atomic_store_n(&table[fd].sends, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&table[fd].sent, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&table[fd].receives, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&table[fd].received, 0, __ATOMIC_RELAXED);
  shim_set_edge_triggered(fd, 0);
}

uint64_t shim_sent(int fd, ssize_t count) {
  if (!within(fd)) return 0;
  if (count > 0) __atomic_fetch_add(&table[fd].sent, (uint64_t)count, __ATOMIC_RELAXED);
  return __atomic_fetch_add(&table[fd].sends, 1, __ATOMIC_RELAXED);
}

uint64_t shim_received(int fd, ssize_t count) {
  if (!within(fd)) return 0;
  if (count > 0) __atomic_fetch_add(&table[fd].received, (uint64_t)count, __ATOMIC_RELAXED);
  return __atomic_fetch_add(&table[fd].receives, 1, __ATOMIC_RELAXED);
}

uint64_t shim_total_sent(int fd) {
  return within(fd) ? __atomic_load_n(&table[fd].sent, __ATOMIC_RELAXED) : 0;
}

uint64_t shim_total_received(int fd) {
  return within(fd) ? __atomic_load_n(&table[fd].received, __ATOMIC_RELAXED) : 0;
}

// How much of its standard input the program has taken so far. stdio's own reads pass unseen, but
// where the input is a file its position tells.
uint64_t shim_stdin_bytes(int* known) {
  const int saved = errno;
  const off_t position = lseek(STDIN_FILENO, 0, SEEK_CUR);
  errno = saved;
  if (position >= 0) {
    *known = 1;
    return (uint64_t)position;
  }
  const uint64_t bytes = __atomic_load_n(&stdin_bytes, __ATOMIC_RELAXED);
  *known = bytes > 0;
  return bytes;
}

void shim_stdin_read(ssize_t count) {
  if (count > 0) __atomic_fetch_add(&stdin_bytes, (uint64_t)count, __ATOMIC_RELAXED);
}
