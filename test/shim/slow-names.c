// SPDX-License-Identifier: MIT
//
// Loaded before the C library: getaddrinfo() of "slow.test" takes until the file SLOW_NAMES_UNTIL
// is there, if ever. All other names are as they are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Lookup)(const char*, const char*, const struct addrinfo*, struct addrinfo**);

int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints,
                struct addrinfo** list) {
  Lookup real = (Lookup)dlsym(RTLD_NEXT, "getaddrinfo");
  if (host == NULL || strcmp(host, "slow.test") != 0) return real(host, service, hints, list);
  const char* until = getenv("SLOW_NAMES_UNTIL");
  while (until == NULL || access(until, F_OK) != 0) usleep(5000);
  return real("127.0.0.1", service, hints, list);
}
