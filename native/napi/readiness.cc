// SPDX-License-Identifier: MIT
#include "native/napi/readiness.h"

#include <stdint.h>

#include "native/napi/args.h"
#include "native/server/readiness.h"

namespace sockkit::napi {

namespace {

constexpr double kMostToken = 9007199254740991.0;

bool ReadToken(const Napi::Value& value, uint64_t* token) {
  if (!value.IsNumber()) return false;
  double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0 && number <= kMostToken)) return false;
  *token = static_cast<uint64_t>(number);
  return true;
}

}  // namespace

// Lifetime, as of MessageServer: from a successful start() on the object holds itself, and a
// cleanup hook that was added after the threadsafe function was made ends the thread before that
// function and before the descriptors that the environment's sockets own are closed.
class Readiness : public Napi::ObjectWrap<Readiness>, private server::ReadinessListener {
 public:
  static void Register(Napi::Env env, Napi::Object exports) {
    exports.Set("Readiness", DefineClass(env, "Readiness",
                                         {
                                             InstanceMethod<&Readiness::Start>("start"),
                                             InstanceMethod<&Readiness::StopNow>("stop"),
                                             InstanceMethod<&Readiness::Add>("add"),
                                             InstanceMethod<&Readiness::Cancel>("cancel"),
                                             InstanceMethod<&Readiness::Forget>("forget"),
                                             InstanceMethod<&Readiness::Take>("take"),
                                             InstanceMethod<&Readiness::SetRef>("setRef"),
                                         }));
  }

  explicit Readiness(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<Readiness>(info), env_(info.Env()), readiness_(this) {}

  ~Readiness() override { Stop(); }

 private:
  // start(byPoll: boolean, onReady): 0 or -errno. Once. The event loop is not kept alive until
  // setRef(true).
  Napi::Value Start(const Napi::CallbackInfo& info) {
    if (used_ || !info[0].IsBoolean() || !info[1].IsFunction()) return Number(kRefusedArgument);
    used_ = true;
    napi_value name;
    if (napi_create_string_utf8(env_, "sockkit.Readiness", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env_, info[1], nullptr, name, 0, 1, nullptr, nullptr,
                                        nullptr, nullptr, &onReady_) != napi_ok) {
      return Number(kRefusedArgument);
    }
    napi_unref_threadsafe_function(env_, onReady_);
    using Kind = server::Readiness::Kind;
    int error = readiness_.Start(info[0].ToBoolean() ? Kind::kPoll : server::Readiness::kDefault);
    if (error != 0) {
      napi_release_threadsafe_function(onReady_, napi_tsfn_release);
      return Number(error);
    }
    napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    started_ = true;
    Ref();
    return Number(0);
  }

  // On the thread. One call stands for all tokens that wait when it is run.
  void TokensWait() override {
    napi_call_threadsafe_function(onReady_, nullptr, napi_tsfn_nonblocking);
  }

  static void OnEnvironmentEnd(void* self) {
    auto* that = static_cast<Readiness*>(self);
    that->started_ = false;
    that->readiness_.Stop();
  }

  void Stop() {
    if (!started_) return;
    started_ = false;
    napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    readiness_.Stop();
    napi_release_threadsafe_function(onReady_, napi_tsfn_release);
  }

  Napi::Value StopNow(const Napi::CallbackInfo&) {
    if (started_) {
      Stop();
      Unref();
    }
    return env_.Undefined();
  }

  Napi::Value Add(const Napi::CallbackInfo& info) {
    int fd;
    int events;
    uint64_t token;
    if (!started_ || !ReadInt(env_, info[0], &fd) || !ReadInt(env_, info[1], &events) || fd < 0 ||
        events < 0 || events > INT16_MAX || !ReadToken(info[2], &token)) {
      return Number(kRefusedArgument);
    }
    return Number(readiness_.Add(fd, events, token));
  }

  Napi::Value Cancel(const Napi::CallbackInfo& info) {
    int fd;
    uint64_t token;
    if (started_ && ReadInt(env_, info[0], &fd) && ReadToken(info[1], &token)) {
      readiness_.Cancel(fd, token);
    }
    return env_.Undefined();
  }

  Napi::Value Forget(const Napi::CallbackInfo& info) {
    int fd;
    if (started_ && ReadInt(env_, info[0], &fd)) readiness_.Forget(fd);
    return env_.Undefined();
  }

  // take(pairs: Float64Array of tokens and revents): how many pairs were filled in; fewer than
  // there is room for only where no more wait.
  Napi::Value Take(const Napi::CallbackInfo& info) {
    Bytes pairs;
    if (!started_ || !ReadBytes(env_, info[0], &pairs) ||
        reinterpret_cast<uintptr_t>(pairs.data) % alignof(double) != 0) {
      return Number(0);
    }
    auto* to = static_cast<double*>(pairs.data);
    const size_t room = pairs.length / (2 * sizeof(double));
    size_t total = 0;
    while (total < room) {
      server::ReadyToken ready[64];
      const size_t most = room - total < 64 ? room - total : 64;
      const size_t count = readiness_.Take(ready, most);
      for (size_t i = 0; i < count; i++, total++) {
        to[2 * total] = static_cast<double>(ready[i].token);
        to[2 * total + 1] = ready[i].revents;
      }
      if (count < most) break;
    }
    return Number(static_cast<int>(total));
  }

  // setRef(on: boolean): whether the event loop is kept alive, until stop() at the latest.
  Napi::Value SetRef(const Napi::CallbackInfo& info) {
    if (!started_ || !info[0].IsBoolean()) return env_.Undefined();
    if (info[0].ToBoolean()) {
      napi_ref_threadsafe_function(env_, onReady_);
    } else {
      napi_unref_threadsafe_function(env_, onReady_);
    }
    return env_.Undefined();
  }

  Napi::Value Number(int number) { return Napi::Number::New(env_, number); }

  const Napi::Env env_;
  server::Readiness readiness_;
  napi_threadsafe_function onReady_ = nullptr;
  bool used_ = false;
  bool started_ = false;
};

void RegisterReadiness(Napi::Env env, Napi::Object exports) {
  Readiness::Register(env, exports);
}

}  // namespace sockkit::napi
