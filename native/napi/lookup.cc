// SPDX-License-Identifier: MIT
//
// getaddrinfo() on a thread of its own: it can take seconds, and nothing ends it before.
#include <pthread.h>
#include <stdint.h>

#include <new>

#include "native/napi/args.h"
#include "native/napi/getaddrinfo.h"
#include "native/napi/sys.h"
#include "native/server/thread.h"
#include "native/sys/resolve.h"

namespace sockkit::napi {

namespace {

// The C library reads files and packets into its stack.
constexpr size_t kMoreStack = 512 * 1024;

// Lifetime: it belongs to its threadsafe function, whose end frees it. The thread is joined when
// the result has come, or by the cleanup hook where the environment ends first, which waits for the
// system's answer then.
struct Lookup {
  LookupQuery query;
  pthread_t thread;
  bool running = false;
  napi_threadsafe_function done = nullptr;
  addrinfo* list = nullptr;
  int code = 0;
  int error = 0;
};

void* Run(void* data) {
  auto* lookup = static_cast<Lookup*>(data);
  const LookupQuery& query = lookup->query;
  lookup->code =
      sys::getaddrinfo(query.host, query.service, query.hints, &lookup->list, &lookup->error);
  napi_call_threadsafe_function(lookup->done, nullptr, napi_tsfn_nonblocking);
  return nullptr;
}

void Join(void* data) {
  auto* lookup = static_cast<Lookup*>(data);
  if (lookup->running) pthread_join(lookup->thread, nullptr);
  lookup->running = false;
}

void Free(napi_env, void* data, void*) {
  auto* lookup = static_cast<Lookup*>(data);
  if (lookup->list != nullptr) freeaddrinfo(lookup->list);
  delete lookup;
}

void Tell(napi_env env, napi_value callback, void* context, void*) {
  auto* lookup = static_cast<Lookup*>(context);
  if (env == nullptr || !lookup->running) return;
  napi_remove_env_cleanup_hook(env, Join, lookup);
  Join(lookup);
  napi_value result = lookup->code == 0
                          ? MakeLookupResult(env, lookup->list)
                          : MakeNumber(env, ResolverError(lookup->code, lookup->error));
  if (result == nullptr) result = MakeNumber(env, ResolverError(EAI_MEMORY, 0));
  napi_value receiver;
  napi_threadsafe_function done = lookup->done;
  if (napi_get_undefined(env, &receiver) == napi_ok) {
    napi_call_function(env, receiver, callback, 1, &result, nullptr);
  }
  napi_release_threadsafe_function(done, napi_tsfn_release);
}

// lookup(host, service, flags, family, type, protocol, done): 0, or -errno and `done` is not
// called.
napi_value StartLookup(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  auto* lookup = new (std::nothrow) Lookup;
  napi_value name;
  if (lookup == nullptr) return args.Refuse();
  if (!ReadLookupQuery(env, {args[0], args[1], args[2], args[3], args[4], args[5]},
                       &lookup->query) ||
      napi_create_string_utf8(env, "sockkit.lookup", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, args[6], nullptr, name, 0, 1, lookup, Free, lookup, Tell,
                                      &lookup->done) != napi_ok) {
    delete lookup;
    return args.Refuse();
  }
  int error = server::StartThread(&lookup->thread, Run, lookup, kMoreStack);
  if (error != 0) {
    napi_release_threadsafe_function(lookup->done, napi_tsfn_release);
    return MakeNumber(env, error);
  }
  lookup->running = true;
  napi_add_env_cleanup_hook(env, Join, lookup);
  return MakeNumber(env, 0);
}

}  // namespace

void RegisterLookup(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "lookup", StartLookup);
}

}  // namespace sockkit::napi
