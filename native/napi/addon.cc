// SPDX-License-Identifier: MIT
#include <napi.h>

#include "native/napi/message_server.h"
#include "native/napi/readiness.h"
#include "native/napi/small.h"
#include "native/napi/stream_server.h"
#include "native/napi/sys.h"

namespace sockkit::napi {

// Runs once in every environment, the main thread's and each worker's. There is no state outside of
// the environments.
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  RegisterSys(env, exports);
  RegisterSmall(env, exports);
  RegisterGetaddrinfo(env, exports);
  RegisterLookup(env, exports);
  RegisterNames(env, exports);
  RegisterMessage(env, exports);
  RegisterBatch(env, exports);
  RegisterControl(env, exports);
  RegisterDescriptor(env, exports);
  RegisterConstants(env, exports);
  RegisterTrace(env, exports);
  RegisterMessageServer(env, exports);
  RegisterReadiness(env, exports);
  RegisterStreamServer(env, exports);
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace sockkit::napi
