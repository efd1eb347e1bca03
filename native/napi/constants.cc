// SPDX-License-Identifier: MIT
#include "native/sys/constants.h"

#include "native/napi/sys.h"

namespace sockkit::napi {

void RegisterConstants(Napi::Env env, Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(env);
  for (const sys::Constant& constant : sys::Constants()) {
    napi_value value;
    if (napi_create_double(env, static_cast<double>(constant.value), &value) != napi_ok) return;
    napi_set_named_property(env, constants, constant.name, value);
  }
  exports.Set("constants", constants);
}

}  // namespace sockkit::napi
