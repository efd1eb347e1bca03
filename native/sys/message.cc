// SPDX-License-Identifier: MIT
#include "native/sys/message.h"

#include <errno.h>
#include <string.h>

#ifdef __linux__
#include <sys/sendfile.h>
#else
#include <fcntl.h>
#endif

#include "native/sys/control.h"
#include "native/sys/result.h"
#include "native/sys/socket.h"
#include "native/sys/trace.h"

namespace sockkit::sys {

namespace {

#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;  // SO_NOSIGPIPE is set on the socket instead.
#endif

#ifdef MSG_CMSG_CLOEXEC
constexpr int kCloseOnExec = MSG_CMSG_CLOEXEC;
#else
constexpr int kCloseOnExec = 0;
#endif

// Packet sockets refuse MSG_CMSG_CLOEXEC; descriptors cannot come through one. Whether `result` is
// that, and the call is to be made again without.
bool RefusesCloseOnExec(int fd, ssize_t result, int flags) {
#if defined(__linux__) && defined(MSG_CMSG_CLOEXEC)
  if (result != -EINVAL || (flags & MSG_CMSG_CLOEXEC) != 0) return false;
  int domain = AF_UNSPEC;
  socklen_t length = sizeof(domain);
  return sys::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET;
#else
  (void)fd, (void)result, (void)flags;
  return false;
#endif
}

// What a receive filled in, given the room that there was.
void Clip(struct msghdr* message, socklen_t nameRoom, size_t controlRoom) {
  if (message->msg_namelen > nameRoom) message->msg_namelen = nameRoom;
  if (message->msg_controllen > controlRoom) {
    message->msg_controllen = static_cast<decltype(message->msg_controllen)>(controlRoom);
  }
#ifndef MSG_CMSG_CLOEXEC
  // The flag comes a moment late here, and a fork in between can inherit.
  ForEachRight(message->msg_control, message->msg_controllen,
               [](int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); });
#endif
}

}  // namespace

int socketpair(int domain, int type, int protocol, int pair[2]) {
  // A call that fails can leave numbers that are not ours.
  int made[2] = {-1, -1};
#ifdef SOCK_CLOEXEC
  type |= SOCK_CLOEXEC;
#endif
  int result = Result(::socketpair(domain, type, protocol, made));
  if (trace::On()) trace::Socketpair(result, domain, type, protocol, made);
  if (result < 0) return result;
#ifndef SOCK_CLOEXEC
  for (int fd : made) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof(one));
#endif
  }
#endif
  pair[0] = made[0];
  pair[1] = made[1];
  return result;
}

ssize_t sendto(int fd, const void* data, size_t length, int flags, const Address& address) {
  const struct sockaddr* name = address.length > 0 ? address.sockaddr() : nullptr;
  ssize_t result = Result(::sendto(fd, data, length, flags | kNoSignal, name, address.length));
  if (trace::On()) trace::Sendto(result, fd, data, length, flags | kNoSignal, address);
  return result;
}

ssize_t recvfrom(int fd, void* buffer, size_t length, int flags, Address* address) {
  address->length = sizeof(address->storage);
  ssize_t result =
      Result(::recvfrom(fd, buffer, length, flags, address->sockaddr(), &address->length));
  if (trace::On()) trace::Recvfrom(result, fd, buffer, length, flags, *address);
  address->ClipLength();
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr& message, int flags) {
  ssize_t result = Result(::sendmsg(fd, &message, flags | kNoSignal));
  if (trace::On()) trace::Sendmsg(result, fd, message, flags | kNoSignal);
  return result;
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  const socklen_t nameRoom = message->msg_namelen;
  const size_t controlRoom = message->msg_controllen;
  auto receive = [&](int allFlags) {
    ssize_t result = Result(::recvmsg(fd, message, allFlags));
    if (result >= 0) Clip(message, nameRoom, controlRoom);
    if (trace::On()) trace::Recvmsg(result, fd, *message, nameRoom, allFlags);
    return result;
  };
  ssize_t result = receive(flags | kCloseOnExec);
  return RefusesCloseOnExec(fd, result, flags) ? receive(flags) : result;
}

#ifdef __linux__

int sendmmsg(int fd, BatchHeader* messages, size_t count, int flags) {
  if (count > kMostMessages) count = kMostMessages;
  const auto some = static_cast<unsigned>(count);
  int result = Result(::sendmmsg(fd, messages, some, flags | kNoSignal));
  if (trace::On()) trace::Sendmmsg(result, fd, messages, count, flags | kNoSignal);
  return result;
}

int recvmmsg(int fd, BatchHeader* messages, size_t count, int flags) {
  if (count > kMostMessages) count = kMostMessages;
  socklen_t nameRoom[kMostMessages];
  size_t controlRoom[kMostMessages];
  for (size_t i = 0; i < count; i++) {
    nameRoom[i] = messages[i].msg_hdr.msg_namelen;
    controlRoom[i] = messages[i].msg_hdr.msg_controllen;
  }
  const auto some = static_cast<unsigned>(count);
  auto receive = [&](int allFlags) {
    int result = Result(::recvmmsg(fd, messages, some, allFlags, nullptr));
    const size_t received = result > 0 ? static_cast<size_t>(result) : 0;
    for (size_t i = 0; i < received && i < count; i++) {
      Clip(&messages[i].msg_hdr, nameRoom[i], controlRoom[i]);
    }
    if (trace::On()) trace::Recvmmsg(result, fd, messages, count, nameRoom, allFlags);
    return result;
  };
  int result = receive(flags | kCloseOnExec);
  return RefusesCloseOnExec(fd, result, flags) ? receive(flags) : result;
}

ssize_t sendfile(int outFd, int inFd, int64_t* offset, size_t count) {
  static_assert(sizeof(off64_t) == sizeof(*offset));
  const int64_t before = offset != nullptr ? *offset : 0;
  ssize_t result = Result(::sendfile64(outFd, inFd, offset, count));
  if (trace::On()) trace::Sendfile(result, outFd, inFd, offset, before, count);
  return result;
}

#else

int sendmmsg(int, BatchHeader*, size_t, int) {
  return -ENOSYS;
}

int recvmmsg(int, BatchHeader*, size_t, int) {
  return -ENOSYS;
}

ssize_t sendfile(int, int, int64_t*, size_t) {
  return -ENOSYS;
}

#endif

}  // namespace sockkit::sys
