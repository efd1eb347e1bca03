// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace sockkit::napi {

// The system calls. Each returns what the call did when that is >= 0, the negated errno, or one of
// the refusals of args.h.
void RegisterSys(Napi::Env env, Napi::Object exports);

void RegisterGetaddrinfo(Napi::Env env, Napi::Object exports);
void RegisterLookup(Napi::Env env, Napi::Object exports);
void RegisterNames(Napi::Env env, Napi::Object exports);
void RegisterMessage(Napi::Env env, Napi::Object exports);
void RegisterBatch(Napi::Env env, Napi::Object exports);
void RegisterControl(Napi::Env env, Napi::Object exports);

// The number by which libuv, and so Node, knows an EAI_ code on every system; with EAI_SYSTEM it is
// `error`, a negated errno.
int ResolverError(int code, int error);

// What lib/socket.ts needs beyond the calls: dup, filters, and who closes at the end.
void RegisterDescriptor(Napi::Env env, Napi::Object exports);

// trace(), which turns traces on.
void RegisterTrace(Napi::Env env, Napi::Object exports);

// The object `constants`: every name of lib/tables/constants.ts that this system has.
void RegisterConstants(Napi::Env env, Napi::Object exports);

}  // namespace sockkit::napi
