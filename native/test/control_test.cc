// SPDX-License-Identifier: MIT
#include "native/sys/control.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <memory>
#include <string>
#include <vector>
#ifdef __linux__
#include <linux/errqueue.h>
#endif

#include "native/test/check.h"
#include "native/test/net.h"

namespace sockkit::test {
namespace {

using sys::Address;
using sys::Control;

// Control data in a block of its own, so that a sanitizer sees the first byte behind it.
struct Block {
  explicit Block(size_t size) : bytes(new uint8_t[size]()), length(size) {}
  Block(const void* from, size_t size) : Block(size) {
    if (size > 0) memcpy(bytes.get(), from, size);
  }
  std::unique_ptr<uint8_t[]> bytes;
  size_t length;
};

std::vector<Control> Items(const Block& block) {
  std::vector<Control> items;
  Control item;
  size_t offset = 0;
  while (sys::NextControl(block.bytes.get(), block.length, &offset, &item)) {
    items.push_back(item);
    if (!CHECK(offset <= block.length) || items.size() > block.length) break;
  }
  return items;
}

std::string Text(const Control& item) {
  return std::string(reinterpret_cast<const char*>(item.data), item.length);
}

std::vector<int> Rights(const void* control, size_t length) {
  std::vector<int> fds;
  sys::ForEachRight(control, length, [&fds](int fd) { fds.push_back(fd); });
  return fds;
}

struct Builder {
  explicit Builder(size_t room = 1024) : block(room), control{block.bytes.get(), room, 0} {}
  Block Taken() const { return Block(block.bytes.get(), control.used); }
  Block block;
  sys::ControlBuffer control;
};

Address Ip(const char* text) {
  Address address;
  REQUIRE(sys::ParseIp(text, 0, &address) == 0);
  return address;
}

std::string Formatted(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  return sys::FormatIp(address, text, sizeof(text)) ? text : "(none)";
}

// One of each kind, as a kernel would write them.
Block Everything() {
  Builder build;
  sys::ControlBuffer& control = build.control;
  const int fds[] = {3, 4, 5};
  CHECK_EQ(control.Raw(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds)), 0);
  CHECK_EQ(control.Credentials(1, 2, 3), 0);
  CHECK_EQ(control.Pktinfo(AF_INET, 7, Ip("192.0.2.1")), 0);
  CHECK_EQ(control.Pktinfo(AF_INET6, 8, Ip("2001:db8::1")), 0);
  CHECK_EQ(control.Ttl(AF_INET, 64), 0);
  CHECK_EQ(control.Ttl(AF_INET6, 65), 0);
  const uint8_t tos = 0xB8;
  CHECK_EQ(control.Raw(IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), 0);
  CHECK_EQ(control.Tos(AF_INET6, 12), 0);
  const timeval micro = {1700000000, 123456};
  CHECK_EQ(control.Raw(SOL_SOCKET, SCM_TIMESTAMP, &micro, sizeof(micro)), 0);
#ifdef SO_TIMESTAMPNS
  const timespec nano = {1700000001, 123456789};
  CHECK_EQ(control.Raw(SOL_SOCKET, SO_TIMESTAMPNS, &nano, sizeof(nano)), 0);
#endif
#ifdef __linux__
  struct {
    sock_extended_err error;
    sockaddr_in offender;
  } failed = {};
  failed.error = {111, SO_EE_ORIGIN_ICMP, 3, 1, 0, 1500, {99}};
  failed.offender = *Ip("192.0.2.9").as<sockaddr_in>();
  CHECK_EQ(control.Raw(IPPROTO_IP, IP_RECVERR, &failed, sizeof(failed)), 0);
#endif
  CHECK_EQ(control.Raw(1234, 5678, "unknown", 7), 0);
  CHECK_EQ(control.Raw(SOL_SOCKET, 99, nullptr, 0), 0);
  return build.Taken();
}

TEST(KnownOnesAreDecoded) {
  Block block = Everything();
  std::vector<Control> items = Items(block);
  size_t at = 0;
  const auto next = [&](Control::Kind kind) {
    REQUIRE(at < items.size());
    CHECK_EQ(items[at].kind, kind);
    return items[at++];
  };
  CHECK_EQ(next(Control::kRights).length, 3 * sizeof(int));
  Control item = next(Control::kCredentials);
  CHECK_EQ(item.words[0], 1u);
  CHECK_EQ(item.words[1], 2u);
  CHECK_EQ(item.words[2], 3u);
  item = next(Control::kPktinfo);
  CHECK_EQ(item.family, AF_INET);
  CHECK_EQ(item.words[0], 7u);
  CHECK_EQ(Formatted(item.specDst), "192.0.2.1");
  item = next(Control::kPktinfo);
  CHECK_EQ(item.family, AF_INET6);
  CHECK_EQ(item.words[0], 8u);
  CHECK_EQ(Formatted(item.address), "2001:db8::1");
  CHECK_EQ(next(Control::kTtl).words[0], 64u);
  CHECK_EQ(next(Control::kTtl).words[0], 65u);
  CHECK_EQ(next(Control::kTos).words[0], 0xB8u);
  CHECK_EQ(next(Control::kTos).words[0], 12u);
  item = next(Control::kTimestamp);
  CHECK_EQ(item.seconds, 1700000000);
  CHECK_EQ(item.words[0], 123456000u);
#ifdef SO_TIMESTAMPNS
  item = next(Control::kTimestamp);
  CHECK_EQ(item.seconds, 1700000001);
  CHECK_EQ(item.words[0], 123456789u);
#endif
#ifdef __linux__
  item = next(Control::kRecverr);
  const uint32_t words[] = {111, SO_EE_ORIGIN_ICMP, 3, 1, 1500, 99};
  CHECK_EQ(memcmp(item.words, words, sizeof(words)), 0);
  CHECK_EQ(Formatted(item.address), "192.0.2.9");
#endif
  item = next(Control::kRaw);
  CHECK_EQ(item.level, 1234);
  CHECK_EQ(item.type, 5678);
  CHECK_EQ(Text(item), "unknown");
  CHECK_EQ(next(Control::kRaw).length, 0u);
  CHECK_EQ(at, items.size());
}

// At every byte: what is whole stays as it was, the one that is cut ends there, and nothing is read
// behind it.
TEST(CutAtEveryByte) {
  Block block = Everything();
  const std::vector<Control> whole = Items(block);
  for (size_t length = 0; length < block.length; length++) {
    Block cut(block.bytes.get(), length);
    std::vector<Control> items = Items(cut);
    REQUIRE(items.size() <= whole.size());
    for (size_t i = 0; i < items.size(); i++) {
      const auto data = static_cast<size_t>(whole[i].data - block.bytes.get());
      const bool isWhole = data + whole[i].length <= length;
      CHECK_EQ(items[i].length, isWhole ? whole[i].length : length - data);
      if (isWhole) CHECK_EQ(items[i].kind, whole[i].kind);
    }
  }
}

TEST(WholeDescriptorsOfACutMessage) {
  Builder build;
  const int fds[] = {1001, 1002, 1003};
  CHECK_EQ(build.control.Raw(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds)), 0);
  for (size_t bytes = 0; bytes <= sizeof(fds); bytes++) {
    Block cut(build.block.bytes.get(), CMSG_LEN(0) + bytes);
    CHECK_EQ(Rights(cut.bytes.get(), cut.length).size(), bytes / sizeof(int));
    CHECK_EQ(sys::HasRights(cut.bytes.get(), cut.length), bytes >= sizeof(int));
  }
}

