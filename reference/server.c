// SPDX-License-Identifier: MIT
//
// A TCP server that prints whatever its clients send: ./server PORT
//
// What one client sends until it closes its sending side is a message. Clients are served at the
// same time, a thread for each, and every message is printed to standard output in one piece, byte
// for byte, with nothing added. The server runs until a signal (Ctrl-C) ends it.
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_LENGTH 10
#define CHUNK_SIZE 2048

// A message is bytes and a count, not a C string: it may contain zero bytes, so strlen() would stop
// too early, and nothing that recv() delivers ends in one, so strlen() would also run too far.
struct message {
  char* bytes;
  size_t length;
  size_t capacity;
};

// Whoever holds this may write to standard output. Without it two threads that print long messages
// at the same time would mix them.
static pthread_mutex_t stdout_lock = PTHREAD_MUTEX_INITIALIZER;

// atoi() would take "80abc", " 80" and "-1"; a port is decimal digits and nothing else.
// Returns -1 if the text is not a port.
static int parse_port(const char* text) {
  int port = 0;
  if (*text == '\0') return -1;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return -1;
    port = port * 10 + (*text - '0');
    if (port > 65535) return -1;
  }
  return port == 0 ? -1 : port;
}

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

// Were standard output closed (`>&-` in a shell), the listener would get its number, and the server
// would print into that.
static void fill_standard_descriptors(void) {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd >= 0) close(fd);
}

static void pause_for_a_moment(void) {
  struct timespec tenth = {.tv_sec = 0, .tv_nsec = 100 * 1000 * 1000};
  nanosleep(&tenth, NULL);
}

// Returns 0, or -1 when there is no memory. Doubling the room makes the copying that realloc() may
// have to do proportional to the message, instead of to its square. A piece is at most CHUNK_SIZE
// long, so that doubling once is always enough.
static int append(struct message* message, const char* bytes, size_t length) {
  if (message->capacity - message->length < length) {
    size_t capacity = message->capacity == 0 ? CHUNK_SIZE : message->capacity * 2;
    char* grown = realloc(message->bytes, capacity);
    if (grown == NULL) return -1;  // The old block is still ours.
    message->bytes = grown;
    message->capacity = capacity;
  }
  memcpy(message->bytes + message->length, bytes, length);
  message->length += length;
  return 0;
}

// Reads until the client closes its sending side. TCP carries a stream of bytes: one send() over
// there can arrive here in several pieces, and several can arrive as one, so only the end of the
// stream (recv() returning 0) tells that the message is complete.
static void receive_message(int client, struct message* message) {
  char chunk[CHUNK_SIZE];
  for (;;) {
    ssize_t received = recv(client, chunk, sizeof chunk, 0);
    if (received == 0) return;
    if (received < 0) {
      if (errno == EINTR) continue;
      perror("recv");  // A reset, for instance. What had arrived until then is still printed.
      return;
    }
    if (append(message, chunk, (size_t)received) < 0) {
      perror("realloc");
      return;
    }
  }
}

// write() may take fewer bytes than it is offered, above all when the output is a pipe, so it is
// called until everything has been taken.
static void print_message(const struct message* message) {
  size_t written = 0;
  pthread_mutex_lock(&stdout_lock);
  while (written < message->length) {
    ssize_t count = write(STDOUT_FILENO, message->bytes + written, message->length - written);
    if (count < 0) {
      if (errno == EINTR) continue;
      die("write");  // Nothing can be printed any more, so there is nothing left to serve for.
    }
    written += (size_t)count;
  }
  pthread_mutex_unlock(&stdout_lock);
}

// One client from beginning to end; this is what each thread runs. The lock is taken only once the
// whole message is here, so a client that falls silent in the middle of its own holds up nobody.
static void* serve_client(void* argument) {
  int client = (int)(intptr_t)argument;
  struct message message = {0};
  receive_message(client, &message);
  print_message(&message);
  free(message.bytes);
  close(client);
  return NULL;
}

static int open_listener(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) die("socket");

  // Without this a server that is started again soon after it ended cannot have its port back:
  // connections of its former life keep the port busy for a minute (TIME_WAIT).
  int yes = 1;
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0) die("setsockopt");

  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);  // On all interfaces, IPv4 only.
  address.sin_port = htons((uint16_t)port);     // Network byte order.
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0) die("bind");
  if (listen(listener, QUEUE_LENGTH) < 0) die("listen");
  return listener;
}

static int accept_client(int listener) {
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client >= 0) return client;
    switch (errno) {
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
      case EOPNOTSUPP:
        die("accept");  // The listener itself is broken.
        break;
      case EINTR:
      case ECONNABORTED:
        break;  // That client has gone already; the next one please.
      default:
        // Out of descriptors or of memory (EMFILE, ENOBUFS ...) or the network's trouble. The
        // client stays in the queue, and trying again at once would only heat the processor.
        perror("accept");
        pause_for_a_moment();
    }
  }
}

int main(int argc, char* argv[]) {
  int port = argc == 2 ? parse_port(argv[1]) : -1;
  if (port < 0) {
    fprintf(stderr, "usage: %s PORT (1 to 65535)\n", argv[0]);
    return EXIT_FAILURE;
  }

  fill_standard_descriptors();
  // Writing to a closed pipe would kill the server without a word. Ignored, write() fails instead.
  signal(SIGPIPE, SIG_IGN);

  // Nobody will call pthread_join() for these threads. A detached thread gives back its stack by
  // itself when it ends; otherwise each client would leave one behind.
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);

  int listener = open_listener(port);
  for (;;) {
    int client = accept_client(listener);
    pthread_t thread;
    // The number itself travels in the pointer. A pointer to `client` would not do: the next
    // accept() may change the variable before the new thread has looked at it.
    int error;
    while ((error = pthread_create(&thread, &detached, serve_client, (void*)(intptr_t)client))) {
      fprintf(stderr, "pthread_create: %s\n", strerror(error));  // It does not set errno.
      pause_for_a_moment();
    }
  }
}
