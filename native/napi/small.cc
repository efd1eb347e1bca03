// SPDX-License-Identifier: MIT
#include "native/napi/small.h"

#include <string.h>

#include "native/napi/args.h"
#include "native/sys/socket.h"

namespace sockkit::napi {

namespace {

// The block of the environment that called last on this thread: several can be on one, since each
// module registry (one per test file in jest) loads the addon for itself.
struct Last {
  napi_env env;
  SmallBlock* block;
};
thread_local Last last = {nullptr, nullptr};

// The rare case on its own, so that the usual one stays a comparison.
[[gnu::noinline]] SmallBlock* ReadBlock(napi_env env, napi_callback_info info) {
  void* block = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &block) != napi_ok) return nullptr;
  last = {env, static_cast<SmallBlock*>(block)};
  return last.block;
}

inline SmallBlock* FindBlock(napi_env env, napi_callback_info info) {
  return last.env == env ? last.block : ReadBlock(env, info);
}

// Keeps the block's ArrayBuffer for as long as the environment lives: the functions have its
// address.
struct Keeper {
  napi_env env;
  napi_ref buffer;
};

void EndOfEnvironment(void* data) {
  auto* keeper = static_cast<Keeper*>(data);
  // The address of an environment that is gone can become that of another.
  if (last.env == keeper->env) last = {nullptr, nullptr};
  napi_delete_reference(keeper->env, keeper->buffer);
  delete keeper;
}

uint32_t Clip(uint32_t length) {
  return length < SmallBlock::kRoom ? length : SmallBlock::kRoom;
}

napi_value SendSmall(napi_env env, napi_callback_info info) {
  SmallBlock* block = FindBlock(env, info);
  if (block == nullptr) return nullptr;
  block->result = static_cast<int32_t>(sys::send(block->fd, block->data, Clip(block->length), 0));
  return nullptr;
}

napi_value RecvSmall(napi_env env, napi_callback_info info) {
  SmallBlock* block = FindBlock(env, info);
  if (block == nullptr) return nullptr;
  block->result = static_cast<int32_t>(sys::recv(block->fd, block->data, Clip(block->length), 0));
  return nullptr;
}

}  // namespace

void RegisterSmall(Napi::Env env, Napi::Object exports) {
  void* block = nullptr;
  napi_value buffer;
  napi_ref reference;
  if (napi_create_arraybuffer(env, sizeof(SmallBlock), &block, &buffer) != napi_ok ||
      napi_create_reference(env, buffer, 1, &reference) != napi_ok) {
    return;
  }
  memset(block, 0, sizeof(SmallBlock));
  napi_add_env_cleanup_hook(env, EndOfEnvironment, new Keeper{env, reference});
  napi_set_named_property(env, exports, "small", buffer);
  AddFunction(env, exports, "sendSmall", SendSmall, block);
  AddFunction(env, exports, "recvSmall", RecvSmall, block);
}

}  // namespace sockkit::napi