// A header that claims less than itself ends the list, one that claims too much is cut.
TEST(LengthsThatMakeNoSense) {
  for (uint64_t claimed : {uint64_t{0}, uint64_t{1}, uint64_t{CMSG_LEN(0) - 1}, uint64_t{1000},
                           uint64_t{INT32_MAX}, UINT64_MAX - 8, UINT64_MAX}) {
    Builder build(128);
    CHECK_EQ(build.control.Raw(SOL_SOCKET, SCM_RIGHTS, "abcdefgh", 8), 0);
    Block block = build.Taken();
    cmsghdr header;
    memcpy(&header, block.bytes.get(), sizeof(header));
    header.cmsg_len = static_cast<decltype(header.cmsg_len)>(claimed);
    memcpy(block.bytes.get(), &header, sizeof(header));
    std::vector<Control> items = Items(block);
    CHECK_EQ(items.size(), claimed < CMSG_LEN(0) ? 0u : 1u);
    if (!items.empty()) CHECK_EQ(items[0].length, 8u);
  }
}

TEST(GarbageStaysWithinItsBytes) {
  for (uint64_t seed = 1; seed <= 20000; seed++) {
    const std::string noise = Noise(seed % 300, seed);
    Block block(noise.data(), noise.size());
    // Headers that could be: a small length, a level and a type that are known.
    const int levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, 77};
    for (size_t at = 0; at + CMSG_LEN(0) <= block.length && seed % 3 != 0; at += 40) {
      cmsghdr header = {};
      header.cmsg_len = static_cast<decltype(header.cmsg_len)>(CMSG_LEN(0) + seed % 29);
      header.cmsg_level = levels[(seed + at) % 4];
      header.cmsg_type = static_cast<int>((seed / 7 + at) % 70);
      memcpy(block.bytes.get() + at, &header, sizeof(header));
    }
    for (const Control& item : Items(block)) {
      CHECK(item.data >= block.bytes.get());
      CHECK(item.data + item.length <= block.bytes.get() + block.length);
    }
    Rights(block.bytes.get(), block.length);
  }
}

