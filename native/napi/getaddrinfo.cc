// SPDX-License-Identifier: MIT
#include "native/napi/getaddrinfo.h"

#include <string.h>

#include "native/napi/address.h"
#include "native/napi/args.h"
#include "native/napi/sys.h"
#include "native/sys/resolve.h"

namespace sockkit::napi {

int ResolverError(int code, int error) {
  switch (code) {
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
      return -3000;
#endif
    case EAI_AGAIN:
      return -3001;
    case EAI_BADFLAGS:
      return -3002;
    case EAI_FAMILY:
      return -3005;
    case EAI_MEMORY:
      return -3006;
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
      return -3007;
#endif
    case EAI_NONAME:
      return -3008;
#ifdef EAI_OVERFLOW
    case EAI_OVERFLOW:
      return -3009;
#endif
    case EAI_SERVICE:
      return -3010;
    case EAI_SOCKTYPE:
      return -3011;
    case EAI_SYSTEM:
      if (error < 0) return error;
      break;
  }
  return -3004;  // EAI_FAIL, and what has no number.
}

namespace {

constexpr size_t kMostText = LookupQuery::kMostText;

struct InfoRecord {
  int32_t family, type, protocol;
  AddressRecord address;
};
static_assert(sizeof(InfoRecord) == 160);

// Null for undefined and null. False for what is neither that nor a string that fits.
bool ReadText(napi_env env, napi_value value, char* buffer, const char** text) {
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  *text = nullptr;
  if (type == napi_undefined || type == napi_null) return true;
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, buffer, kMostText + 1, &length) != napi_ok) {
    return false;
  }
  *text = buffer;
  return length < kMostText && memchr(buffer, 0, length) == nullptr;
}

}  // namespace

napi_value MakeLookupResult(napi_env env, const addrinfo* list) {
  size_t count = 0;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) count++;
  napi_value result, buffer;
  void* memory = nullptr;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok ||
      napi_create_arraybuffer(env, count * sizeof(InfoRecord), &memory, &buffer) != napi_ok ||
      napi_set_element(env, result, 0, buffer) != napi_ok) {
    return nullptr;
  }
  auto* records = static_cast<uint8_t*>(memory);
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    sys::Address address;
    address.length = info->ai_addrlen;
    address.ClipLength();
    memcpy(&address.storage, info->ai_addr, address.length);
    InfoRecord record{info->ai_family, info->ai_socktype, info->ai_protocol, {}};
    ToRecord(address, &record.address);
    memcpy(records, &record, sizeof(record));
    records += sizeof(record);
  }
  // The first entry alone has the canonical name.
  napi_value name;
  if (list != nullptr && list->ai_canonname != nullptr &&
      napi_create_string_utf8(env, list->ai_canonname, NAPI_AUTO_LENGTH, &name) == napi_ok) {
    napi_set_element(env, result, 1, name);
  }
  return result;
}

bool ReadLookupQuery(napi_env env, const napi_value (&from)[6], LookupQuery* query) {
  return ReadText(env, from[0], query->hostText, &query->host) &&
         ReadText(env, from[1], query->serviceText, &query->service) &&
         ReadInt(env, from[2], &query->hints.ai_flags) &&
         ReadInt(env, from[3], &query->hints.ai_family) &&
         ReadInt(env, from[4], &query->hints.ai_socktype) &&
         ReadInt(env, from[5], &query->hints.ai_protocol);
}

namespace {

napi_value Getaddrinfo(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  LookupQuery query;
  if (!ReadLookupQuery(env, {args[0], args[1], args[2], args[3], args[4], args[5]}, &query)) {
    return args.Refuse();
  }
  addrinfo* list = nullptr;
  int error = 0;
  int code = sys::getaddrinfo(query.host, query.service, query.hints, &list, &error);
  if (code != 0) return MakeNumber(env, ResolverError(code, error));
  napi_value result = MakeLookupResult(env, list);
  freeaddrinfo(list);
  return result;
}

}  // namespace

void RegisterGetaddrinfo(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "getaddrinfo", Getaddrinfo);
}

}  // namespace sockkit::napi
