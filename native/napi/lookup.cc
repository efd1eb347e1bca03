// SPDX-License-Identifier: MIT
//
// getaddrinfo() on a thread of its own: it can take seconds, and nothing ends it before.
#include <pthread.h>
#include <stdint.h>

#include <atomic>
#include <new>

#include "native/napi/args.h"
#include "native/napi/getaddrinfo.h"
#include "native/napi/sys.h"
#include "native/server/sync.h"
#include "native/server/thread.h"
#include "native/sys/resolve.h"

namespace sockkit::napi {

namespace {

// The C library reads files and packets into its stack.
constexpr size_t kMoreStack = 512 * 1024;

// A lookup that is still going on when its environment ends is left to itself, which is possible
// because the addon is linked to stay loaded (-z nodelete); where there is no such thing, the
// environment's end waits for the system's answer.
#ifdef __linux__
constexpr bool kStaysLoaded = true;
#else
constexpr bool kStaysLoaded = false;
#endif

// Lifetime: it belongs to its threadsafe function and to its thread, and the last of the two frees
// it. The cleanup hook takes the function away from the thread before that function ends.
struct Lookup {
  LookupQuery query;
  std::atomic<int> owners{2};
  pthread_t thread;
  server::Mutex mutex;
  napi_threadsafe_function done = nullptr;  // Of the thread, by the mutex.
  addrinfo* list = nullptr;
  int code = 0;
  int error = 0;
};

void Release(Lookup* lookup) {
  if (lookup->owners.fetch_sub(1) > 1) return;
  if (lookup->list != nullptr) freeaddrinfo(lookup->list);
  delete lookup;
}

void* Run(void* data) {
  auto* lookup = static_cast<Lookup*>(data);
  const LookupQuery& query = lookup->query;
  lookup->code =
      sys::getaddrinfo(query.host, query.service, query.hints, &lookup->list, &lookup->error);
  {
    server::Locked locked(lookup->mutex);
    if (lookup->done != nullptr) {
      napi_call_threadsafe_function(lookup->done, nullptr, napi_tsfn_nonblocking);
    }
  }
  Release(lookup);
  return nullptr;
}

void OnEnvironmentEnd(void* data) {
  auto* lookup = static_cast<Lookup*>(data);
  {
    server::Locked locked(lookup->mutex);
    lookup->done = nullptr;
  }
  if (!kStaysLoaded) pthread_join(lookup->thread, nullptr);
}

void Free(napi_env, void* data, void*) {
  Release(static_cast<Lookup*>(data));
}

void Tell(napi_env env, napi_value callback, void* context, void*) {
  auto* lookup = static_cast<Lookup*>(context);
  napi_threadsafe_function done = lookup->done;
  if (env == nullptr || done == nullptr) return;
  napi_remove_env_cleanup_hook(env, OnEnvironmentEnd, lookup);
  if (!kStaysLoaded) pthread_join(lookup->thread, nullptr);
  napi_value result = lookup->code == 0
                          ? MakeLookupResult(env, lookup->list)
                          : MakeNumber(env, ResolverError(lookup->code, lookup->error));
  if (result == nullptr) result = MakeNumber(env, ResolverError(EAI_MEMORY, 0));
  napi_value receiver;
  if (napi_get_undefined(env, &receiver) == napi_ok) {
    napi_call_function(env, receiver, callback, 1, &result, nullptr);
  }
  napi_release_threadsafe_function(done, napi_tsfn_release);
}

// lookup(host, service, flags, family, type, protocol, done): 0, or -errno and `done` is not
// called. It does not keep the event loop alive: lib/promises/getaddrinfo.ts does, for as long as
// somebody wants the answer.
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
  napi_threadsafe_function done = lookup->done;
  napi_unref_threadsafe_function(env, done);
  napi_add_env_cleanup_hook(env, OnEnvironmentEnd, lookup);
  int error = server::StartThread(&lookup->thread, Run, lookup, kMoreStack);
  if (error == 0) {
    // Nothing of it is touched from here on but by Tell(): by now it may have ended.
    if (kStaysLoaded) pthread_detach(lookup->thread);
    return MakeNumber(env, 0);
  }
  napi_remove_env_cleanup_hook(env, OnEnvironmentEnd, lookup);
  Release(lookup);
  napi_release_threadsafe_function(done, napi_tsfn_release);
  return MakeNumber(env, error);
}

}  // namespace

void RegisterLookup(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "lookup", StartLookup);
}

}  // namespace sockkit::napi
