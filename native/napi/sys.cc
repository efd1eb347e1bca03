// SPDX-License-Identifier: MIT
#include "native/napi/sys.h"

#include <string.h>

#include "native/napi/address.h"
#include "native/napi/args.h"
#include "native/sys/socket.h"

namespace sockkit::napi {

namespace {

napi_value Socket(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int domain, type, protocol;
  if (!args.Int(0, &domain) || !args.Int(1, &type) || !args.Int(2, &protocol)) return args.Refuse();
  return MakeNumber(env, sys::socket(domain, type, protocol));
}

napi_value AddressCall(napi_env env, napi_callback_info info,
                       int (*call)(int, const sys::Address&)) {
  Args<2> args(env, info);
  int fd;
  Bytes buffer;
  AddressRecord record;
  if (!args.Int(0, &fd) || !args.Data(1, &buffer) || !ReadRecord(buffer, &record)) {
    return args.Refuse();
  }
  sys::Address address;
  int error = FromRecord(record, &address);
  return MakeNumber(env, error < 0 ? error : call(fd, address));
}

napi_value Bind(napi_env env, napi_callback_info info) {
  return AddressCall(env, info, sys::bind);
}

napi_value Connect(napi_env env, napi_callback_info info) {
  return AddressCall(env, info, sys::connect);
}

napi_value Listen(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, backlog;
  if (!args.Int(0, &fd) || !args.Int(1, &backlog)) return args.Refuse();
  return MakeNumber(env, sys::listen(fd, backlog));
}

// accept, getsockname and getpeername: the address goes into the record that was passed.
napi_value NameCall(napi_env env, napi_callback_info info, int (*call)(int, sys::Address*)) {
  Args<2> args(env, info);
  int fd;
  Bytes buffer;
  if (!args.Int(0, &fd) || !args.Data(1, &buffer) || buffer.length != sizeof(AddressRecord)) {
    return args.Refuse();
  }
  sys::Address address;
  int result = call(fd, &address);
  if (result >= 0) WriteRecord(address, buffer);
  return MakeNumber(env, result);
}

napi_value Accept(napi_env env, napi_callback_info info) {
  return NameCall(env, info, sys::accept);
}

napi_value Getsockname(napi_env env, napi_callback_info info) {
  return NameCall(env, info, sys::getsockname);
}

napi_value Getpeername(napi_env env, napi_callback_info info) {
  return NameCall(env, info, sys::getpeername);
}

napi_value Send(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, flags;
  Bytes data;
  if (!args.Int(0, &fd) || !args.Data(1, &data) || !args.Int(2, &flags)) return args.Refuse();
  return MakeNumber(env, sys::send(fd, data.data, data.length, flags));
}

napi_value Recv(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, flags;
  Bytes buffer;
  if (!args.Int(0, &fd) || !args.Data(1, &buffer) || !args.Int(2, &flags)) return args.Refuse();
  return MakeNumber(env, sys::recv(fd, buffer.data, buffer.length, flags));
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, how;
  if (!args.Int(0, &fd) || !args.Int(1, &how)) return args.Refuse();
  return MakeNumber(env, sys::shutdown(fd, how));
}

napi_value Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Int(0, &fd)) return args.Refuse();
  return MakeNumber(env, sys::close(fd));
}

// The option's bytes go into the buffer that was passed; returns how many.
napi_value Getsockopt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, level, option;
  Bytes value;
  if (!args.Int(0, &fd) || !args.Int(1, &level) || !args.Int(2, &option) || !args.Data(3, &value) ||
      value.length > INT32_MAX) {
    return args.Refuse();
  }
  socklen_t length = static_cast<socklen_t>(value.length);
  int error = sys::getsockopt(fd, level, option, value.data, &length);
  return MakeNumber(env, error < 0 ? error : static_cast<int64_t>(length));
}

// The value is a number, which C passes as an int, or bytes.
napi_value Setsockopt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, level, option;
  if (!args.Int(0, &fd) || !args.Int(1, &level) || !args.Int(2, &option)) return args.Refuse();
  int number = 0;
  Bytes value{&number, sizeof(number)};
  if (!args.Int(3, &number) && !args.Data(3, &value)) return args.Refuse();
  if (value.length > INT32_MAX) return args.Refuse();
  return MakeNumber(
      env, sys::setsockopt(fd, level, option, value.data, static_cast<socklen_t>(value.length)));
}

// The list is the bytes of a struct pollfd array, which poll(2) fills in where they are.
napi_value Poll(napi_env env, napi_callback_info info) {
  static_assert(sizeof(struct pollfd) == 8 && offsetof(struct pollfd, fd) == 0 &&
                offsetof(struct pollfd, events) == 4 && offsetof(struct pollfd, revents) == 6);
  Args<2> args(env, info);
  Bytes list;
  int timeoutMs;
  if (!args.Data(0, &list) || !args.Int(1, &timeoutMs)) return args.Refuse();
  if (list.length % sizeof(struct pollfd) != 0 ||
      reinterpret_cast<uintptr_t>(list.data) % alignof(struct pollfd) != 0) {
    return args.Refuse();
  }
  return MakeNumber(env,
                    sys::poll(static_cast<struct pollfd*>(list.data),
                              static_cast<nfds_t>(list.length / sizeof(struct pollfd)), timeoutMs));
}

napi_value SetNonblocking(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  bool on;
  if (!args.Int(0, &fd) || napi_get_value_bool(env, args[1], &on) != napi_ok) return args.Refuse();
  return MakeNumber(env, sys::setNonblocking(fd, on));
}

// strerror_r comes in two forms: the words are in what it returns, or in the buffer.
[[maybe_unused]] const char* Words(const char* returned, const char*) {
  return returned;
}
[[maybe_unused]] const char* Words(int error, const char* buffer) {
  return error == 0 ? buffer : "unknown error";
}

napi_value Strerror(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int error;
  if (!args.Int(0, &error)) return args.Refuse();
  char buffer[256] = "";
  const char* words = Words(strerror_r(error, buffer, sizeof(buffer)), buffer);
  napi_value text = nullptr;
  napi_create_string_utf8(env, words, NAPI_AUTO_LENGTH, &text);
  return text;
}

}  // namespace

void RegisterSys(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "socket", Socket);
  AddFunction(env, exports, "bind", Bind);
  AddFunction(env, exports, "listen", Listen);
  AddFunction(env, exports, "accept", Accept);
  AddFunction(env, exports, "connect", Connect);
  AddFunction(env, exports, "send", Send);
  AddFunction(env, exports, "recv", Recv);
  AddFunction(env, exports, "shutdown", Shutdown);
  AddFunction(env, exports, "close", Close);
  AddFunction(env, exports, "getsockname", Getsockname);
  AddFunction(env, exports, "getpeername", Getpeername);
  AddFunction(env, exports, "getsockopt", Getsockopt);
  AddFunction(env, exports, "setsockopt", Setsockopt);
  AddFunction(env, exports, "poll", Poll);
  AddFunction(env, exports, "setNonblocking", SetNonblocking);
  AddFunction(env, exports, "strerror", Strerror);
}

}  // namespace sockkit::napi
