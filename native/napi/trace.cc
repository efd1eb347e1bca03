// SPDX-License-Identifier: MIT
#include "native/sys/trace.h"

#include <atomic>
#include <string>

#include "native/napi/args.h"
#include "native/napi/sys.h"
#include "native/sys/trace_output.h"

namespace sockkit::napi {

namespace {

constexpr size_t kMostText = 32;

std::atomic<bool> refusalTold{false};

// Once, since each worker that loads the addon may ask for the same.
void TellRefusal(const char* wanted) {
  if (refusalTold.exchange(true)) return;
  const std::string text = std::string("sockkit: SOCKKIT_TRACE is '") + wanted +
                           "', which is no format: write 1 for text, or json\n";
  sys::trace::Say(text.data(), text.size());
}

// trace(format, refused): 1 for text, 2 for JSON, for the whole process. 0: a line on stderr says
// that the text `refused` is no format.
napi_value Trace(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int format;
  if (!args.Int(0, &format)) return args.Refuse();
  if (format == 1 || format == 2) {
    sys::trace::Start(format == 1 ? sys::trace::Format::kText : sys::trace::Format::kJson);
    return MakeNumber(env, 0);
  }
  char refused[kMostText];
  size_t length;
  if (format == 0 &&
      napi_get_value_string_utf8(env, args[1], refused, sizeof(refused), &length) == napi_ok) {
    TellRefusal(refused);
  }
  return args.Refuse();
}

}  // namespace

void RegisterTrace(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "trace", Trace);
}

}  // namespace sockkit::napi
