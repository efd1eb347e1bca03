// SPDX-License-Identifier: MIT
//
// The calls of the C library, as ltrace would show them.
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "native/sys/constants.h"
#include "native/sys/trace.h"
#include "native/sys/trace_line.h"
#include "native/sys/trace_output.h"
#include "native/sys/trace_values.h"

namespace sockkit::sys::trace {

namespace {

bool Json() {
  return format.load(std::memory_order_relaxed) == Format::kJson;
}

void PutText(Line* line, const char* text) {
  if (text == nullptr) {
    line->Null();
  } else {
    line->Name(text, strnlen(text, NI_MAXHOST));
  }
}

// 0, or the code with its name: -2 EAI_NONAME (Name or service not known).
void PutCode(Line* line, int code, int error) {
  char room[128];
  if (code == 0) {
    line->Result(0);
    return;
  }
  const char* name = ResolverErrorName(code);
  const char* words = gai_strerror(code);
  if (code == EAI_SYSTEM && error != 0) {
    name = ErrnoName(-error);
    words = ErrnoWords(-error, room, sizeof(room));
  }
  line->Result(code).Failure(name != nullptr ? name : "EAI_???", words);
}

void PutKind(Line* line, const addrinfo& info) {
  line->Field("ai_family").Constant("AF_", info.ai_family);
  line->Field("ai_socktype");
  if (info.ai_socktype == 0) {
    line->Int(0);
  } else {
    line->Constant("SOCK_", info.ai_socktype);
  }
  line->Field("ai_protocol").Constant("IPPROTO_", info.ai_protocol);
}

void PutErrno(Line* line, int error) {
  char room[128] = "";
  const char* name = ErrnoName(error);
  line->Failure(name != nullptr ? name : "errno", ErrnoWords(error, room, sizeof(room)));
}

}  // namespace

void Getaddrinfo(int code, int error, const char* host, const char* service, const addrinfo& hints,
                 const addrinfo* list) {
  Line line("getaddrinfo", Json());
  line.Argument("node");
  PutText(&line, host);
  line.Argument("service");
  PutText(&line, service);
  line.Argument("hints").Open('{').Field("ai_flags");
  line.Flags("AI_", static_cast<uint32_t>(hints.ai_flags));
  PutKind(&line, hints);
  line.Close('}').Argument("res").Open('[');
  size_t count = 0;
  for (const addrinfo* info = code == 0 ? list : nullptr; info != nullptr; info = info->ai_next) {
    if (line.Stop(count++)) break;
    line.Element().Open('{');
    PutKind(&line, *info);
    line.Field("ai_addr");
    PutAddress(&line, info->ai_addr, info->ai_addrlen);
    line.Close('}');
  }
  line.Close(']');
  PutCode(&line, code, error);
  Write(&line);
}

void Getnameinfo(int code, int error, const Address& address, const char* host, const char* service,
                 int flags) {
  Line line("getnameinfo", Json());
  line.Argument("addr");
  PutAddress(&line, address);
  line.Argument("addrlen").Unsigned(address.length).Argument("host");
  PutText(&line, code == 0 ? host : nullptr);
  line.Argument("service");
  PutText(&line, code == 0 ? service : nullptr);
  line.Argument("flags").Flags("NI_", static_cast<uint32_t>(flags));
  PutCode(&line, code, error);
  Write(&line);
}

void NameToIndex(int64_t result, const char* name) {
  Line line("if_nametoindex", Json());
  line.Argument("ifname");
  PutText(&line, name);
  line.Result(result < 0 ? 0 : result);
  if (result < 0) PutErrno(&line, static_cast<int>(-result));
  Write(&line);
}

void IndexToName(int result, unsigned index, const char* name) {
  Line line("if_indextoname", Json());
  line.Argument("ifindex").Unsigned(index);
  line.TextResult(result < 0 ? nullptr : name);
  if (result < 0) PutErrno(&line, -result);
  Write(&line);
}

}  // namespace sockkit::sys::trace
