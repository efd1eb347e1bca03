// SPDX-License-Identifier: MIT
//
// The calls that move messages with addresses, lists of buffers and control data. The contract is
// that of socket.h: the kernel's result or the negated errno, and nothing is retried.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "native/sys/address.h"

namespace sockkit::sys {

#ifdef __linux__
using BatchHeader = struct mmsghdr;
#else
struct BatchHeader {
  struct msghdr msg_hdr;
  unsigned msg_len;
};
#endif

// A longer list of buffers is EMSGSIZE, and so many messages go in one sendmmsg or recvmmsg at
// most.
constexpr size_t kMostVectors = 1024;
constexpr size_t kMostMessages = 1024;

// Both ends are close-on-exec. `pair` is written to only when this succeeds.
int socketpair(int domain, int type, int protocol, int pair[2]);

// An address of length 0 is none. MSG_NOSIGNAL is always added.
ssize_t sendto(int fd, const void* data, size_t length, int flags, const Address& address);

// The address's length is 0 where the kernel gave none: on a stream, and of an unbound unix peer.
// With MSG_TRUNC the result can be more than `length`.
ssize_t recvfrom(int fd, void* buffer, size_t length, int flags, Address* address);

// MSG_NOSIGNAL is always added to what is sent, and MSG_CMSG_CLOEXEC to what is received: received
// descriptors are close-on-exec and the caller's. (Linux's packet sockets refuse that flag: there
// the call is made once more without it, the one call here that can be two.) The lengths in the
// header are never left larger than they were given, although the kernel reports what it would have
// liked to write.
ssize_t sendmsg(int fd, const struct msghdr& message, int flags);
ssize_t recvmsg(int fd, struct msghdr* message, int flags);

// Returns how many messages went. The error of a message after the first is not reported: the count
// is short, and the next call may say what was wrong.
int sendmmsg(int fd, BatchHeader* messages, size_t count, int flags);
int recvmmsg(int fd, BatchHeader* messages, size_t count, int flags);

// `offset` may be null: then the file's own position is used, and moved. It can raise SIGPIPE.
ssize_t sendfile(int outFd, int inFd, int64_t* offset, size_t count);

}  // namespace sockkit::sys
