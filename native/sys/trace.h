// SPDX-License-Identifier: MIT
//
// Traces: every call of native/sys told on standard error as strace tells it, from whatever thread.
// Each wrapper calls its function here after the system call, with the result as it gives it.
//
// While traces are off this costs one load of a flag for each call, and nothing else.
#pragma once

#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <atomic>

#include "native/sys/address.h"
#include "native/sys/message.h"

namespace sockkit::sys::trace {

enum class Format : uint32_t { kOff, kText, kJson };

extern std::atomic<Format> format;

inline bool On() {
  return __builtin_expect(format.load(std::memory_order_relaxed) != Format::kOff, 0);
}

// For the whole process.
void Start(Format wanted);

#define SOCKKIT_COLD [[gnu::cold]] void

SOCKKIT_COLD Socket(int result, int domain, int type, int protocol);
SOCKKIT_COLD Socketpair(int result, int domain, int type, int protocol, const int pair[2]);
SOCKKIT_COLD AddressCall(const char* call, int result, int fd, const Address& address);
SOCKKIT_COLD Listen(int result, int fd, int backlog);
// accept4 (with its flags), getsockname, getpeername: `address` was filled in.
SOCKKIT_COLD NameCall(const char* call, int result, int fd, const Address& address,
                      const int* flags);
SOCKKIT_COLD Send(ssize_t result, int fd, const void* data, size_t length, int flags);
SOCKKIT_COLD Recv(ssize_t result, int fd, const void* buffer, size_t length, int flags);
SOCKKIT_COLD Sendto(ssize_t result, int fd, const void* data, size_t length, int flags,
                    const Address& address);
SOCKKIT_COLD Recvfrom(ssize_t result, int fd, const void* buffer, size_t length, int flags,
                      const Address& address);
SOCKKIT_COLD Sendmsg(ssize_t result, int fd, const struct msghdr& message, int flags);
SOCKKIT_COLD Recvmsg(ssize_t result, int fd, const struct msghdr& message, socklen_t nameRoom,
                     int flags);
SOCKKIT_COLD Sendmmsg(int result, int fd, const BatchHeader* messages, size_t count, int flags);
SOCKKIT_COLD Recvmmsg(int result, int fd, const BatchHeader* messages, size_t count,
                      const socklen_t* nameRoom, int flags);
SOCKKIT_COLD Shutdown(int result, int fd, int how);
SOCKKIT_COLD Close(int result, int fd);
SOCKKIT_COLD Getsockopt(int result, int fd, int level, int option, const void* value,
                        socklen_t room, socklen_t length);
SOCKKIT_COLD Setsockopt(int result, int fd, int level, int option, const void* value,
                        socklen_t length);
SOCKKIT_COLD AttachFilter(int result, int fd, const void* program, size_t count);
SOCKKIT_COLD Poll(int result, const struct pollfd* fds, size_t count, int timeoutMs);
// FIONBIO and FIONREAD.
SOCKKIT_COLD Ioctl(int result, int fd, const char* request, int value);
SOCKKIT_COLD Fcntl(int result, int fd, const char* command, const char* argument);
SOCKKIT_COLD Membarrier(int result, const char* command);
SOCKKIT_COLD Sendfile(ssize_t result, int outFd, int inFd, const int64_t* offset, int64_t before,
                      size_t count);

// The C library's calls, which strace does not show: `code` is 0 or an EAI_ code, `error` a negated
// errno.
SOCKKIT_COLD Getaddrinfo(int code, int error, const char* host, const char* service,
                         const addrinfo& hints, const addrinfo* list);
SOCKKIT_COLD Getnameinfo(int code, int error, const Address& address, const char* host,
                         const char* service, int flags);
SOCKKIT_COLD NameToIndex(int64_t result, const char* name);
SOCKKIT_COLD IndexToName(int result, unsigned index, const char* name);

#undef SOCKKIT_COLD

}  // namespace sockkit::sys::trace
