// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "native/shim/shim.h"

#define DEFAULT_LIMIT (8u << 20)

static const char* const names[SHIM_FAULTS] = {
    "send-bytes", "send-eintr",  "send-eagain",  "recv-bytes",
    "recv-eintr", "recv-eagain", "accept-eintr", "wait-eintr",
};

static size_t settings[SHIM_FAULTS];
static uint64_t calls[SHIM_FAULTS];
static uint64_t log_limit;
static const char* log_path;
static char log_path_copy[4096];
static int ready;

static void read_faults(const char* text) {
  while (text != NULL && *text != '\0') {
    for (int i = 0; i < SHIM_FAULTS; i++) {
      const size_t length = strlen(names[i]);
      if (strncmp(text, names[i], length) == 0 && text[length] == '=') {
        settings[i] = (size_t)strtoull(text + length + 1, NULL, 10);
      }
    }
    text = strchr(text, ',');
    if (text != NULL) text++;
  }
}

// The first call may come before this library's constructor, from the constructor of another.
// Should two threads come at once, both store the same.
static void set_up(void) {
  if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) return;
  read_faults(getenv("SOCKCHECK_SHIM_FAULTS"));
  // To fail every time would be a loop without end for a program that does it right.
  const enum shim_fault failures[] = {SEND_EINTR,  SEND_EAGAIN,  RECV_EINTR,
                                      RECV_EAGAIN, ACCEPT_EINTR, WAIT_EINTR};
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    if (settings[failures[i]] == 1) settings[failures[i]] = 2;
  }
  const char* limit = getenv("SOCKCHECK_SHIM_LIMIT");
  log_limit = limit != NULL ? strtoull(limit, NULL, 10) : DEFAULT_LIMIT;
  const char* path = getenv("SOCKCHECK_SHIM_LOG");
  // A copy, because a program may change its environment.
  if (path != NULL && *path != '\0' && strlen(path) < sizeof log_path_copy) {
    memcpy(log_path_copy, path, strlen(path) + 1);
    log_path = log_path_copy;
  }
  __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
}

size_t shim_setting(enum shim_fault fault) {
  set_up();
  return settings[fault];
}

int shim_due(enum shim_fault fault) {
  const size_t every = shim_setting(fault);
  return every > 0 && __atomic_fetch_add(&calls[fault], 1, __ATOMIC_RELAXED) % every == 0;
}

const char* shim_log_path(void) {
  set_up();
  return log_path;
}

uint64_t shim_log_limit(void) {
  set_up();
  return log_limit;
}
