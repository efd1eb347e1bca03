// SPDX-License-Identifier: MIT
//
// A load generator: K connections, each of which sends a message of some bytes and waits for all of
// them to come back, again and again for some seconds. One thread and epoll, two system calls for
// each round trip and one more for each set of descriptors that are ready.
//
//   round-trips IPV4-ADDRESS PORT K BYTES SECONDS
//
// Prints one line of JSON: roundTrips, seconds, roundTripsPerSecond, and cpuSeconds, the processor
// time of this program. The first tenth of the time is not counted.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define MOST_CONNECTIONS 1024
#define MOST_BYTES 65536

static char message[MOST_BYTES];
static char answer[MOST_BYTES];

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int connected(const struct sockaddr_in* server) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  if (connect(fd, (const struct sockaddr*)server, sizeof *server) < 0) die("connect");
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) die("setsockopt");
  return fd;
}

static void ask(int fd, size_t bytes) {
  if (send(fd, message, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) die("send");
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  struct sockaddr_in server = {.sin_family = AF_INET};
  server.sin_port = htons((uint16_t)atoi(argv[2]));
  if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 2;
  int count = atoi(argv[3]);
  size_t bytes = (size_t)atoi(argv[4]);
  double duration = atof(argv[5]);
  if (count < 1 || count > MOST_CONNECTIONS || bytes < 1 || bytes > MOST_BYTES) return 2;
  memset(message, 'x', bytes);

  int epoll = epoll_create1(0);
  if (epoll < 0) die("epoll_create1");
  static size_t missing[MOST_CONNECTIONS];
  static int fds[MOST_CONNECTIONS];
  for (int i = 0; i < count; i++) {
    fds[i] = connected(&server);
    missing[i] = bytes;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) < 0) die("epoll_ctl");
  }
  for (int i = 0; i < count; i++) ask(fds[i], bytes);

  double begin = seconds(CLOCK_MONOTONIC) + duration / 10;
  double end = begin + duration * 9 / 10;
  long done = 0;
  long warm = 0;
  double counted = 0;
  double now = 0;
  while (now < end) {
    struct epoll_event events[MOST_CONNECTIONS];
    int ready = epoll_wait(epoll, events, count, 10000);
    if (ready < 0) die("epoll_wait");
    if (ready == 0) return fputs("nothing came back for 10 seconds\n", stderr), 1;
    now = seconds(CLOCK_MONOTONIC);
    if (counted == 0 && now >= begin) {
      counted = now;
      warm = done;
    }
    for (int j = 0; j < ready; j++) {
      uint32_t i = events[j].data.u32;
      ssize_t received = recv(fds[i], answer, missing[i], 0);
      if (received < 0) die("recv");
      if (received == 0) return fputs("a connection was closed\n", stderr), 1;
      missing[i] -= (size_t)received;
      if (missing[i] > 0) continue;
      done++;
      missing[i] = bytes;
      ask(fds[i], bytes);
    }
  }
  double took = now - counted;
  printf("{\"roundTrips\":%ld,\"seconds\":%.6f,\"roundTripsPerSecond\":%.1f,\"cpuSeconds\":%.6f}\n",
         done - warm, took, (double)(done - warm) / took, seconds(CLOCK_PROCESS_CPUTIME_ID));
  return 0;
}
