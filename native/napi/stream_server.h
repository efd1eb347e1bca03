// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace sockkit::napi {

// The class `StreamServer`: native/server's stream server with its lifetime tied to an environment.
// lib/server.ts and lib/connection.ts are its users and have its contract in JavaScript terms.
void RegisterStreamServer(Napi::Env env, Napi::Object exports);

}  // namespace sockkit::napi
