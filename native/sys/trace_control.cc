// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <string.h>

#include "native/sys/constants.h"
#include "native/sys/control.h"
#include "native/sys/trace_values.h"

namespace sockkit::sys::trace {

namespace {

void PutLevel(Line* line, int level) {
  line->Field("cmsg_level").Constant("SOL_", level);
}

// SCM_RIGHTS, IP_TTL, ...: an option that asks for control data has its type for a number.
void PutType(Line* line, int level, int type) {
  line->Field("cmsg_type");
  const Option* option = level == SOL_SOCKET ? nullptr : FindOption(level, type);
  if (option != nullptr) {
    line->Symbol(option->name);
  } else if (level == SOL_SOCKET) {
    line->Constant("SCM_", type);
  } else if (level == IPPROTO_IP) {
    line->Constant("IP_", type);
  } else if (level == IPPROTO_IPV6) {
    line->Constant("IPV6_", type);
  } else {
    line->Hex(static_cast<unsigned>(type));
  }
}

void PutNumbers(Line* line, const Control& item) {
  line->Open('[');
  for (size_t at = 0; at + sizeof(int) <= item.length; at += sizeof(int)) {
    int number;
    memcpy(&number, item.data + at, sizeof(number));
    if (line->Stop(at / sizeof(int))) break;
    line->Element().Int(number);
  }
  line->Close(']');
}

void PutPktinfo(Line* line, const Control& item) {
  line->Open('{');
  if (item.family == AF_INET6) {
    PutV6(line, "ipi6_addr", item.address.as<sockaddr_in6>()->sin6_addr);
    line->Field("ipi6_ifindex");
    PutInterface(line, item.words[0]);
  } else {
    line->Field("ipi_ifindex");
    PutInterface(line, item.words[0]);
    PutV4(line, "ipi_spec_dst", item.specDst.as<sockaddr_in>()->sin_addr);
    PutV4(line, "ipi_addr", item.address.as<sockaddr_in>()->sin_addr);
  }
  line->Close('}');
}

void PutTimestamp(Line* line, const Control& item) {
#ifdef SCM_TIMESTAMPNS
  const bool nanoseconds = item.type == SCM_TIMESTAMPNS;
#else
  const bool nanoseconds = false;
#endif
  line->Open('{').Field("tv_sec").Int(item.seconds);
  line->Field(nanoseconds ? "tv_nsec" : "tv_usec");
  line->Unsigned(nanoseconds ? item.words[0] : item.words[0] / 1000).Close('}');
}

void PutRecverr(Line* line, const Control& item) {
  static const char* const kNames[] = {"ee_errno", "ee_origin", "ee_type",
                                       "ee_code",  "ee_info",   "ee_data"};
  line->Open('{');
  for (size_t i = 0; i < 6; i++) line->Field(kNames[i]).Unsigned(item.words[i]);
  line->Field("offender");
  PutAddress(line, item.address);
  line->Close('}');
}

void PutData(Line* line, const Control& item) {
  line->Field("cmsg_data");
  switch (item.kind) {
    case Control::kRights:
    case Control::kPidfd:
      PutNumbers(line, item);
      break;
    case Control::kCredentials:
      line->Open('{').Field("pid").Int(static_cast<int32_t>(item.words[0]));
      line->Field("uid").Int(static_cast<int32_t>(item.words[1]));
      line->Field("gid").Int(static_cast<int32_t>(item.words[2])).Close('}');
      break;
    case Control::kPktinfo:
      PutPktinfo(line, item);
      break;
    case Control::kTtl:
    case Control::kTos:
      line->Open('[').Int(static_cast<int32_t>(item.words[0])).Close(']');
      break;
    case Control::kTimestamp:
      PutTimestamp(line, item);
      break;
    case Control::kRecverr:
      PutRecverr(line, item);
      break;
    default:
      line->Bytes(item.data, item.length);
  }
}

void PutBuffers(Line* line, const struct msghdr& message, size_t bytes) {
  line->Field("msg_iov").Open('[');
  for (size_t i = 0; i < static_cast<size_t>(message.msg_iovlen); i++) {
    const iovec& vector = message.msg_iov[i];
    const size_t here = vector.iov_len < bytes ? vector.iov_len : bytes;
    bytes -= here;
    if (line->Stop(i)) break;
    line->Element().Open('{').Field("iov_base").Bytes(vector.iov_base, here);
    line->Field("iov_len").Unsigned(vector.iov_len).Close('}');
  }
  line->Close(']');
  line->Field("msg_iovlen").Unsigned(static_cast<uint64_t>(message.msg_iovlen));
}

}  // namespace

void PutControl(Line* line, const void* control, size_t length) {
  line->Open('[');
  Control item;
  size_t count = 0;
  for (size_t offset = 0; NextControl(control, length, &offset, &item); count++) {
    if (line->Stop(count)) break;
    line->Element().Open('{').Field("cmsg_len").Unsigned(CMSG_LEN(item.length));
    PutLevel(line, item.level);
    PutType(line, item.level, item.type);
    PutData(line, item);
    line->Close('}');
  }
  line->Close(']');
}

void PutMessage(Line* line, const struct msghdr& message, size_t bytes, int64_t nameRoom) {
  line->Open('{').Field("msg_name");
  if (message.msg_namelen == 0) {
    line->Pointer(message.msg_name);
  } else {
    PutAddress(line, message.msg_name, message.msg_namelen);
  }
  line->Field("msg_namelen");
  if (nameRoom > 0 && !line->json()) line->Int(nameRoom).Decoration(" => ");
  line->Unsigned(message.msg_namelen);
  PutBuffers(line, message, bytes);
  if (message.msg_controllen > 0) {
    line->Field("msg_control");
    PutControl(line, message.msg_control, message.msg_controllen);
  }
  line->Field("msg_controllen").Unsigned(message.msg_controllen);
  line->Field("msg_flags").Flags("MSG_", static_cast<uint32_t>(message.msg_flags)).Close('}');
}

}  // namespace sockkit::sys::trace
