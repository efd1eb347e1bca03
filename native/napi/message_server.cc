// SPDX-License-Identifier: MIT
#include "native/napi/message_server.h"

#include <stdint.h>

#include <new>
#include <string>

#include "native/napi/address.h"
#include "native/napi/args.h"
#include "native/server/message_server.h"

namespace sockkit::napi {

namespace {

// Bytes and times beyond this are as good as without bound, and leave room for arithmetic.
constexpr double kMostNumber = 9007199254740991.0;
constexpr double kMostMs = 1e12;

double Clamp(const Napi::Value& value, double fallback, double most) {
  if (!value.IsNumber()) return fallback;
  double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0)) return fallback;
  return number < most ? number : most;
}

}  // namespace

// Lifetime. The JavaScript object owns the server. From a successful start() until the event
// "closed" has been taken, the object holds itself against collection, the threadsafe function
// keeps the event loop alive, and a cleanup hook stands by: where the environment ends first, the
// hook ends every thread before anything that they use goes away. It was added after the threadsafe
// function was made, and hooks run last-come first, so no thread outlives that function either.
class MessageServer : public Napi::ObjectWrap<MessageServer>, private server::EventListener {
 public:
  static void Register(Napi::Env env, Napi::Object exports) {
    Napi::Function constructor = DefineClass(env, "MessageServer",
                                             {
                                                 InstanceMethod<&MessageServer::Start>("start"),
                                                 InstanceMethod<&MessageServer::Close>("close"),
                                                 InstanceMethod<&MessageServer::Take>("take"),
                                                 InstanceMethod<&MessageServer::Aside>("aside"),
                                                 InstanceMethod<&MessageServer::Stats>("stats"),
                                                 InstanceMethod<&MessageServer::TellAll>("tellAll"),
                                                 InstanceMethod<&MessageServer::SetRef>("setRef"),
                                             });
    exports.Set("MessageServer", constructor);
  }

