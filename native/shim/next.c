// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <stdlib.h>

#include "native/shim/shim.h"

// Several threads may look the same name up at once; they find the same.
void* shim_next(void** slot, const char* name) {
  void* found = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (found == NULL) {
    found = dlsym(RTLD_NEXT, name);
    // The program was linked against this function, so it is there; without it nothing goes on.
    if (found == NULL) abort();
    __atomic_store_n(slot, found, __ATOMIC_RELEASE);
  }
  return found;
}
