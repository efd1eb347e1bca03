// SPDX-License-Identifier: MIT
//
// What calls take and give, as strace shows it.
#pragma once

#include <stddef.h>
#include <sys/socket.h>

#include "native/sys/address.h"
#include "native/sys/message.h"
#include "native/sys/trace_line.h"

namespace sockkit::sys::trace {

// {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}; a pointer where there
// are not even the bytes of a family.
void PutAddress(Line* line, const void* address, size_t length);
inline void PutAddress(Line* line, const Address& address) {
  PutAddress(line, address.sockaddr(), address.length);
}

// A field of a structure: sin_addr=inet_addr("127.0.0.1"), inet_pton(AF_INET6, "::1", &sin6_addr).
void PutV4(Line* line, const char* name, const in_addr& address);
void PutV6(Line* line, const char* name, const in6_addr& address);

// if_nametoindex("lo"), or the number where no interface has it.
void PutInterface(Line* line, uint32_t index);

// The domain, type and protocol of socket().
void PutSocketKind(Line* line, int domain, int type, int protocol);

// [{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[3]}]
void PutControl(Line* line, const void* control, size_t length);

// {msg_name=..., msg_flags=0}. `bytes` are there in the buffers; `nameRoom` is what msg_namelen was
// before the call, or -1 where the call does not change it.
void PutMessage(Line* line, const struct msghdr& message, size_t bytes, int64_t nameRoom);

// The level and the option of a socket option, and its value.
void PutOption(Line* line, int level, int option);
void PutOptionValue(Line* line, int level, int option, const void* value, size_t length, bool read);

}  // namespace sockkit::sys::trace
