// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace sockkit::napi {

// The class `MessageServer`: native/server's message server with its lifetime tied to an
// environment. lib/message-server.ts is its only user and has its contract in JavaScript terms.
void RegisterMessageServer(Napi::Env env, Napi::Object exports);

}  // namespace sockkit::napi
