// SPDX-License-Identifier: MIT
//
// A load generator: N connections one after another, K of them in flight. Each sends one message,
// shuts down its sending side, and waits for the server to close, which is how it knows that the
// message was served. One thread, and poll() over the K descriptors: the fewest system calls for a
// connection that also a plain client would make (socket, connect, send, shutdown, recv, close), so
// that the server and not this program sets the pace.
//
//   connections IPV4-ADDRESS PORT N K
//
// Prints one line of JSON: connections, seconds, connectionsPerSecond, and cpuSeconds, the
// processor time of this program.
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_IN_FLIGHT 256

static const char message[] = "hello world\n";  // 12 bytes.

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Blocks only if the server's queue is full: on loopback the handshake is over when connect()
// returns, and twelve bytes always fit.
static int start(const struct sockaddr_in* server) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  if (connect(fd, (const struct sockaddr*)server, sizeof *server) < 0) die("connect");
  if (send(fd, message, sizeof message - 1, MSG_NOSIGNAL) != sizeof message - 1) die("send");
  if (shutdown(fd, SHUT_WR) < 0) die("shutdown");
  return fd;
}

static void finish(int fd) {
  char byte;
  ssize_t count = recv(fd, &byte, 1, 0);
  if (count < 0) die("recv");
  if (count > 0) {
    fprintf(stderr, "connections: the server sent something\n");
    exit(EXIT_FAILURE);
  }
  close(fd);
}

int main(int argc, char* argv[]) {
  struct sockaddr_in server = {0};
  server.sin_family = AF_INET;
  long total = argc == 5 ? atol(argv[3]) : 0;
  int in_flight = argc == 5 ? atoi(argv[4]) : 0;
  if (argc != 5 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || total < 1 ||
      in_flight < 1 || in_flight > MOST_IN_FLIGHT) {
    fprintf(stderr, "usage: %s IPV4-ADDRESS PORT N K (K up to %d)\n", argv[0], MOST_IN_FLIGHT);
    return EXIT_FAILURE;
  }
  server.sin_port = htons((uint16_t)atoi(argv[2]));

  struct pollfd open[MOST_IN_FLIGHT];
  int count = 0;
  long started = 0, finished = 0;
  double began = seconds(CLOCK_MONOTONIC);
  while (finished < total) {
    while (count < in_flight && started < total) {
      open[count++] = (struct pollfd){.fd = start(&server), .events = POLLIN};
      started++;
    }
    if (poll(open, (nfds_t)count, -1) < 0) {
      if (errno == EINTR) continue;
      die("poll");
    }
    for (int i = count - 1; i >= 0; i--) {
      if (open[i].revents == 0) continue;
      finish(open[i].fd);
      finished++;
      open[i] = open[--count];
    }
  }
  double took = seconds(CLOCK_MONOTONIC) - began;
  printf(
      "{\"connections\": %ld, \"seconds\": %.6f, \"connectionsPerSecond\": %.1f, "
      "\"cpuSeconds\": %.6f}\n",
      finished, took, (double)finished / took, seconds(CLOCK_PROCESS_CPUTIME_ID));
  return EXIT_SUCCESS;
}
