// SPDX-License-Identifier: MIT
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#ifdef __linux__
#include <netpacket/packet.h>
#endif
#ifdef __GLIBC__
// The kernel's own headers have options that glibc's lack, and fit beside glibc's alone.
#include <linux/in.h>
#include <linux/in6.h>
#endif

#include "native/napi/sys.h"

namespace sockkit::napi {

namespace {

struct Constant {
  const char* name;
  double value;
};

// See lib/tables/fallbacks.ts.
#ifdef __linux__
#define SOCKKIT_FALLBACKS_LINUX
#if !defined(__alpha__) && !defined(__mips__) && !defined(__hppa__) && !defined(__sparc__)
#define SOCKKIT_FALLBACKS_GENERIC
#endif
#endif

#define SOCKKIT_CONSTANT(name) {#name, static_cast<double>(name)},
#define SOCKKIT_NUMBER(name, number) {#name, number},
constexpr Constant kConstants[] = {
#include "native/generated/constants.inc"
};
#undef SOCKKIT_CONSTANT
#undef SOCKKIT_NUMBER

}  // namespace

void RegisterConstants(Napi::Env env, Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(env);
  for (const Constant& constant : kConstants) {
    napi_value value;
    if (napi_create_double(env, constant.value, &value) != napi_ok) return;
    napi_set_named_property(env, constants, constant.name, value);
  }
  exports.Set("constants", constants);
}

}  // namespace sockkit::napi
