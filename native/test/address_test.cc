// SPDX-License-Identifier: MIT
#include "native/sys/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <string>

#include "native/sys/socket.h"
#include "native/test/check.h"
#include "native/test/files.h"

namespace sockkit::test {
namespace {

using namespace std::string_literals;
using sys::Address;

std::string Formatted(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  return sys::FormatIp(address, text, sizeof(text)) ? text : "(none)";
}

std::string Name(const Address& address) {
  size_t length = 0;
  const char* name = sys::UnixName(address, &length);
  return std::string(name, length);
}

// Binds a unix socket to `path` and returns what the kernel says its name is.
Address Bound(std::string_view path) {
  Address address;
  REQUIRE(sys::MakeUnix(path.data(), path.size(), &address) == 0);
  Fd fd(sys::socket(AF_UNIX, SOCK_STREAM, 0));
  CHECK_EQ(sys::bind(fd.get(), address), 0);
  Address bound;
  CHECK_EQ(sys::getsockname(fd.get(), &bound), 0);
  return bound;
}

TEST(ParseIpTakesLiterals) {
  struct {
    const char* text;
    int family;
    const char* formatted;
  } const cases[] = {
      {"127.0.0.1", AF_INET, "127.0.0.1"},
      {"0.0.0.0", AF_INET, "0.0.0.0"},
      {"255.255.255.255", AF_INET, "255.255.255.255"},
      {"::", AF_INET6, "::"},
      {"::1", AF_INET6, "::1"},
      {"2001:DB8::a:0:0:1", AF_INET6, "2001:db8::a:0:0:1"},
      {"::ffff:1.2.3.4", AF_INET6, "::ffff:1.2.3.4"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", AF_INET6,
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& one : cases) {
    Address address;
    memset(&address.storage, 0xAA, sizeof(address.storage));
    CHECK_EQ(sys::ParseIp(one.text, 5000, &address), 0);
    CHECK_EQ(address.family(), one.family);
    CHECK_EQ(address.length, one.family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    CHECK_EQ(sys::Port(address), 5000);
    CHECK_EQ(Formatted(address), one.formatted);
    if (one.family == AF_INET6) {
      CHECK_EQ(address.as<sockaddr_in6>()->sin6_scope_id, 0u);
      CHECK_EQ(address.as<sockaddr_in6>()->sin6_flowinfo, 0u);
    }
  }
}

TEST(ParseIpRefusesWhatIsNoLiteral) {
  const char* const bad[] = {
      "",
      " ",
      "localhost",
      "127.1",
      "0x7f.1",
      "0x7f.0.0.1",
      "127.0.0",
      "127.0.0.1.",
      "1.2.3.4.5",
      "256.0.0.1",
      "1.2.3.-4",
      "127.0.0.1 ",
      " 127.0.0.1",
      "127.0.0.01",
      "2130706433",
      "127.0.0.1:80",
      "127.0.0.1%lo",
      "%lo",
      "[::1]",
      ":",
      ":::",
      "::1::",
      "1:2:3:4:5:6:7",
      "g::1",
      "::12345",
      "::1/64",
      "::1 ",
      "::ffff:1.2.3",
      "::1%",
      "fe80::1%",
      "\xEF\xBC\x91\x32\x37.0.0.1",
  };
  for (const char* text : bad) {
    Address address;
    if (!CHECK_EQ(sys::ParseIp(text, 80, &address), -EINVAL)) printf("  of \"%s\"\n", text);
  }
  Address address;
  CHECK_EQ(sys::ParseIp(std::string(1000, ':').c_str(), 80, &address), -EINVAL);
  CHECK_EQ(sys::ParseIp(std::string(1000, '1').c_str(), 80, &address), -EINVAL);
}

TEST(ParseIpReadsZones) {
  const unsigned index = if_nametoindex("lo");
  if (index == 0) {
    printf("  skipped: there is no interface lo\n");
    return;
  }
  Address address;
  CHECK_EQ(sys::ParseIp("fe80::1%lo", 1, &address), 0);
  CHECK_EQ(address.as<sockaddr_in6>()->sin6_scope_id, index);
  CHECK_EQ(Formatted(address), "fe80::1");
  CHECK_EQ(sys::ParseIp(("fe80::1%" + std::to_string(index)).c_str(), 1, &address), 0);
  CHECK_EQ(address.as<sockaddr_in6>()->sin6_scope_id, index);

  // 2^32 + 1 must not become 1.
  const char* const unknown[] = {"%0",
                                 "%4294967296",
                                 "%4294967297",
                                 "%-1",
                                 "%1x",
                                 "%99999999999999999999",
                                 "%nosuchinterfaceanywhere"};
  for (const char* zone : unknown) {
    CHECK_EQ(sys::ParseIp((std::string("fe80::1") + zone).c_str(), 1, &address), -ENODEV);
  }
}

TEST(PortsAreInHostOrder) {
  Address address;
  CHECK_EQ(sys::ParseIp("127.0.0.1", 0x1234, &address), 0);
  CHECK_EQ(address.as<sockaddr_in>()->sin_port, htons(0x1234));
  CHECK_EQ(sys::Port(address), 0x1234);
  CHECK_EQ(sys::ParseIp("::1", 65535, &address), 0);
  CHECK_EQ(sys::Port(address), 65535);
  CHECK_EQ(sys::MakeUnix("/a", 2, &address), 0);
  CHECK_EQ(sys::Port(address), 0);
  CHECK_EQ(sys::Port(Address()), 0);
}

TEST(FormatIpIsForIpAlone) {
  Address address;
  char text[INET6_ADDRSTRLEN];
  CHECK(!sys::FormatIp(Address(), text, sizeof(text)));
  CHECK_EQ(sys::MakeUnix("/a", 2, &address), 0);
  CHECK(!sys::FormatIp(address, text, sizeof(text)));
  CHECK_EQ(sys::ParseIp("127.0.0.1", 0, &address), 0);
  CHECK(!sys::FormatIp(address, text, 9));
  CHECK(sys::FormatIp(address, text, 10));
  // The kernel reported fewer bytes than the family has.
  address.length = sizeof(sa_family_t);
  CHECK(!sys::FormatIp(address, text, sizeof(text)));
}

TEST(MakeUnixKeepsLengths) {
  Address address;
  const std::string path(sys::kUnixPathMax + 1, 'p');
  CHECK_EQ(sys::MakeUnix(path.data(), 0, &address), 0);
  CHECK_EQ(address.length, sizeof(sa_family_t));
  CHECK_EQ(Name(address), "");

  // A NUL closes the path where there is room for it.
  CHECK_EQ(sys::MakeUnix(path.data(), 107, &address), 0);
  CHECK_EQ(address.length, sizeof(sa_family_t) + 108);
  CHECK_EQ(Name(address), path.substr(0, 107));
  CHECK_EQ(sys::MakeUnix(path.data(), 108, &address), 0);
  CHECK_EQ(address.length, sizeof(sa_family_t) + 108);
  CHECK_EQ(Name(address), path.substr(0, 108));
  CHECK_EQ(sys::MakeUnix(path.data(), 109, &address), -ENAMETOOLONG);

  // In an abstract name every byte counts, and no NUL is added.
  const std::string name("\0a\0\0b\0", 6);
  CHECK_EQ(sys::MakeUnix(name.data(), name.size(), &address), 0);
  CHECK_EQ(address.length, sizeof(sa_family_t) + 6);
  CHECK_EQ(Name(address), name);
}

TEST(UnixPathsComeBackFromTheKernel) {
  TemporaryDirectory directory;
  char before[4096];
  REQUIRE(getcwd(before, sizeof(before)) != nullptr && chdir(directory.path()) == 0);
  const std::string lengths[] = {"s", "\xFF\xFEnot text", std::string(107, 'p'),
                                 std::string(108, 'q')};
  for (const std::string& path : lengths) {
    Address bound = Bound(path);
    CHECK_EQ(bound.family(), AF_UNIX);
    CHECK_EQ(Name(bound), path);
#ifdef __linux__
    // One byte more than sockaddr_un has, for a NUL that does not fit in it.
    if (path.size() == 108) CHECK_EQ(bound.length, 111u);
#endif
  }
  CHECK_EQ(directory.entries(), 4);
  REQUIRE(chdir(before) == 0);
}

#ifdef __linux__
TEST(AbstractNamesComeBackFromTheKernel) {
  std::string name = "\0sockkit"s + std::to_string(getpid());
  const std::string longest = name + std::string(108 - name.size(), '\0');
  for (const std::string& one : {name, name + "\0a\0"s, longest}) {
    Address bound = Bound(one);
    CHECK_EQ(bound.length, sizeof(sa_family_t) + one.size());
    CHECK_EQ(Name(bound), one);
  }
  // No name at all asks the kernel for an abstract one.
  CHECK_EQ(Name(Bound("")).size(), 6u);
}
#endif

TEST(UnnamedUnixSocketsHaveNoName) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Fd one(ends[0]);
  Fd other(ends[1]);
  Address address;
  CHECK_EQ(sys::getpeername(one.get(), &address), 0);
  CHECK_EQ(address.family(), AF_UNIX);
  CHECK_EQ(Name(address), "");
  // What recvfrom() on a stream leaves: no address at all.
  address.length = 0;
  CHECK_EQ(address.family(), AF_UNSPEC);
  CHECK_EQ(Name(address), "");
}

TEST(MakeRawPutsBytesBehindTheFamily) {
  Address address;
  const unsigned char bytes[] = {0x13, 0x88, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK_EQ(sys::MakeRaw(AF_INET, bytes, sizeof(bytes), &address), 0);
  Address parsed;
  CHECK_EQ(sys::ParseIp("127.0.0.1", 5000, &parsed), 0);
  CHECK_EQ(address.length, parsed.length);
  CHECK_EQ(memcmp(&address.storage, &parsed.storage, parsed.length), 0);

  const std::string room(sizeof(sockaddr_storage) - 2, 'r');
  CHECK_EQ(sys::MakeRaw(200, room.data(), room.size(), &address), 0);
  CHECK_EQ(address.length, sizeof(sockaddr_storage));
  CHECK_EQ(address.family(), 200);
  CHECK_EQ(sys::MakeRaw(200, room.data(), room.size() + 1, &address), -ENAMETOOLONG);
  CHECK_EQ(sys::MakeRaw(AF_UNIX, nullptr, 0, &address), 0);
  CHECK_EQ(Name(address), "");
}

TEST(UnmapV4UnmapsMappedAddresses) {
  Address address;
  CHECK_EQ(sys::ParseIp("::ffff:192.0.2.1", 99, &address), 0);
  sys::UnmapV4(&address);
  CHECK_EQ(address.family(), AF_INET);
  CHECK_EQ(address.length, sizeof(sockaddr_in));
  CHECK_EQ(Formatted(address), "192.0.2.1");
  CHECK_EQ(sys::Port(address), 99);
  const char* const others[] = {"::1", "::192.0.2.1", "64:ff9b::192.0.2.1", "192.0.2.1"};
  for (const char* text : others) {
    Address before;
    CHECK_EQ(sys::ParseIp(text, 99, &before), 0);
    Address after = before;
    sys::UnmapV4(&after);
    CHECK_EQ(after.length, before.length);
    CHECK_EQ(memcmp(&after.storage, &before.storage, before.length), 0);
  }
}

TEST(LengthsBeyondTheStorageAreClipped) {
  Address address;
  address.length = 4000;
  address.ClipLength();
  CHECK_EQ(address.length, sizeof(sockaddr_storage));
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
