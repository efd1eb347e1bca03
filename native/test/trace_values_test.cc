// SPDX-License-Identifier: MIT
//
// Traces: data, flags, addresses and options, in text and as JSON.
#include "native/sys/trace_values.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include <string>

#include "native/sys/packet.h"
#include "native/sys/trace_line.h"
#include "native/test/check.h"
#include "native/test/trace.h"

namespace sockkit::test {
namespace {

using sys::Address;
using sys::trace::Line;

std::string Bytes(std::string_view bytes, bool json = false) {
  return Made([&](Line* line) { line->Argument("b").Bytes(bytes.data(), bytes.size()); }, json);
}

TEST(DataIsQuotedAndClippedAsStraceDoes) {
  CHECK_EQ(Bytes(""), "\"\"");
  CHECK_EQ(Bytes("Go Tigers!\n"), "\"Go Tigers!\\n\"");
  CHECK_EQ(Bytes(std::string(32, 'x')), "\"" + std::string(32, 'x') + "\"");
  CHECK_EQ(Bytes(std::string(33, 'x')), "\"" + std::string(32, 'x') + "\"...");
  using namespace std::string_view_literals;
  CHECK_EQ(Bytes("\0019\0000\0001\177\377\"\\\t\n\r\v\f\b\a\033x"sv),
           "\"\\19\\0000\\0001\\177\\377\\\"\\\\\\t\\n\\r\\v\\f\\10\\7\\33x\"");
  std::string all;
  for (int byte = 0; byte < 32; byte++) all += static_cast<char>(byte);
  CHECK_EQ(Bytes(all + "!"),
           "\"\\0\\1\\2\\3\\4\\5\\6\\7\\10\\t\\n\\v\\f\\r\\16\\17\\20\\21\\22\\23\\24\\25\\26\\27"
           "\\30\\31\\32\\33\\34\\35\\36\\37\"...");
  CHECK_EQ(Made([](Line* line) { line->Argument("b").Bytes(nullptr, 5); }), "NULL");
}

TEST(InJsonEachByteIsACharacter) {
  using namespace std::string_view_literals;
  CHECK_EQ(Bytes("a\"\\\n\t\0\v\177\200\377"sv, true),
           "\"b\":\"a\\\"\\\\\\n\\t\\u0000\\u000b\\u007f\\u0080\\u00ff\"");
  CHECK_EQ(Bytes(std::string(33, 'x'), true), "\"b\":\"" + std::string(32, 'x') + "\"");
  CHECK_EQ(Made([](Line* line) { line->Argument("b").Bytes(nullptr, 5); }, true), "\"b\":null");
}

TEST(FlagsAreNamesAndWhatIsLeft) {
  auto flags = [](const char* prefix, uint32_t value, bool json) {
    return Made([&](Line* line) { line->Argument("f").Flags(prefix, value); }, json);
  };
  CHECK_EQ(flags("MSG_", 0, false), "0");
  CHECK_EQ(flags("MSG_", MSG_PEEK, false), "MSG_PEEK");
  CHECK_EQ(flags("MSG_", MSG_NOSIGNAL | MSG_OOB | 0x10000000, false),
           "MSG_OOB|MSG_NOSIGNAL|0x10000000");
  CHECK_EQ(flags("MSG_", 0x10000000, false), "0x10000000 /* MSG_??? */");
  CHECK_EQ(flags("MSG_", MSG_DONTROUTE, false), "MSG_DONTROUTE");
  CHECK_EQ(flags("MSG_", 0, true), "\"f\":\"0\"");
  CHECK_EQ(flags("MSG_", MSG_PEEK | 0x10000000, true), "\"f\":\"MSG_PEEK|0x10000000\"");
  CHECK_EQ(flags("MSG_", 0x10000000, true), "\"f\":\"0x10000000\"");
}

std::string Shown(const Address& address, bool json = false) {
  return Made(
      [&](Line* line) {
        line->Argument("a");
        sys::trace::PutAddress(line, address);
      },
      json);
}

TEST(AddressesOfTheInternet) {
  CHECK_EQ(Shown(Ip("192.0.2.1", 80)),
           "{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"192.0.2.1\")}");
  Address v6 = Ip("::1", 80);
  v6.as<sockaddr_in6>()->sin6_flowinfo = htonl(5);
  v6.as<sockaddr_in6>()->sin6_scope_id = 7;
  CHECK_EQ(Shown(v6),
           "{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(5), inet_pton(AF_INET6, "
           "\"::1\", &sin6_addr), sin6_scope_id=7}");
  CHECK_EQ(Shown(v6, true),
           "\"a\":{\"sa_family\":\"AF_INET6\",\"sin6_port\":80,\"sin6_flowinfo\":5,"
           "\"sin6_addr\":\"::1\",\"sin6_scope_id\":7}");
  CHECK_EQ(Shown(Ip("fe80::1%lo", 0)),
           "{sa_family=AF_INET6, sin6_port=htons(0), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "
           "\"fe80::1\", &sin6_addr), sin6_scope_id=if_nametoindex(\"lo\")}");
  Address cut = Ip("192.0.2.1", 80);
  cut.length = 8;
  CHECK_EQ(Shown(cut), "{sa_family=AF_INET, sa_data=\"\\0P\\300\\0\\2\\1\"}");
}

TEST(AddressesOfUnixSockets) {
  using namespace std::string_view_literals;
  CHECK_EQ(Shown(Unix("/tmp/x\"y\1")), "{sa_family=AF_UNIX, sun_path=\"/tmp/x\\\"y\\1\"}");
  CHECK_EQ(Shown(Unix("\0ab\0c"sv)), "{sa_family=AF_UNIX, sun_path=@\"ab\\0c\"}");
  CHECK_EQ(Shown(Unix("\0ab\0c"sv), true),
           "\"a\":{\"sa_family\":\"AF_UNIX\",\"sun_path\":\"\\u0000ab\\u0000c\"}");
  CHECK_EQ(Shown(Unix("")), "{sa_family=AF_UNIX}");
  const std::string longest(108, 'p');
  CHECK_EQ(Shown(Unix(longest)), "{sa_family=AF_UNIX, sun_path=\"" + longest + "\"}");
}

TEST(OtherAddresses) {
  sys::Packet packet;
  packet.ifindex = 1;
  packet.protocol = 3;
  packet.hatype = 1;
  packet.pkttype = 4;
  packet.hwaddrLength = 3;
  packet.hwaddr[0] = 1;
  packet.hwaddr[2] = 255;
  Address address;
  CHECK_EQ(sys::MakePacket(packet, &address), 0);
  CHECK_EQ(Shown(address),
           "{sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL), "
           "sll_ifindex=if_nametoindex(\"lo\"), sll_hatype=ARPHRD_ETHER, "
           "sll_pkttype=PACKET_OUTGOING, sll_halen=3, sll_addr=[0x1, 0, 0xff]}");
  CHECK_EQ(sys::MakeRaw(77, "\1x", 2, &address), 0);
  CHECK_EQ(Shown(address), "{sa_family=0x4d /* AF_??? */, sa_data=\"\\1x\"}");
  CHECK_EQ(Shown(address, true), "\"a\":{\"sa_family\":\"0x4d\",\"sa_data\":\"\\u0001x\"}");
  address.length = 0;
  CHECK_EQ(Shown(address).substr(0, 2), "0x");
  CHECK_EQ(Shown(address, true), "\"a\":null");
}

std::string Option(int level, int option, const void* value, size_t length, bool json = false) {
  return Made(
      [&](Line* line) {
        sys::trace::PutOption(line, level, option);
        line->Argument("optval");
        sys::trace::PutOptionValue(line, level, option, value, length, true);
      },
      json);
}

TEST(OptionsByNameAndKind) {
  const int one = 1;
  const int minus = -1;
  const int refused = ECONNREFUSED;
  const linger lingering = {1, 30};
  const timeval time = {1, 500000};
  const ucred credentials = {7, 8, 9};
  CHECK_EQ(Option(SOL_SOCKET, SO_REUSEADDR, &one, 4), "SOL_SOCKET, SO_REUSEADDR, [1]");
  CHECK_EQ(Option(IPPROTO_TCP, TCP_NODELAY, &one, 4), "SOL_TCP, TCP_NODELAY, [1]");
  CHECK_EQ(Option(IPPROTO_IPV6, IPV6_V6ONLY, &one, 4), "SOL_IPV6, IPV6_V6ONLY, [1]");
  CHECK_EQ(Option(IPPROTO_IP, IP_TTL, &minus, 4), "SOL_IP, IP_TTL, [-1]");
  CHECK_EQ(Option(IPPROTO_TCP, TCP_USER_TIMEOUT, &minus, 4),
           "SOL_TCP, TCP_USER_TIMEOUT, [4294967295]");
  CHECK_EQ(Option(SOL_SOCKET, SO_LINGER, &lingering, 8),
           "SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=30}");
  CHECK_EQ(Option(SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)),
           "SOL_SOCKET, SO_RCVTIMEO, {tv_sec=1, tv_usec=500000}");
  CHECK_EQ(Option(SOL_SOCKET, SO_PEERCRED, &credentials, sizeof(credentials)),
           "SOL_SOCKET, SO_PEERCRED, {pid=7, uid=8, gid=9}");
  CHECK_EQ(Option(SOL_SOCKET, SO_ERROR, &refused, 4), "SOL_SOCKET, SO_ERROR, [ECONNREFUSED]");
  CHECK_EQ(Option(IPPROTO_TCP, TCP_CONGESTION, "cubic\0\0", 7),
           "SOL_TCP, TCP_CONGESTION, \"cubic\\0\\0\"");
  CHECK_EQ(Option(SOL_SOCKET, SO_LINGER, &lingering, 8, true),
           "\"level\":\"SOL_SOCKET\",\"optname\":\"SO_LINGER\",\"optval\":{\"l_onoff\":1,"
           "\"l_linger\":30}");
  CHECK_EQ(Option(SOL_SOCKET, SO_ERROR, &refused, 4, true),
           "\"level\":\"SOL_SOCKET\",\"optname\":\"SO_ERROR\",\"optval\":\"ECONNREFUSED\"");
}

TEST(OptionsThatAreNotKnownOrTooShort) {
  const int one = 1;
  CHECK_EQ(Option(SOL_SOCKET, 9999, &one, 4), "SOL_SOCKET, 0x270f /* SO_??? */, [1]");
  CHECK_EQ(Option(9999, 9999, &one, 4), "0x270f /* SOL_??? */, 9999, [1]");
  CHECK_EQ(Option(SOL_SOCKET, SO_KEEPALIVE, "abc", 3), "SOL_SOCKET, SO_KEEPALIVE, \"abc\"");
  CHECK_EQ(Option(SOL_SOCKET, SO_LINGER, "abc", 3), "SOL_SOCKET, SO_LINGER, \"abc\"");
  CHECK_EQ(Option(SOL_SOCKET, SO_KEEPALIVE, nullptr, 0), "SOL_SOCKET, SO_KEEPALIVE, NULL");
}

TEST(MembershipsOfGroups) {
  ip_mreqn group = {};
  inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr);
  group.imr_ifindex = 1;
  CHECK_EQ(Option(IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, 8),
           "SOL_IP, IP_ADD_MEMBERSHIP, {imr_multiaddr=inet_addr(\"239.1.2.3\"), "
           "imr_interface=inet_addr(\"0.0.0.0\")}");
  CHECK_EQ(Option(IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)),
           "SOL_IP, IP_ADD_MEMBERSHIP, {imr_multiaddr=inet_addr(\"239.1.2.3\"), "
           "imr_address=inet_addr(\"0.0.0.0\"), imr_ifindex=if_nametoindex(\"lo\")}");
}

TEST(AnArgumentThatIsTooLongLeavesTheLineWhole) {
  const std::string huge(Line::kMost, 'x');
  auto put = [&](Line* line) { line->Argument("a").Name(huge.data(), huge.size()).Int(1); };
  CHECK_EQ(Made(put, true), "\"overflow\":true");
  const std::string text = Made(put);
  CHECK(text.size() < Line::kMost);
  CHECK_EQ(text.substr(text.size() - 3), "...");
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
