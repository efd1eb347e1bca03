// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "native/sys/constants.h"
#include "native/sys/packet.h"
#include "native/sys/trace_values.h"
#ifdef __linux__
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#endif

namespace sockkit::sys::trace {

namespace {

struct Row {
  int number;
  const char* name;
};

#ifdef __linux__
#define SOCKKIT_ROW(name) \
  { name, #name }
constexpr Row kEthernet[] = {SOCKKIT_ROW(ETH_P_ALL), SOCKKIT_ROW(ETH_P_IP), SOCKKIT_ROW(ETH_P_IPV6),
                             SOCKKIT_ROW(ETH_P_ARP), SOCKKIT_ROW(ETH_P_LOOP)};
constexpr Row kHardware[] = {SOCKKIT_ROW(ARPHRD_ETHER),  SOCKKIT_ROW(ARPHRD_LOOPBACK),
                             SOCKKIT_ROW(ARPHRD_NETROM), SOCKKIT_ROW(ARPHRD_NONE),
                             SOCKKIT_ROW(ARPHRD_PPP),    SOCKKIT_ROW(ARPHRD_TUNNEL)};
constexpr Row kPackets[] = {SOCKKIT_ROW(PACKET_HOST), SOCKKIT_ROW(PACKET_BROADCAST),
                            SOCKKIT_ROW(PACKET_MULTICAST), SOCKKIT_ROW(PACKET_OTHERHOST),
                            SOCKKIT_ROW(PACKET_OUTGOING)};
#undef SOCKKIT_ROW

template <size_t Count>
void PutRow(Line* line, const Row (&rows)[Count], int number, const char* unknown) {
  for (const Row& row : rows) {
    if (row.number != number) continue;
    line->Symbol(row.name);
    return;
  }
  line->Hex(static_cast<unsigned>(number)).Decoration(unknown);
}

void PutEthernet(Line* line, uint16_t protocol) {
  line->Decoration("htons(");
  PutRow(line, kEthernet, protocol, " /* ETH_P_??? */");
  line->Decoration(")");
}
#endif

void PutPort(Line* line, const char* name, in_port_t port) {
  line->Field(name).Decoration("htons(").Unsigned(ntohs(port)).Decoration(")");
}

void PutUnix(Line* line, const Address& address) {
  size_t length;
  const char* name = UnixName(address, &length);
  if (length == 0) return;
  line->Field("sun_path");
  // In text the NUL before an abstract name is an @.
  const bool abstract = name[0] == '\0' && !line->json();
  if (abstract) line->Decoration("@");
  line->Name(name + (abstract ? 1 : 0), length - (abstract ? 1 : 0));
}

#ifdef __linux__
void PutPacket(Line* line, const Packet& packet) {
  line->Field("sll_protocol");
  PutEthernet(line, packet.protocol);
  line->Field("sll_ifindex");
  PutInterface(line, packet.ifindex);
  line->Field("sll_hatype");
  PutRow(line, kHardware, packet.hatype, " /* ARPHRD_??? */");
  line->Field("sll_pkttype");
  PutRow(line, kPackets, packet.pkttype, " /* PACKET_??? */");
  line->Field("sll_halen").Unsigned(packet.hwaddrLength);
  if (packet.hwaddrLength == 0) return;
  line->Field("sll_addr").Open('[');
  for (size_t i = 0; i < packet.hwaddrLength; i++) line->Element().Hex(packet.hwaddr[i]);
  line->Close(']');
}
#endif

}  // namespace

void PutInterface(Line* line, uint32_t index) {
  char name[IF_NAMESIZE];
  if (index == 0 || ::if_indextoname(index, name) == nullptr) {
    line->Unsigned(index);
  } else {
    line->Decoration("if_nametoindex(").Name(name, strlen(name)).Decoration(")");
  }
}

void PutAddress(Line* line, const void* address, size_t length) {
  Address copy;
  copy.length = static_cast<socklen_t>(length);
  copy.ClipLength();
  if (address == nullptr || copy.length < sizeof(sa_family_t)) {
    line->Pointer(address);
    return;
  }
  memset(&copy.storage, 0, sizeof(copy.storage));
  memcpy(&copy.storage, address, copy.length);
  const int family = copy.family();
  line->Open('{').Field("sa_family").Constant("AF_", family);
  if (family == AF_INET && copy.length >= sizeof(sockaddr_in)) {
    PutPort(line, "sin_port", copy.as<sockaddr_in>()->sin_port);
    PutV4(line, "sin_addr", copy.as<sockaddr_in>()->sin_addr);
  } else if (family == AF_INET6 && copy.length >= sizeof(sockaddr_in6)) {
    const auto* in6 = copy.as<sockaddr_in6>();
    PutPort(line, "sin6_port", in6->sin6_port);
    line->Field("sin6_flowinfo").Decoration("htonl(").Unsigned(ntohl(in6->sin6_flowinfo));
    line->Decoration(")");
    PutV6(line, "sin6_addr", in6->sin6_addr);
    line->Field("sin6_scope_id");
    // Other addresses have no interface of their own, whatever the number is.
    const bool local =
        IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&in6->sin6_addr);
    if (local) {
      PutInterface(line, in6->sin6_scope_id);
    } else {
      line->Unsigned(in6->sin6_scope_id);
    }
  } else if (family == AF_UNIX) {
    PutUnix(line, copy);
#ifdef __linux__
  } else if (Packet packet; copy.length >= sizeof(sockaddr_ll) && ReadPacket(copy, &packet)) {
    PutPacket(line, packet);
#endif
  } else {
    const size_t head = offsetof(struct sockaddr, sa_data);
    line->Field("sa_data");
    line->Bytes(reinterpret_cast<const char*>(&copy.storage) + head,
                copy.length > head ? copy.length - head : 0);
  }
  line->Close('}');
}

void PutV4(Line* line, const char* name, const in_addr& address) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address, text, sizeof(text));
  line->Field(name).Decoration("inet_addr(").Name(text, strlen(text)).Decoration(")");
}

