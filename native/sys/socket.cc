// SPDX-License-Identifier: MIT
#include "native/sys/socket.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "native/sys/result.h"
#include "native/sys/trace.h"

namespace sockkit::sys {

namespace {

#ifndef SOCK_CLOEXEC
// Systems without SOCK_CLOEXEC: the flag comes a moment late, and a fork in between can inherit.
int CloseOnExec(int fd) {
  if (fd < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) return fd;
  int error = -errno;
  ::close(fd);
  return error;
}
#endif

#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;  // SO_NOSIGPIPE is set on the socket instead.
#endif

int Name(const char* name, int (*call)(int, sockaddr*, socklen_t*), int fd, Address* address) {
  address->length = sizeof(address->storage);
  int result = Result(call(fd, address->sockaddr(), &address->length));
  if (trace::On()) trace::NameCall(name, result, fd, *address, nullptr);
  address->ClipLength();
  return result;
}

}  // namespace

int socket(int domain, int type, int protocol) {
#ifdef SOCK_CLOEXEC
  int fd = Result(::socket(domain, type | SOCK_CLOEXEC, protocol));
  if (trace::On()) trace::Socket(fd, domain, type | SOCK_CLOEXEC, protocol);
  return fd;
#else
  int fd = CloseOnExec(Result(::socket(domain, type, protocol)));
  if (trace::On()) trace::Socket(fd, domain, type, protocol);
#ifdef SO_NOSIGPIPE
  int one = 1;
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof(one));
#endif
  return fd;
#endif
}

int bind(int fd, const Address& address) {
  int result = Result(::bind(fd, address.sockaddr(), address.length));
  if (trace::On()) trace::AddressCall("bind", result, fd, address);
  return result;
}

int listen(int fd, int backlog) {
  int result = Result(::listen(fd, backlog));
  if (trace::On()) trace::Listen(result, fd, backlog);
  return result;
}

int accept(int fd, Address* peer) {
  Address ignored;
  if (peer == nullptr) peer = &ignored;
  peer->length = sizeof(peer->storage);
#ifdef SOCK_CLOEXEC
  const int flags = SOCK_CLOEXEC;
  int accepted = Result(::accept4(fd, peer->sockaddr(), &peer->length, flags));
  if (trace::On()) trace::NameCall("accept4", accepted, fd, *peer, &flags);
#else
  int accepted = CloseOnExec(Result(::accept(fd, peer->sockaddr(), &peer->length)));
  if (trace::On()) trace::NameCall("accept", accepted, fd, *peer, nullptr);
  // Here, other than on Linux, the new descriptor inherits O_NONBLOCK from the listener.
  if (accepted >= 0) setNonblocking(accepted, false);
#endif
  peer->ClipLength();
  return accepted;
}

int connect(int fd, const Address& address) {
  int result = Result(::connect(fd, address.sockaddr(), address.length));
  if (trace::On()) trace::AddressCall("connect", result, fd, address);
  return result;
}

ssize_t send(int fd, const void* data, size_t length, int flags) {
  ssize_t result = Result(::send(fd, data, length, flags | kNoSignal));
  if (trace::On()) trace::Send(result, fd, data, length, flags | kNoSignal);
  return result;
}

ssize_t recv(int fd, void* buffer, size_t length, int flags) {
  ssize_t result = Result(::recv(fd, buffer, length, flags));
  if (trace::On()) trace::Recv(result, fd, buffer, length, flags);
  return result;
}

int shutdown(int fd, int how) {
  int result = Result(::shutdown(fd, how));
  if (trace::On()) trace::Shutdown(result, fd, how);
  return result;
}

int close(int fd) {
  int result = Result(::close(fd));
  if (trace::On()) trace::Close(result, fd);
  return result;
}

int getsockname(int fd, Address* address) {
  return Name("getsockname", ::getsockname, fd, address);
}

int getpeername(int fd, Address* address) {
  return Name("getpeername", ::getpeername, fd, address);
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* length) {
  const socklen_t room = *length;
#ifdef SO_GET_FILTER
  // This option alone counts in instructions of 8 bytes, and Linux would write that many.
  const bool isFilter = level == SOL_SOCKET && option == SO_GET_FILTER;
#else
  const bool isFilter = false;
#endif
  if (isFilter) *length /= 8;
  const bool asksCount = isFilter && *length == 0;  // Then nothing is filled in.
  int result = Result(::getsockopt(fd, level, option, value, length));
  if (isFilter) *length = asksCount ? 0 : *length * 8;
  // Some options of Linux (NETLINK_LIST_MEMBERSHIPS) report the length that they would have liked.
  if (*length > room) *length = room;
  if (trace::On()) trace::Getsockopt(result, fd, level, option, value, room, *length);
  return result;
}

int setsockopt(int fd, int level, int option, const void* value, socklen_t length) {
  int result = Result(::setsockopt(fd, level, option, value, length));
  if (trace::On()) trace::Setsockopt(result, fd, level, option, value, length);
  return result;
}

int poll(struct pollfd* fds, nfds_t count, int timeoutMs) {
  int result = pollUntraced(fds, count, timeoutMs);
  if (trace::On()) trace::Poll(result, fds, count, timeoutMs);
  return result;
}

int pollUntraced(struct pollfd* fds, nfds_t count, int timeoutMs) {
  return Result(::poll(fds, count, timeoutMs));
}

size_t BytesReadable(int fd) {
  int count = 0;
  int result = Result(::ioctl(fd, FIONREAD, &count));
  if (trace::On()) trace::Ioctl(result, fd, "FIONREAD", count);
  if (result != 0) return SIZE_MAX;
  return count > 0 ? static_cast<size_t>(count) : 0;
}

int setNonblocking(int fd, bool on) {
  int value = on ? 1 : 0;
  int result = Result(::ioctl(fd, FIONBIO, &value));
  if (trace::On()) trace::Ioctl(result, fd, "FIONBIO", value);
  return result;
}

}  // namespace sockkit::sys