TEST(WithoutAFamilyBothArePut) {
  Builder build;
  CHECK_EQ(build.control.Ttl(AF_UNSPEC, 9), 0);
  CHECK_EQ(build.control.Tos(AF_UNSPEC, 8), 0);
  CHECK_EQ(build.control.Pktinfo(AF_UNSPEC, 1, Address()), 0);
  Block block = build.Taken();
  std::vector<Control> items = Items(block);
  REQUIRE(items.size() == 6);
  for (size_t i = 0; i < 6; i++) CHECK_EQ(items[i].family, i % 2 == 0 ? AF_INET : AF_INET6);
}

TEST(NothingIsWrittenWithoutRoom) {
  const size_t space = sys::ControlSpace(5);
  for (size_t room = 0; room < space; room++) {
    Builder build(room);
    CHECK_EQ(build.control.Raw(1, 2, "12345", 5), -ENOBUFS);
    CHECK_EQ(build.control.used, 0u);
  }
  Builder build(space);
  CHECK_EQ(build.control.Raw(1, 2, "12345", 5), 0);
  CHECK_EQ(build.control.used, space);
  CHECK_EQ(build.control.Raw(1, 2, nullptr, 0), -ENOBUFS);
  CHECK_EQ(build.control.Raw(1, 2, "x", SIZE_MAX - 4), -ENOBUFS);
  sys::ControlBuffer beyond{build.block.bytes.get(), space, space + 1};
  CHECK_EQ(beyond.Raw(1, 2, nullptr, 0), -ENOBUFS);
}

// What is built here is what the C library's own macros read.
TEST(TheMacrosReadWhatIsBuilt) {
  Block block = Everything();
  msghdr header = {};
  header.msg_control = block.bytes.get();
  header.msg_controllen = static_cast<decltype(header.msg_controllen)>(block.length);
  const std::vector<Control> items = Items(block);
  size_t at = 0;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    REQUIRE(at < items.size());
    CHECK_EQ(one->cmsg_level, items[at].level);
    CHECK_EQ(one->cmsg_type, items[at].type);
    CHECK(CMSG_DATA(one) == items[at].data);
    CHECK_EQ(one->cmsg_len, CMSG_LEN(items[at].length));
    at++;
  }
  CHECK_EQ(at, items.size());
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
