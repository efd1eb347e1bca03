// SPDX-License-Identifier: MIT
//
// The library that sockcheck loads (LD_PRELOAD) before a program that it grades. It stands between
// the program and the C library's socket calls, makes happen what a network only does on a bad day
// (short counts, EINTR, EAGAIN), and writes down what the program asked for.
//
// It is a guest in somebody else's process: no locks (so that fork and signal handlers are nothing
// special), no malloc, no stdio, errno as the real call left it, and every fault is one that POSIX
// allows at that place. Only TCP sockets are touched; everything else passes straight through.
//
//   SOCKCHECK_SHIM_LOG     the file that events are appended to, a JSON object in each line
//   SOCKCHECK_SHIM_LIMIT   how large that file may grow, in bytes (8 MiB)
//   SOCKCHECK_SHIM_FAULTS  what to make happen, as NAME=NUMBER[,NAME=NUMBER...]; none by default
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SHIM_EXPORT __attribute__((visibility("default")))
#define SHIM_FDS 65536
#define SHIM_BYTES 16  // How many bytes of the data an event shows.

// next.c: the function that the program would have called, looked up once.
void* shim_next(void** slot, const char* name);
#define NEXT(type, name)    \
  static void* next_##name; \
  const type real_##name = (type)(uintptr_t)shim_next(&next_##name, #name)

// faults.c: the settings. 0 stands for "never" and "no limit".
enum shim_fault {
  SEND_BYTES,   // A send takes at most so many bytes.
  SEND_EINTR,   // The first of every so many sends on a blocking socket fails with EINTR.
  SEND_EAGAIN,  // The same on a non-blocking one, with EAGAIN.
  RECV_BYTES,
  RECV_EINTR,
  RECV_EAGAIN,
  ACCEPT_EINTR,
  WAIT_EINTR,  // poll, select, epoll_wait.
  SHIM_FAULTS
};
size_t shim_setting(enum shim_fault fault);
// Counts a call, and tells whether it is one of those to be made to fail.
int shim_due(enum shim_fault fault);
const char* shim_log_path(void);
uint64_t shim_log_limit(void);

// sockets.c: what a descriptor is, and what has gone through it.
enum shim_kind { NOT_TCP, BLOCKING, NON_BLOCKING };
enum shim_kind shim_kind(int fd);  // NON_BLOCKING is asked for with one more call.
int shim_is_tcp(int fd);
// Registered with EPOLLET: a short count or EAGAIN there promises an event that would never come.
int shim_is_edge_triggered(int fd);
void shim_set_edge_triggered(int fd, int on);
void shim_opened(int fd);
// Adds what a call moved; the number of such calls on this descriptor before it.
uint64_t shim_sent(int fd, ssize_t count);
uint64_t shim_received(int fd, ssize_t count);
uint64_t shim_total_sent(int fd);
uint64_t shim_total_received(int fd);
uint64_t shim_stdin_bytes(int* known);
void shim_stdin_read(ssize_t count);

// log.c: an event is built on the stack and written by one write().
struct shim_event {
  size_t length;
  char text[1024];
};
void shim_begin(struct shim_event* event, const char* op);
void shim_number(struct shim_event* event, const char* name, int64_t value);
void shim_string(struct shim_event* event, const char* name, const char* value);
void shim_hex(struct shim_event* event, const char* name, const uint8_t* bytes, size_t length);
// How a call ended: its result, or the name of the error in errno; `errno` stays as it is.
void shim_result(struct shim_event* event, int64_t result);
void shim_end(struct shim_event* event);
int shim_is_log(int fd);
// memory.c: reading what the program hands in, which may be no memory of its at all; the real call
// then says EFAULT, and nothing here may end the program.
size_t shim_copy(void* to, const struct iovec* from, int count, size_t skip, size_t length);
// One object; 0 where it cannot be read.
int shim_take(void* to, const void* from, size_t length);
// The sum of the lengths in a list of pieces; 0 where it cannot be read.
int shim_total(const struct iovec* pieces, size_t count, size_t* total);
// The first `limit` bytes of a list, or fewer; never none where there are some.
#define SHIM_PIECES 16
int shim_first(struct iovec out[SHIM_PIECES], const struct iovec* pieces, size_t count,
               size_t limit);
