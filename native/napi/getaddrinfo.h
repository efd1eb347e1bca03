// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>
#include <netdb.h>
#include <stddef.h>

namespace sockkit::napi {

// What is to be looked up. `host` and `service` are null or point into the object.
struct LookupQuery {
  // Hosts and services longer than this name nothing: a host name has 253 bytes at most.
  static constexpr size_t kMostText = 1024;

  LookupQuery() = default;
  LookupQuery(const LookupQuery&) = delete;
  LookupQuery& operator=(const LookupQuery&) = delete;

  char hostText[kMostText + 1];
  char serviceText[kMostText + 1];
  const char* host = nullptr;
  const char* service = nullptr;
  addrinfo hints = {};
};

// The arguments of getaddrinfo(): host, service, flags, family, type, protocol.
bool ReadLookupQuery(napi_env env, const napi_value (&from)[6], LookupQuery* query);

// [records, canonical name | undefined]
napi_value MakeLookupResult(napi_env env, const addrinfo* list);

}  // namespace sockkit::napi
