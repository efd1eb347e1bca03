// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace sockkit::napi {

// The class `Readiness`: what lib/promises waits by.
void RegisterReadiness(Napi::Env env, Napi::Object exports);

}  // namespace sockkit::napi
