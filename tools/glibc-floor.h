// SPDX-License-Identifier: MIT
//
// Included before every source of a prebuilt binary. glibc gave new versions to functions that it
// moved from one library into another (2.32, 2.34) or made functions of (fstat, 2.33); a binary
// that is linked on such a system then asks for that glibc, though nothing in it is that new. The
// old versions are still there, and are asked for here.
#pragma once

#include <features.h>

#ifdef __GLIBC__
#if defined(__x86_64__)
#define SOCKKIT_OLD(name, version) __asm__(".symver " #name "," #name "@GLIBC_" version)
#define SOCKKIT_STAT_VERSION 1
#elif defined(__aarch64__)
// Everything is as old as the first glibc of that processor.
#define SOCKKIT_OLD(name, version) __asm__(".symver " #name "," #name "@GLIBC_2.17")
#define SOCKKIT_STAT_VERSION 0
#endif
#ifdef SOCKKIT_OLD
#ifndef __cplusplus
// What is written in C is the library that sockcheck preloads, which defines pthread_create itself.
SOCKKIT_OLD(dlsym, "2.2.5");
#else
SOCKKIT_OLD(pthread_attr_setstacksize, "2.2.5");
SOCKKIT_OLD(pthread_condattr_setclock, "2.3.3");
SOCKKIT_OLD(pthread_create, "2.2.5");
SOCKKIT_OLD(pthread_detach, "2.2.5");
SOCKKIT_OLD(pthread_join, "2.2.5");
SOCKKIT_OLD(pthread_key_create, "2.2.5");
SOCKKIT_OLD(pthread_once, "2.2.5");
SOCKKIT_OLD(pthread_sigmask, "2.2.5");

#include <sys/stat.h>
extern "C" int __fxstat(int version, int fd, struct stat* status);
inline int SockkitFstat(int fd, struct stat* status) {
  return __fxstat(SOCKKIT_STAT_VERSION, fd, status);
}
#define fstat SockkitFstat

// The containers of newer libstdc++ call this (GLIBCXX 3.4.29) when asked for more elements than
// memory can have. Without exceptions the library's own ends the program just so.
#include <stdlib.h>
namespace std {
[[noreturn]] __attribute__((weak, visibility("hidden"))) void __throw_bad_array_new_length() {
  abort();
}
}  // namespace std
#endif
#undef SOCKKIT_OLD
#endif
#endif
