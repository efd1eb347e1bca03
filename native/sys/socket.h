// SPDX-License-Identifier: MIT
//
// The socket calls as C++ functions, one function for one system call, under the call's own name.
//
// Contract of every function here: the result is what the kernel returned when that is >= 0, and
// the negated errno otherwise; errno is read at once, so nothing that runs in between can change
// it. Nothing is retried: EINTR, EAGAIN and short counts are the caller's to see. New descriptors
// are close-on-exec and belong to the caller. No function here closes a descriptor it was given,
// except close().
#pragma once

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "native/sys/address.h"

namespace sockkit::sys {

int socket(int domain, int type, int protocol);
int bind(int fd, const Address& address);
int listen(int fd, int backlog);

// `peer` may be null. The new descriptor is close-on-exec and blocking, whatever the listener is.
int accept(int fd, Address* peer);

// EINTR and EINPROGRESS leave the attempt going on in the background: poll for POLLOUT, then read
// SO_ERROR. Calling connect() again says EALREADY or EISCONN.
int connect(int fd, const Address& address);

// MSG_NOSIGNAL is always added: a broken pipe is -EPIPE, never SIGPIPE.
ssize_t send(int fd, const void* data, size_t length, int flags);
ssize_t recv(int fd, void* buffer, size_t length, int flags);

int shutdown(int fd, int how);

// Never repeat a close() that failed: on Linux the descriptor is gone even after EINTR, and its
// number may by then be another thread's.
int close(int fd);

int getsockname(int fd, Address* address);
int getpeername(int fd, Address* address);

// `length` goes in as the room there is and comes out as the bytes that were filled in.
int getsockopt(int fd, int level, int option, void* value, socklen_t* length);
int setsockopt(int fd, int level, int option, const void* value, socklen_t length);

int poll(struct pollfd* fds, nfds_t count, int timeoutMs);

// The same, for waits that are no part of what a program does with its sockets: for a wake
// descriptor, or for room at the output. See native/sys/trace.h.
int pollUntraced(struct pollfd* fds, nfds_t count, int timeoutMs);

// ioctl(FIONREAD): the bytes that a recv() would find now; SIZE_MAX where the system does not tell.
size_t BytesReadable(int fd);

// ioctl(FIONBIO): one call, where fcntl would need two and race with itself.
int setNonblocking(int fd, bool on);

}  // namespace sockkit::sys
