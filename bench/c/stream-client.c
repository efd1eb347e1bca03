// SPDX-License-Identifier: MIT
//
// The client of stream-server.c: sends in chunks of 64 KiB, shuts down its sending side, and waits
// for the server to close.
//
//   stream-client ADDRESS PORT < input
//   stream-client ADDRESS PORT --bytes N     zeros of its own making, with no input to read
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static void send_all(int server, const char* bytes, size_t length) {
  while (length > 0) {
    ssize_t count = send(server, bytes, length, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      die("send");
    }
    bytes += count;
    length -= (size_t)count;
  }
}

static void send_input(int server) {
  static char chunk[CHUNK_SIZE];
  ssize_t count;
  while ((count = read(STDIN_FILENO, chunk, sizeof chunk)) != 0) {
    if (count < 0) {
      if (errno == EINTR) continue;
      die("read");
    }
    send_all(server, chunk, (size_t)count);
  }
}

static void send_zeros(int server, unsigned long long bytes) {
  static const char zeros[CHUNK_SIZE];
  while (bytes > 0) {
    size_t length = bytes < sizeof zeros ? (size_t)bytes : sizeof zeros;
    send_all(server, zeros, length);
    bytes -= length;
  }
}

int main(int argc, char* argv[]) {
  int generate = argc == 5 && strcmp(argv[3], "--bytes") == 0;
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  if ((argc != 3 && !generate) || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
    fprintf(stderr, "usage: %s IPV4-ADDRESS PORT [--bytes N]\n", argv[0]);
    return EXIT_FAILURE;
  }
  address.sin_port = htons((uint16_t)atoi(argv[2]));
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (server < 0) die("socket");
  if (connect(server, (struct sockaddr*)&address, sizeof address) < 0) die("connect");
  if (generate) {
    send_zeros(server, strtoull(argv[4], NULL, 10));
  } else {
    send_input(server);
  }
  if (shutdown(server, SHUT_WR) < 0) die("shutdown");
  char ignored[64];
  ssize_t count;
  while ((count = recv(server, ignored, sizeof ignored, 0)) != 0) {
    if (count < 0 && errno != EINTR) die("recv");
  }
  return EXIT_SUCCESS;
}
