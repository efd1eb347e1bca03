// SPDX-License-Identifier: MIT
//
// Listeners, clients, and what they send.
#pragma once

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "native/sys/address.h"
#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/files.h"

namespace sockkit::test {

// Bytes that differ from seed to seed and do not repeat soon; of `alphabet` where there is one.
inline std::string Noise(size_t length, uint64_t seed, std::string_view alphabet = "") {
  std::string bytes(length, '\0');
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    uint64_t value = state >> 24;
    byte = alphabet.empty() ? static_cast<char>(value) : alphabet[value % alphabet.size()];
  }
  return bytes;
}

// Whether `text`, whose first bytes come nowhere else, is in `all` as a whole. (find() of a long
// text takes a thread sanitizer minutes.)
inline bool Contains(std::string_view all, std::string_view text) {
  size_t at = all.find(text.substr(0, 32));
  return at != std::string_view::npos && all.substr(at, text.size()) == text;
}

// A line of `length` bytes, the newline included.
inline std::string Line(size_t length, uint64_t seed) {
  return Noise(length - 1, seed, "abcdefghijklmnopqrstuvwxyz") + "\n";
}

// A listener on the loopback interface, at a port of the system's choice, or on a unix name of the
// system's choice.
inline int Listen(int family, sys::Address* where, int backlog = 10) {
  if (family == AF_UNIX) {
    REQUIRE(sys::MakeUnix("", 0, where) == 0);
  } else {
    REQUIRE(sys::ParseIp(family == AF_INET6 ? "::1" : "127.0.0.1", 0, where) == 0);
  }
  int fd = sys::socket(family, SOCK_STREAM, 0);
  REQUIRE(fd >= 0);
  REQUIRE(sys::bind(fd, *where) == 0);
  REQUIRE(sys::listen(fd, backlog) == 0);
  REQUIRE(sys::getsockname(fd, where) == 0);
  return fd;
}

inline Fd Connect(const sys::Address& where) {
  Fd fd(sys::socket(where.family(), SOCK_STREAM, 0));
  REQUIRE(fd.get() >= 0);
  REQUIRE(sys::connect(fd.get(), where) == 0);
  return fd;
}

// All of it; false where the connection is gone.
inline bool SendAll(const Fd& fd, std::string_view data) {
  while (!data.empty()) {
    ssize_t sent = sys::send(fd.get(), data.data(), data.size(), 0);
    if (sent < 0 && sent != -EINTR) return false;
    if (sent > 0) data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

inline void EndSending(const Fd& fd) {
  sys::shutdown(fd.get(), SHUT_WR);
}

// A client that has sent all of its message and waits.
inline Fd SendMessage(const sys::Address& where, std::string_view message) {
  Fd fd = Connect(where);
  SendAll(fd, message);
  EndSending(fd);
  return fd;
}

// Bytes that were sent and that the other side's TCP has not acknowledged yet.
inline int Unacknowledged(const Fd& fd) {
  int count = -1;
  return ::ioctl(fd.get(), SIOCOUTQ, &count) == 0 ? count : -1;
}

// Whether the other side's TCP has acknowledged all that was sent, the end included.
inline bool Acknowledged(const Fd& fd) {
  tcp_info info = {};
  socklen_t length = sizeof(info);
  if (sys::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  if (info.tcpi_state == TCP_FIN_WAIT2 || info.tcpi_state == TCP_TIME_WAIT) return true;
  int error = 0;
  length = sizeof(error);
  sys::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return info.tcpi_state == TCP_CLOSE && error == 0;
}

// Reads until the other side closes: 0, or the error that ended it.
inline int AwaitClose(const Fd& fd) {
  char bytes[4096];
  for (;;) {
    ssize_t got = sys::recv(fd.get(), bytes, sizeof(bytes), 0);
    if (got <= 0 && got != -EINTR) return static_cast<int>(got);
  }
}

// Closes so that the other side sees a reset.
inline void Reset(Fd fd) {
  linger abort = {1, 0};
  sys::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

}  // namespace sockkit::test
