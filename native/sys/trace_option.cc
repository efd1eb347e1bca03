// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "native/sys/constants.h"
#include "native/sys/trace_values.h"

namespace sockkit::sys::trace {

namespace {

// A value of one kind, from `length` bytes that may be too few for it: then they are shown as they
// are.
class Value {
 public:
  Value(Line* line, const void* bytes, size_t length)
      : line_(line), bytes_(bytes), length_(length) {}

  void Put(const Option* option, bool read) {
    switch (option != nullptr ? option->kind : OptionKind::kNone) {
      case OptionKind::kLinger:
        return PutLinger();
      case OptionKind::kTimeval:
        return PutTimeval();
      case OptionKind::kUcred:
        return PutUcred();
      case OptionKind::kMreqn:
        return PutMreqn();
      case OptionKind::kMreq6:
        return PutMreq6();
      case OptionKind::kUint:
        return PutNumber<uint32_t>();
      case OptionKind::kUint64:
        return PutNumber<uint64_t>();
      case OptionKind::kNone:
      case OptionKind::kBool:
      case OptionKind::kInt:
      case OptionKind::kNetInt:
        if (read && option != nullptr && option->level == SOL_SOCKET && option->option == SO_ERROR)
          return PutError();
        return PutNumber<int32_t>();
      default:
        line_->Bytes(bytes_, length_);
    }
  }

 private:
  template <typename T>
  bool Read(T* value) {
    if (bytes_ == nullptr || length_ < sizeof(T)) {
      line_->Bytes(bytes_, length_);
      return false;
    }
    memcpy(value, bytes_, sizeof(T));
    return true;
  }

  template <typename T>
  void PutNumber() {
    T number;
    if (!Read(&number)) return;
    line_->Decoration("[");
    if constexpr (static_cast<T>(-1) < 0) {
      line_->Int(number);
    } else {
      line_->Unsigned(number);
    }
    line_->Decoration("]");
  }

  void PutError() {
    int error;
    if (!Read(&error)) return;
    const char* name = error == 0 ? nullptr : ErrnoName(error);
    line_->Decoration("[");
    if (name != nullptr) {
      line_->Symbol(name);
    } else {
      line_->Int(error);
    }
    line_->Decoration("]");
  }

  void PutLinger() {
    linger value;
    if (!Read(&value)) return;
    line_->Open('{').Field("l_onoff").Int(value.l_onoff);
    line_->Field("l_linger").Int(value.l_linger).Close('}');
  }

  void PutTimeval() {
    timeval value;
    if (!Read(&value)) return;
    line_->Open('{').Field("tv_sec").Int(value.tv_sec);
    line_->Field("tv_usec").Int(value.tv_usec).Close('}');
  }

  void PutUcred() {
#ifdef SO_PEERCRED
    ucred value;
    if (!Read(&value)) return;
    line_->Open('{').Field("pid").Int(value.pid);
    line_->Field("uid").Int(static_cast<int32_t>(value.uid));
    line_->Field("gid").Int(static_cast<int32_t>(value.gid)).Close('}');
#else
    line_->Bytes(bytes_, length_);
#endif
  }

  void PutMreqn() {
    ip_mreq value;
    if (!Read(&value)) return;
    line_->Open('{');
    PutV4(line_, "imr_multiaddr", value.imr_multiaddr);
#ifdef __linux__
    if (ip_mreqn whole; length_ >= sizeof(whole)) {
      memcpy(&whole, bytes_, sizeof(whole));
      PutV4(line_, "imr_address", whole.imr_address);
      line_->Field("imr_ifindex");
      PutInterface(line_, static_cast<uint32_t>(whole.imr_ifindex));
      line_->Close('}');
      return;
    }
#endif
    PutV4(line_, "imr_interface", value.imr_interface);
    line_->Close('}');
  }

  void PutMreq6() {
    ipv6_mreq value;
    if (!Read(&value)) return;
    line_->Open('{');
    PutV6(line_, "ipv6mr_multiaddr", value.ipv6mr_multiaddr);
    line_->Field("ipv6mr_interface");
    PutInterface(line_, value.ipv6mr_interface);
    line_->Close('}');
  }

  Line* const line_;
  const void* const bytes_;
  const size_t length_;
};

}  // namespace

void PutOption(Line* line, int level, int option) {
  line->Argument("level").Constant("SOL_", level).Argument("optname");
  const Option* known = FindOption(level, option);
  if (known != nullptr) {
    line->Symbol(known->name);
  } else if (level == SOL_SOCKET) {
    line->Constant("SO_", option);
  } else if (level == IPPROTO_IP) {
    line->Constant("IP_", option);
  } else if (level == IPPROTO_IPV6) {
    line->Constant("IPV6_", option);
  } else if (level == IPPROTO_TCP) {
    line->Constant("TCP_", option);
  } else {
    line->Int(option);
  }
}

void PutOptionValue(Line* line, int level, int option, const void* value, size_t length,
                    bool read) {
  Value(line, value, length).Put(FindOption(level, option), read);
}

}  // namespace sockkit::sys::trace