  explicit MessageServer(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<MessageServer>(info), env_(info.Env()) {}

  ~MessageServer() override {
    Stop();
    delete server_;
  }

 private:
  using Kind = server::Event::Kind;

  // start(listenerFd, outputFd, config, onEvents): 0 or -errno. Owns the listener from now on, also
  // when it fails. A server starts once.
  Napi::Value Start(const Napi::CallbackInfo& info) {
    int listener = -1;
    int output = -1;
    if (server_ != nullptr || !ReadInt(env_, info[0], &listener) ||
        !ReadInt(env_, info[1], &output) || !info[2].IsObject() || !info[3].IsFunction()) {
      return Number(kRefusedArgument);
    }
    server::MessageServerConfig config;
    std::string directory;
    ReadConfig(info[2].As<Napi::Object>(), &config, &directory);
    config.spoolDirectory = directory.c_str();
    server_ = new (std::nothrow) server::MessageServer(config, this);
    if (server_ == nullptr || !MakeEventsFunction(info[3])) return Number(kRefusedArgument);
    server_->TellAll(tellAll_);
    int error = server_->Start(listener, output);
    if (error != 0) {
      ReleaseEventsFunction();
      delete server_;  // So that a start can be tried again.
      server_ = nullptr;
      return Number(error);
    }
    napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    started_ = true;
    Ref();
    return Number(0);
  }

  static void ReadConfig(const Napi::Object& from, server::MessageServerConfig* to,
                         std::string* directory) {
    to->live = from.Get("live").ToBoolean();
    to->escape = from.Get("escape").ToBoolean();
    to->unixSocket = from.Get("unixSocket").ToBoolean();
    to->holdBytes = static_cast<uint64_t>(Clamp(from.Get("holdBytes"), 0, kMostNumber));
    to->memoryBytes = static_cast<uint64_t>(Clamp(from.Get("memoryBytes"), 0, kMostNumber));
    to->spoolBytes = static_cast<uint64_t>(Clamp(from.Get("spoolBytes"), 0, kMostNumber));
    to->stallMs = static_cast<int64_t>(Clamp(from.Get("stallMs"), 0, kMostMs));
    to->idleTimeoutMs = static_cast<int64_t>(Clamp(from.Get("idleTimeoutMs"), 0, kMostMs));
    to->maxConnections = static_cast<uint32_t>(Clamp(from.Get("maxConnections"), 1, 1e6));
    Napi::Value spoolDirectory = from.Get("spoolDirectory");
    if (spoolDirectory.IsString()) *directory = spoolDirectory.As<Napi::String>().Utf8Value();
  }

  bool MakeEventsFunction(const Napi::Value& callback) {
    napi_value name;
    if (napi_create_string_utf8(env_, "sockkit.MessageServer", NAPI_AUTO_LENGTH, &name) !=
        napi_ok) {
      return false;
    }
    return napi_create_threadsafe_function(env_, callback, nullptr, name, 0, 1, nullptr, nullptr,
                                           nullptr, nullptr, &events_) == napi_ok;
  }

  void ReleaseEventsFunction() {
    if (events_ != nullptr) napi_release_threadsafe_function(events_, napi_tsfn_release);
    events_ = nullptr;
  }

  // On the server's threads. One call stands for all events that wait when it is run, so calls do
  // not pile up while JavaScript is busy.
  void EventsWait() override {
    napi_call_threadsafe_function(events_, nullptr, napi_tsfn_nonblocking);
  }

  static void OnEnvironmentEnd(void* self) {
    auto* that = static_cast<MessageServer*>(self);
    that->started_ = false;
    that->server_->Abort();
    that->events_ = nullptr;  // The environment ends it.
  }

  // After the event "closed", and where the object goes away before that.
  void Stop() {
    if (!started_) return;
    started_ = false;
    napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    server_->Abort();
    ReleaseEventsFunction();
  }

  Napi::Value Close(const Napi::CallbackInfo&) {
    if (started_) server_->Close();
    return env_.Undefined();
  }

  // take(fields: Float64Array(8), peer: an address record): false where no event waits.
  Napi::Value Take(const Napi::CallbackInfo& info) {
    Bytes fields;
    Bytes peer;
    server::Event event;
    if (server_ == nullptr || !ReadBytes(env_, info[0], &fields) ||
        !ReadBytes(env_, info[1], &peer) || fields.length < 8 * sizeof(double) ||
        !server_->Take(&event)) {
      return Napi::Boolean::New(env_, false);
    }
    auto* to = static_cast<double*>(fields.data);
    to[0] = static_cast<double>(event.kind);
    to[1] = static_cast<double>(event.outcome);
    to[2] = event.error;
    to[3] = static_cast<double>(event.bytes);
    to[4] = static_cast<double>(event.offset);
    to[5] = static_cast<double>(event.lost);
    to[7] = event.lostFloor ? 1 : 0;
    to[6] = event.call[0] == 'p' ? 1 : 0;  // pthread_create, not accept
    WriteRecord(event.peer, peer);
    if (event.kind == Kind::kClosed) {
      Stop();
      Unref();
    }
    return Napi::Boolean::New(env_, true);
  }

  Napi::Value Aside(const Napi::CallbackInfo& info) {
    Bytes text;
    if (started_ && ReadBytes(env_, info[0], &text)) {
      server_->Aside(static_cast<const char*>(text.data), text.length);
    }
    return env_.Undefined();
  }

  // stats(fields: Float64Array(13))
  Napi::Value Stats(const Napi::CallbackInfo& info) {
    Bytes fields;
    if (server_ == nullptr || !ReadBytes(env_, info[0], &fields) ||
        fields.length < 13 * sizeof(double)) {
      return env_.Undefined();
    }
    server::MessageServerStats stats = server_->Stats();
    const uint64_t values[13] = {
        stats.connections, stats.open,      stats.threads,      stats.messages,    stats.bytesIn,
        stats.bytesOut,    stats.bytesLost, stats.messagesLost, stats.memoryBytes, stats.spoolBytes,
        stats.splits,      stats.cuts,      stats.eventsDropped};
    auto* to = static_cast<double*>(fields.data);
    for (size_t i = 0; i < 13; i++) to[i] = static_cast<double>(values[i]);
    return env_.Undefined();
  }

  Napi::Value TellAll(const Napi::CallbackInfo& info) {
    tellAll_ = info[0].ToBoolean();
    if (server_ != nullptr) server_->TellAll(tellAll_);
    return env_.Undefined();
  }

  Napi::Value SetRef(const Napi::CallbackInfo& info) {
    if (!started_ || events_ == nullptr) return env_.Undefined();
    if (info[0].ToBoolean()) {
      napi_ref_threadsafe_function(env_, events_);
    } else {
      napi_unref_threadsafe_function(env_, events_);
    }
    return env_.Undefined();
  }

  Napi::Value Number(int number) { return Napi::Number::New(env_, number); }

  const Napi::Env env_;
  server::MessageServer* server_ = nullptr;  // Owned.
  napi_threadsafe_function events_ = nullptr;
  bool started_ = false;
  bool tellAll_ = false;  // What was asked for before there was a server too.
};

void RegisterMessageServer(Napi::Env env, Napi::Object exports) {
  MessageServer::Register(env, exports);
}

}  // namespace sockkit::napi
