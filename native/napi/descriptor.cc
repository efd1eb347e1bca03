// SPDX-License-Identifier: MIT
#include "native/sys/descriptor.h"

#include <set>

#include "native/napi/args.h"
#include "native/napi/sys.h"
#include "native/sys/filter.h"
#include "native/sys/socket.h"

namespace sockkit::napi {

namespace {

// The descriptors that Sockets of one environment own. A worker can be terminated at any moment and
// then runs no JavaScript any more: what its Sockets had open is closed here, when the environment
// ends.
using Owned = std::set<int>;

void CloseOwned(void* data) {
  Owned* owned = static_cast<Owned*>(data);
  for (int fd : *owned) sys::close(fd);
  delete owned;
}

Owned* OwnedOf(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  return static_cast<Owned*>(data);
}

napi_value Own(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  Owned* owned = OwnedOf(env, info);
  if (owned == nullptr || !args.Int(0, &fd)) return args.Refuse();
  return MakeNumber(env, owned->insert(fd).second ? 1 : 0);
}

napi_value Disown(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  Owned* owned = OwnedOf(env, info);
  if (owned == nullptr || !args.Int(0, &fd)) return args.Refuse();
  return MakeNumber(env, static_cast<int64_t>(owned->erase(fd)));
}

napi_value Dup(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Int(0, &fd)) return args.Refuse();
  return MakeNumber(env, sys::dup(fd));
}

napi_value SetCloseOnExec(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Int(0, &fd)) return args.Refuse();
  return MakeNumber(env, sys::setCloseOnExec(fd));
}

napi_value AttachFilter(napi_env env, napi_callback_info info) {
  constexpr size_t kInstructionBytes = 8;
  Args<2> args(env, info);
  int fd;
  Bytes program;
  if (!args.Int(0, &fd) || !args.Data(1, &program) || program.length % kInstructionBytes != 0 ||
      reinterpret_cast<uintptr_t>(program.data) % alignof(uint32_t) != 0) {
    return args.Refuse();
  }
  return MakeNumber(env, sys::AttachFilter(fd, program.data, program.length / kInstructionBytes));
}

}  // namespace

void RegisterDescriptor(Napi::Env env, Napi::Object exports) {
  Owned* owned = new Owned;
  if (napi_add_env_cleanup_hook(env, CloseOwned, owned) != napi_ok) {
    delete owned;
    owned = nullptr;
  }
  AddFunction(env, exports, "own", Own, owned);
  AddFunction(env, exports, "disown", Disown, owned);
  AddFunction(env, exports, "dup", Dup);
  AddFunction(env, exports, "setCloseOnExec", SetCloseOnExec);
  AddFunction(env, exports, "attachFilter", AttachFilter);
}

}  // namespace sockkit::napi