void PutV6(Line* line, const char* name, const in6_addr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &address, text, sizeof(text));
  if (line->json()) {
    line->Field(name).Name(text, strlen(text));
    return;
  }
  line->Element().Decoration("inet_pton(AF_INET6, ").Name(text, strlen(text));
  line->Decoration(", &").Decoration(name).Decoration(")");
}

void PutSocketKind(Line* line, int domain, int type, int protocol) {
#ifdef SOCK_CLOEXEC
  constexpr int kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
#else
  constexpr int kFlags = 0;
#endif
  line->Argument("domain").Constant("AF_", domain).Argument("type");
  char text[96];
  const char* name = ConstantName("SOCK_", type & ~kFlags);
  int length = name != nullptr ? snprintf(text, sizeof(text), "%s", name)
                               : snprintf(text, sizeof(text), "0x%x", type & ~kFlags);
#ifdef SOCK_CLOEXEC
  constexpr int kEach[] = {SOCK_CLOEXEC, SOCK_NONBLOCK};
  for (int flag : kEach) {
    if ((type & flag) == 0) continue;
    length += snprintf(text + length, sizeof(text) - static_cast<size_t>(length), "|%s",
                       ConstantName("SOCK_", flag));
  }
#endif
  line->Symbol(text);
  if (name == nullptr) line->Decoration(" /* SOCK_??? */");
  line->Argument("protocol");
  if (domain == AF_INET || domain == AF_INET6) {
    line->Constant("IPPROTO_", protocol);
#ifdef __linux__
  } else if (domain == AF_PACKET) {
    PutEthernet(line, ntohs(static_cast<uint16_t>(protocol)));
#endif
  } else {
    line->Int(protocol);
  }
}

}  // namespace sockkit::sys::trace
