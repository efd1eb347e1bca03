// SPDX-License-Identifier: MIT
//
// A stopwatch for a transfer between two programs that it knows nothing about.
//
//   watch-transfer BYTES 3< input 4> output
//
// Descriptor 3 shares its file position with the client's standard input: the clock starts when
// that has moved, which is when the client has read its first chunk. Descriptor 4 is the file that
// the server writes: the clock stops when it is BYTES long. Looks every half millisecond; a look is
// two cheap system calls. Prints the seconds.
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void wait_a_little(void) {
  struct timespec pause = {.tv_sec = 0, .tv_nsec = 500 * 1000};
  nanosleep(&pause, NULL);
}

static off_t size_of_output(void) {
  struct stat status;
  if (fstat(4, &status) < 0) {
    perror("fstat");
    exit(EXIT_FAILURE);
  }
  return status.st_size;
}

int main(int argc, char* argv[]) {
  off_t bytes = argc == 2 ? (off_t)atoll(argv[1]) : 0;
  if (bytes <= 0 || lseek(3, 0, SEEK_CUR) != 0 || size_of_output() != 0) {
    fprintf(stderr, "usage: %s BYTES 3< input 4> output, both at their beginning\n", argv[0]);
    return EXIT_FAILURE;
  }
  puts("ready");
  fflush(stdout);
  while (lseek(3, 0, SEEK_CUR) == 0) wait_a_little();
  double began = now();
  while (size_of_output() < bytes) wait_a_little();
  printf("%.6f\n", now() - began);
  return EXIT_SUCCESS;
}
