// SPDX-License-Identifier: MIT
#include "native/sys/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

namespace sockkit::sys {

namespace {

// 0 where the zone is neither a number nor the name of an interface.
uint32_t ZoneIndex(const char* zone) {
  char* end = nullptr;
  if (*zone >= '0' && *zone <= '9') {
    // Too large a number is the largest there is, which is no interface's as well.
    unsigned long long number = strtoull(zone, &end, 10);
    if (*end == '\0') return number <= UINT32_MAX ? static_cast<uint32_t>(number) : 0;
  }
  return if_nametoindex(zone);
}

int ParseV6(const char* text, uint16_t port, Address* address) {
  char literal[INET6_ADDRSTRLEN];
  const char* zone = strchr(text, '%');
  size_t length = zone != nullptr ? static_cast<size_t>(zone - text) : strlen(text);
  if (length >= sizeof(literal)) return -EINVAL;
  memcpy(literal, text, length);
  literal[length] = '\0';
  auto* in6 = address->as<sockaddr_in6>();
  if (inet_pton(AF_INET6, literal, &in6->sin6_addr) != 1) return -EINVAL;
  if (zone != nullptr) {
    if (zone[1] == '\0') return -EINVAL;
    in6->sin6_scope_id = ZoneIndex(zone + 1);
    if (in6->sin6_scope_id == 0) return -ENODEV;
  }
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(port);
  address->length = sizeof(*in6);
  return 0;
}

}  // namespace

int ParseIp(const char* text, uint16_t port, Address* address) {
  memset(&address->storage, 0, sizeof(address->storage));
  if (strchr(text, ':') != nullptr) return ParseV6(text, port, address);
  auto* in = address->as<sockaddr_in>();
  if (inet_pton(AF_INET, text, &in->sin_addr) != 1) return -EINVAL;
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  address->length = sizeof(*in);
  return 0;
}

int MakeUnix(const void* path, size_t length, Address* address) {
  if (length > kUnixPathMax) return -ENAMETOOLONG;
  memset(&address->storage, 0, sizeof(address->storage));
  auto* un = address->as<sockaddr_un>();
  un->sun_family = AF_UNIX;
  if (length > 0) memcpy(un->sun_path, path, length);
  address->length = static_cast<socklen_t>(kUnixPathOffset + length);
  // The closing NUL counts in the address length where there is room for one; an abstract name has
  // none, since it would become part of the name.
  if (length > 0 && length < kUnixPathMax && un->sun_path[0] != '\0') address->length++;
  return 0;
}

int MakeRaw(int family, const void* data, size_t length, Address* address) {
  constexpr size_t offset = offsetof(struct sockaddr, sa_data);
  if (length > sizeof(address->storage) - offset) return -ENAMETOOLONG;
  memset(&address->storage, 0, sizeof(address->storage));
  address->storage.ss_family = static_cast<sa_family_t>(family);
  if (length > 0) memcpy(reinterpret_cast<char*>(&address->storage) + offset, data, length);
  address->length = static_cast<socklen_t>(offset + length);
  return 0;
}

uint16_t Port(const Address& address) {
  switch (address.family()) {
    case AF_INET:
      return ntohs(address.as<sockaddr_in>()->sin_port);
    case AF_INET6:
      return ntohs(address.as<sockaddr_in6>()->sin6_port);
    default:
      return 0;
  }
}

bool FormatIp(const Address& address, char* text, size_t size) {
  const void* bytes = nullptr;
  if (address.family() == AF_INET && address.length >= sizeof(sockaddr_in)) {
    bytes = &address.as<sockaddr_in>()->sin_addr;
  } else if (address.family() == AF_INET6 && address.length >= sizeof(sockaddr_in6)) {
    bytes = &address.as<sockaddr_in6>()->sin6_addr;
  }
  if (bytes == nullptr) return false;
  return inet_ntop(address.family(), bytes, text, static_cast<socklen_t>(size)) != nullptr;
}

const char* UnixName(const Address& address, size_t* length) {
  const char* name = address.as<sockaddr_un>()->sun_path;
  // The kernel may report one byte more than sun_path has: the NUL that it adds behind a path that
  // fills it.
  size_t bytes = address.length > kUnixPathOffset ? address.length - kUnixPathOffset : 0;
  if (bytes > kUnixPathMax) bytes = kUnixPathMax;
  if (bytes > 0 && name[0] != '\0') bytes = strnlen(name, bytes);
  *length = bytes;
  return name;
}

void UnmapV4(Address* address) {
  if (address->family() != AF_INET6) return;
  const sockaddr_in6 in6 = *address->as<sockaddr_in6>();
  if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) return;
  memset(&address->storage, 0, sizeof(address->storage));
  auto* in = address->as<sockaddr_in>();
  in->sin_family = AF_INET;
  in->sin_port = in6.sin6_port;
  memcpy(&in->sin_addr, &in6.sin6_addr.s6_addr[12], sizeof(in->sin_addr));
  address->length = sizeof(*in);
}

}  // namespace sockkit::sys
