// SPDX-License-Identifier: MIT
#include "native/sys/trace.h"

#include <string.h>

#include "native/sys/trace_line.h"
#include "native/sys/trace_output.h"
#include "native/sys/trace_values.h"

namespace sockkit::sys::trace {

std::atomic<Format> format{Format::kOff};

namespace {

constexpr unsigned kRoom = sizeof(sockaddr_storage);

// A line from the name of the call on; it is written when it goes.
class Call : public Line {
 public:
  explicit Call(const char* call)
      : Line(call, format.load(std::memory_order_relaxed) == Format::kJson) {}
  ~Call() { Write(this); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Call& Fd(int fd) {
    Argument("fd").Int(fd);
    return *this;
  }
  Call& MessageFlags(int flags) {
    Argument("flags").Flags("MSG_", static_cast<uint32_t>(flags));
    return *this;
  }
  // The negated errno where it is negative.
  Line& Returned(int64_t result) {
    return result < 0 ? ErrnoResult(static_cast<int>(-result)) : Result(result);
  }
  // What was received. With MSG_TRUNC the result can be more than the buffer holds.
  void Received(const char* name, const void* buffer, size_t length, ssize_t result) {
    Argument(name);
    if (result < 0 || buffer == nullptr) {
      Pointer(buffer);
    } else {
      const auto bytes = static_cast<size_t>(result);
      Bytes(buffer, bytes < length ? bytes : length);
    }
  }
  // [128 => 16]; in JSON, what it was afterwards.
  void LengthThere(const char* name, unsigned room, unsigned length) {
    Argument(name).Decoration("[");
    if (room != length && !json()) Unsigned(room).Decoration(" => ");
    Unsigned(length).Decoration("]");
  }
  // The address that a call filled in, and its length.
  void AddressThere(const Address& address, bool filled) {
    Argument("addr");
    if (filled && address.length > 0) {
      PutAddress(this, address);
    } else {
      Pointer(address.sockaddr());
    }
    LengthThere("addrlen", kRoom, filled ? address.length : kRoom);
  }
};

}  // namespace

void Start(Format wanted) {
  format.store(wanted, std::memory_order_relaxed);
}

void Socket(int result, int domain, int type, int protocol) {
  Call call("socket");
  PutSocketKind(&call, domain, type, protocol);
  call.Returned(result);
}

void Socketpair(int result, int domain, int type, int protocol, const int pair[2]) {
  Call call("socketpair");
  PutSocketKind(&call, domain, type, protocol);
  call.Argument("sv");
  if (result < 0) {
    call.Pointer(pair);
  } else {
    call.Open('[').Element().Int(pair[0]).Element().Int(pair[1]).Close(']');
  }
  call.Returned(result);
}

void AddressCall(const char* name, int result, int fd, const Address& address) {
  Call call(name);
  call.Fd(fd).Argument("addr");
  PutAddress(&call, address);
  call.Argument("addrlen").Unsigned(address.length);
  call.Returned(result);
}

void Listen(int result, int fd, int backlog) {
  Call call("listen");
  call.Fd(fd).Argument("backlog").Int(backlog);
  call.Returned(result);
}

void NameCall(const char* name, int result, int fd, const Address& address, const int* flags) {
  Call call(name);
  call.Fd(fd).AddressThere(address, result >= 0);
  if (flags != nullptr) call.Argument("flags").Flags("SOCK_", static_cast<uint32_t>(*flags));
  call.Returned(result);
}

void Send(ssize_t result, int fd, const void* data, size_t length, int flags) {
  Call call("send");
  call.Fd(fd).Argument("buf").Bytes(data, length).Argument("len").Unsigned(length);
  call.MessageFlags(flags).Returned(result);
}

void Recv(ssize_t result, int fd, const void* buffer, size_t length, int flags) {
  Call call("recv");
  call.Fd(fd).Received("buf", buffer, length, result);
  call.Argument("len").Unsigned(length);
  call.MessageFlags(flags).Returned(result);
}

void Sendto(ssize_t result, int fd, const void* data, size_t length, int flags,
            const Address& address) {
  Call call("sendto");
  call.Fd(fd).Argument("buf").Bytes(data, length).Argument("len").Unsigned(length);
  call.MessageFlags(flags).Argument("addr");
  PutAddress(&call, address.length > 0 ? address.sockaddr() : nullptr, address.length);
  call.Argument("addrlen").Unsigned(address.length);
  call.Returned(result);
}

void Recvfrom(ssize_t result, int fd, const void* buffer, size_t length, int flags,
              const Address& address) {
  Call call("recvfrom");
  call.Fd(fd).Received("buf", buffer, length, result);
  call.Argument("len").Unsigned(length);
  call.MessageFlags(flags).AddressThere(address, result >= 0);
  call.Returned(result);
}

void Sendmsg(ssize_t result, int fd, const struct msghdr& message, int flags) {
  Call call("sendmsg");
  call.Fd(fd).Argument("msg");
  PutMessage(&call, message, SIZE_MAX, -1);
  call.MessageFlags(flags).Returned(result);
}

void Recvmsg(ssize_t result, int fd, const struct msghdr& message, socklen_t nameRoom, int flags) {
  Call call("recvmsg");
  call.Fd(fd).Argument("msg");
  if (result < 0) {
    call.Open('{').Field("msg_namelen").Unsigned(nameRoom).Close('}');
  } else {
    PutMessage(&call, message, static_cast<size_t>(result), nameRoom);
  }
  call.MessageFlags(flags).Returned(result);
}

void Sendmmsg(int result, int fd, const BatchHeader* messages, size_t count, int flags) {
  Call call("sendmmsg");
  call.Fd(fd).Argument("msgvec").Open('[');
  for (size_t i = 0; i < count && !call.Stop(i); i++) {
    call.Element().Open('{').Field("msg_hdr");
    PutMessage(&call, messages[i].msg_hdr, SIZE_MAX, -1);
    if (static_cast<int64_t>(i) < result) call.Field("msg_len").Unsigned(messages[i].msg_len);
    call.Close('}');
  }
  call.Close(']').Argument("vlen").Unsigned(count);
  call.MessageFlags(flags).Returned(result);
}

void Recvmmsg(int result, int fd, const BatchHeader* messages, size_t count,
              const socklen_t* nameRoom, int flags) {
  Call call("recvmmsg");
  call.Fd(fd).Argument("msgvec");
  if (result < 0) {
    call.Pointer(messages);
  } else {
    call.Open('[');
    for (size_t i = 0; i < static_cast<size_t>(result) && !call.Stop(i); i++) {
      call.Element().Open('{').Field("msg_hdr");
      PutMessage(&call, messages[i].msg_hdr, messages[i].msg_len, nameRoom[i]);
      call.Field("msg_len").Unsigned(messages[i].msg_len).Close('}');
    }
    call.Close(']');
  }
  call.Argument("vlen").Unsigned(count);
  call.MessageFlags(flags).Argument("timeout").Null();
  call.Returned(result);
}

void Shutdown(int result, int fd, int how) {
  Call call("shutdown");
  call.Fd(fd).Argument("how").Constant("SHUT_", how);
  call.Returned(result);
}

void Close(int result, int fd) {
  Call call("close");
  call.Fd(fd).Returned(result);
}

void Getsockopt(int result, int fd, int level, int option, const void* value, socklen_t room,
                socklen_t length) {
  Call call("getsockopt");
  PutOption(&call.Fd(fd), level, option);
  call.Argument("optval");
  if (result < 0 || length == 0) {
    call.Pointer(value);
  } else {
    PutOptionValue(&call, level, option, value, length, true);
  }
  call.LengthThere("optlen", room, result < 0 ? room : length);
  call.Returned(result);
}

void Setsockopt(int result, int fd, int level, int option, const void* value, socklen_t length) {
  Call call("setsockopt");
  PutOption(&call.Fd(fd), level, option);
  call.Argument("optval");
  PutOptionValue(&call, level, option, value, length, false);
  call.Argument("optlen").Unsigned(length);
  call.Returned(result);
}

void AttachFilter(int result, int fd, const void* program, size_t count) {
#ifdef SO_ATTACH_FILTER
  Call call("setsockopt");
  PutOption(&call.Fd(fd), SOL_SOCKET, SO_ATTACH_FILTER);
  call.Argument("optval").Open('{').Field("len").Unsigned(count);
  call.Field("filter").Pointer(program).Close('}');
  call.Argument("optlen").Unsigned(sizeof(void*) * 2);
  call.Returned(result);
#else
  (void)result, (void)fd, (void)program, (void)count;
#endif
}

void Poll(int result, const struct pollfd* fds, size_t count, int timeoutMs) {
  Call call("poll");
  call.Argument("fds");
  const size_t there = fds != nullptr ? count : 0;
  if (there == 0) {
    call.Null();
  } else {
    call.Open('[');
    for (size_t i = 0; i < there && !call.Stop(i); i++) {
      call.Element().Open('{').Field("fd").Int(fds[i].fd);
      const auto events = static_cast<uint16_t>(fds[i].events);
      if (fds[i].fd >= 0 || call.json()) call.Field("events").Flags("POLL", events);
      if (call.json()) {
        call.Field("revents").Flags("POLL", static_cast<uint16_t>(fds[i].revents));
      }
      call.Close('}');
    }
    call.Close(']');
  }
  call.Argument("nfds").Unsigned(count).Argument("timeout").Int(timeoutMs);
  call.Returned(result);
  if (result == 0) call.Remark("Timeout");
  if (result <= 0 || call.json()) return;
  call.Decoration(" ([");
  call.Fresh();
  size_t shown = 0;
  for (size_t i = 0; i < there; i++) {
    if (fds[i].revents == 0) continue;
    if (call.Stop(shown++)) break;
    call.Element().Open('{').Field("fd").Int(fds[i].fd).Field("revents");
    call.Flags("POLL", static_cast<uint16_t>(fds[i].revents)).Close('}');
  }
  call.Decoration("])");
}

void Ioctl(int result, int fd, const char* request, int value) {
  Call call("ioctl");
  call.Fd(fd).Argument("op").Symbol(request).Argument("arg");
  call.Decoration("[").Int(value).Decoration("]");
  call.Returned(result);
}

void Fcntl(int result, int fd, const char* command, const char* argument) {
  Call call("fcntl");
  call.Fd(fd).Argument("op").Symbol(command).Argument("arg").Symbol(argument);
  call.Returned(result);
}

void Membarrier(int result, const char* command) {
  Call call("membarrier");
  call.Argument("cmd").Symbol(command).Argument("flags").Int(0);
  call.Returned(result);
}

void Sendfile(ssize_t result, int outFd, int inFd, const int64_t* offset, int64_t before,
              size_t count) {
  Call call("sendfile");
  call.Argument("out_fd").Int(outFd).Argument("in_fd").Int(inFd).Argument("offset");
  if (offset == nullptr) {
    call.Null();
  } else {
    call.Decoration("[");
    if (*offset != before && !call.json()) call.Int(before).Decoration("] => [");
    call.Int(*offset).Decoration("]");
  }
  call.Argument("count").Unsigned(count);
  call.Returned(result);
}

}  // namespace sockkit::sys::trace
