// SPDX-License-Identifier: MIT
#include "native/napi/args.h"

#include <limits.h>

namespace sockkit::napi {

namespace {

// 0 for a kind that these headers do not know yet.
size_t ElementSize(int type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 0;
  }
}

// Finds the memory of `value` and the buffer behind it. False where it has neither.
bool FindMemory(napi_env env, napi_value value, Bytes* bytes, napi_value* buffer) {
  size_t offset = 0;
  // An int, and out of range at first: a kind of array that this Node has and Node-API does not
  // name leaves the type as it was.
  int type = -1;
  static_assert(sizeof(type) == sizeof(napi_typedarray_type));
  if (napi_get_typedarray_info(env, value, reinterpret_cast<napi_typedarray_type*>(&type),
                               &bytes->length, &bytes->data, buffer, &offset) == napi_ok) {
    const size_t size = ElementSize(type);
    bytes->length *= size;
    if (size > 0) return true;
    bool isView = false;
    return napi_is_buffer(env, value, &isView) == napi_ok && isView &&
           napi_get_buffer_info(env, value, &bytes->data, &bytes->length) == napi_ok;
  }
  // Bun takes an ArrayBuffer for a view, though one of no buffer.
  if (napi_get_dataview_info(env, value, &bytes->length, &bytes->data, buffer, &offset) ==
          napi_ok &&
      *buffer != nullptr) {
    return true;
  }
  *buffer = value;
  return napi_get_arraybuffer_info(env, value, &bytes->data, &bytes->length) == napi_ok;
}

}  // namespace

bool ReadInt(napi_env env, napi_value value, int* number) {
  double given = 0;
  if (napi_get_value_double(env, value, &given) != napi_ok) return false;
  if (!(given >= INT_MIN && given <= INT_MAX)) return false;
  *number = static_cast<int>(given);
  return *number == given;
}

bool ReadBytes(napi_env env, napi_value value, Bytes* bytes) {
  napi_value buffer = nullptr;
  if (!FindMemory(env, value, bytes, &buffer)) return false;
  bool isPrivate = false;  // As opposed to a SharedArrayBuffer.
  if (napi_is_arraybuffer(env, buffer, &isPrivate) != napi_ok || !isPrivate) return false;
  if (bytes->length > 0) return bytes->data != nullptr;
  bool detached = false;
  return napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && !detached;
}

napi_value MakeNumber(napi_env env, int64_t number) {
  napi_value value = nullptr;
  if (number >= INT32_MIN && number <= INT32_MAX) {
    napi_create_int32(env, static_cast<int32_t>(number), &value);
  } else {
    napi_create_int64(env, number, &value);
  }
  return value;
}

void AddFunction(napi_env env, napi_value exports, const char* name, napi_callback callback,
                 void* data) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function) != napi_ok) {
    return;
  }
  napi_set_named_property(env, exports, name, function);
}

}  // namespace sockkit::napi
