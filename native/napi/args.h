// SPDX-License-Identifier: MIT
//
// Reading the arguments of a call from JavaScript. lib/ has checked them by then; here they are
// checked once more, so that no argument whatever can make native code misbehave. Nothing here
// throws or runs JavaScript.
#pragma once

#include <napi.h>
#include <stddef.h>
#include <stdint.h>

namespace sockkit::napi {

// Returned in place of a result, before any system call, where an argument cannot be used. Below
// every errno and every number of libuv; lib/binding.ts has the same two.
constexpr int kRefusedArgument = -100000;
constexpr int kRefusedAddress = -100001;

struct Bytes {
  void* data = nullptr;
  size_t length = 0;
};

// A whole number that an int holds. False for anything else: NaN and fractions too, of which
// napi_get_value_int32 would make a 0.
bool ReadInt(napi_env env, napi_value value, int* number);

// The bytes of an ArrayBuffer or of a view on one, as they are now: a resizable buffer can be
// another size at the next call. False for anything else, for what is detached, and for shared
// memory, which another thread could change during the call.
bool ReadBytes(napi_env env, napi_value value, Bytes* bytes);

napi_value MakeNumber(napi_env env, int64_t number);

// The arguments of one call; those that were not given are undefined.
template <size_t Most>
class Args {
 public:
  Args(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = Most;
    if (napi_get_cb_info(env, info, &count, values_, nullptr, nullptr) != napi_ok) {
      for (napi_value& value : values_) value = nullptr;
    }
  }

  napi_value operator[](size_t index) const { return values_[index]; }
  bool Int(size_t index, int* number) const { return ReadInt(env_, values_[index], number); }
  bool Data(size_t index, Bytes* bytes) const { return ReadBytes(env_, values_[index], bytes); }

  napi_value Refuse() const { return MakeNumber(env_, kRefusedArgument); }

 private:
  napi_env env_;
  napi_value values_[Most];
};

// Adds a function to the exports. Registered as a plain napi_callback: the wrapper of
// Napi::Function::New costs more than some of the system calls.
void AddFunction(napi_env env, napi_value exports, const char* name, napi_callback callback,
                 void* data = nullptr);

}  // namespace sockkit::napi
