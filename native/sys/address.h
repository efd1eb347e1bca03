// SPDX-License-Identifier: MIT
//
// Socket addresses: the kernel's bytes, and the text forms that people read and write.
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace sockkit::sys {

// What a call takes or fills in: `length` bytes of `storage`. A length of 0 means that there was
// no address (a stream socket's recvfrom); one of sizeof(sa_family_t) is an unnamed unix socket.
struct Address {
  sockaddr_storage storage;
  socklen_t length = 0;

  Address() { storage.ss_family = AF_UNSPEC; }

  struct sockaddr* sockaddr() { return reinterpret_cast<struct sockaddr*>(&storage); }
  const struct sockaddr* sockaddr() const {
    return reinterpret_cast<const struct sockaddr*>(&storage);
  }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(&storage);
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(&storage);
  }

  // AF_UNSPEC where there are not even enough bytes for a family.
  int family() const { return length < sizeof(sa_family_t) ? AF_UNSPEC : storage.ss_family; }

  // The kernel reports the length that it would have liked to write, which can be more than fits.
  void ClipLength() {
    if (length > sizeof(storage)) length = sizeof(storage);
  }
};

// Where the family-specific bytes of a unix address begin.
constexpr size_t kUnixPathOffset = offsetof(sockaddr_un, sun_path);
constexpr size_t kUnixPathMax = sizeof(sockaddr_un::sun_path);

// An IP literal as inet_pton takes it ("127.1" and "0x7f.1" are refused), IPv6 with an optional
// "%zone" that is an interface's name or number. 0, or -EINVAL where the text is no literal, or
// -ENODEV where the zone names no interface of this machine.
int ParseIp(const char* text, uint16_t port, Address* address);

// `path` is bytes, not text: a leading NUL makes it an abstract name, in which every byte counts.
// 0, or -ENAMETOOLONG. A path may fill all of sun_path and then has no NUL at its end. Inner NULs
// of a pathname are the caller's to refuse: the kernel would cut the name there.
int MakeUnix(const void* path, size_t length, Address* address);

// Any other family, as raw bytes behind the family. 0, or -ENAMETOOLONG.
int MakeRaw(int family, const void* data, size_t length, Address* address);

// IPv4 or IPv6 alone; the port in host order, and 0 for the others.
uint16_t Port(const Address& address);

// The numeric text of an IP address into `text` (at least INET6_ADDRSTRLEN bytes), without port or
// zone. An IPv4-mapped IPv6 address stays as it is: see UnmapV4. False for other families.
bool FormatIp(const Address& address, char* text, size_t size);

// The bytes of a unix address that are its name, and how many. A pathname ends before its NUL; an
// abstract name begins with one. An unnamed socket has 0 bytes.
const char* UnixName(const Address& address, size_t* length);

// Turns ::ffff:a.b.c.d into a.b.c.d, as a dual-stack listener's IPv4 peers are shown.
void UnmapV4(Address* address);

}  // namespace sockkit::sys
