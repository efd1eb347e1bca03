// SPDX-License-Identifier: MIT
#include "native/sys/names.h"

#include <string.h>

#include "native/napi/address.h"
#include "native/napi/args.h"
#include "native/napi/sys.h"

namespace sockkit::napi {

namespace {

// record, flags. [host, service], or a negative number.
napi_value Getnameinfo(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Bytes buffer;
  int flags;
  AddressRecord record;
  if (!args.Data(0, &buffer) || !ReadRecord(buffer, &record) || !args.Int(1, &flags)) {
    return args.Refuse();
  }
  sys::Address address;
  int error = FromRecord(record, &address);
  if (error < 0) return MakeNumber(env, error);
  char host[NI_MAXHOST] = "";
  char service[NI_MAXSERV] = "";
  int code = sys::getnameinfo(address, host, sizeof(host), service, sizeof(service), flags, &error);
  if (code != 0) return MakeNumber(env, ResolverError(code, error));
  napi_value result, text;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return nullptr;
  const char* const texts[] = {host, service};
  for (uint32_t i = 0; i < 2; i++) {
    if (napi_create_string_utf8(env, texts[i], NAPI_AUTO_LENGTH, &text) != napi_ok ||
        napi_set_element(env, result, i, text) != napi_ok) {
      return nullptr;
    }
  }
  return result;
}

napi_value IfNametoindex(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  // Room for more than a name can have: what was cut short must not become another's name.
  char name[4 * IF_NAMESIZE];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, args[0], name, sizeof(name), &length) != napi_ok ||
      memchr(name, 0, length) != nullptr) {
    return args.Refuse();
  }
  return MakeNumber(env, sys::if_nametoindex(name));
}

// The index is passed as the int that has its bits. A string, or a negative number.
napi_value IfIndextoname(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int index;
  char name[IF_NAMESIZE];
  if (!args.Int(0, &index)) return args.Refuse();
  int result = sys::if_indextoname(static_cast<unsigned>(index), name);
  if (result < 0) return MakeNumber(env, result);
  napi_value text = nullptr;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
  return text;
}

}  // namespace

void RegisterNames(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "getnameinfo", Getnameinfo);
  AddFunction(env, exports, "if_nametoindex", IfNametoindex);
  AddFunction(env, exports, "if_indextoname", IfIndextoname);
}

}  // namespace sockkit::napi
