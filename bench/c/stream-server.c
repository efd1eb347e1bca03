// SPDX-License-Identifier: MIT
//
// The C program that throughput is measured against: a thread for each connection, a 64 KiB buffer,
// each chunk written to standard output as it comes, no lock.
//
//   stream-server PORT
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static void write_all(const char* bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(STDOUT_FILENO, bytes, length);
    if (count < 0) {
      if (errno == EINTR) continue;
      die("write");
    }
    bytes += count;
    length -= (size_t)count;
  }
}

static void* serve(void* argument) {
  int client = (int)(intptr_t)argument;
  char chunk[CHUNK_SIZE];
  ssize_t count;
  while ((count = recv(client, chunk, sizeof chunk, 0)) != 0) {
    if (count < 0) {
      if (errno == EINTR) continue;
      perror("recv");
      break;
    }
    write_all(chunk, (size_t)count);
  }
  close(client);
  return NULL;
}

int main(int argc, char* argv[]) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s PORT\n", argv[0]);
    return EXIT_FAILURE;
  }
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) die("socket");
  int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons((uint16_t)atoi(argv[1]));
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 10) < 0) die("listen");
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      die("accept");
    }
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, serve, (void*)(intptr_t)client))) {
      die("pthread_create");
    }
    pthread_detach(thread);
  }
}
