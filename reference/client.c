// SPDX-License-Identifier: MIT
//
// A TCP client that sends its standard input to a server: ./client HOST PORT < message
//
// HOST is a name or an IP address. The input is read and sent chunk by chunk, so it may be larger
// than memory, and a line that is typed goes out at once. The exit status is 0 when the server has
// read everything and closed the connection.
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_SIZE 2048

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

// Were standard input closed (`<&-` in a shell), the connection would get its number, and the
// client would wait for its own message to come from there.
static void fill_standard_descriptors(void) {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd >= 0) close(fd);
}

// A port is decimal digits and nothing else; getaddrinfo() would take " 80" and "65536" as well.
static int is_port(const char* text) {
  int port = 0;
  if (*text == '\0') return 0;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return 0;
    port = port * 10 + (*text - '0');
    if (port > 65535) return 0;
  }
  return port > 0;
}

// A name can stand for several addresses, IPv6 and IPv4 for instance, and not all of them need to
// answer: each is tried in turn, and the last failure is the one that is reported.
static int connect_to(const char* host, const char* port) {
  struct addrinfo hints = {0};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  struct addrinfo* addresses;
  int error = getaddrinfo(host, port, &hints, &addresses);
  if (error != 0) {
    // This function has error numbers of its own, which perror() does not know.
    fprintf(stderr, "%s: %s\n", host, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    exit(EXIT_FAILURE);
  }

  int server = -1;
  const char* failed = "socket";
  for (struct addrinfo* a = addresses; a != NULL && server < 0; a = a->ai_next) {
    int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd < 0) {
      failed = "socket";
    } else if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
      server = fd;
    } else {
      int reason = errno;
      close(fd);  // A socket whose connect() failed is of no further use.
      errno = reason;
      failed = "connect";
    }
  }
  if (server < 0) die(failed);
  freeaddrinfo(addresses);
  return server;
}

static size_t read_chunk(char* chunk, size_t size) {
  for (;;) {
    ssize_t count = read(STDIN_FILENO, chunk, size);
    if (count >= 0) return (size_t)count;  // 0 is the end of the input.
    if (errno != EINTR) die("read");
  }
}

// send() may take only a part of what it is offered, when the socket's buffer is nearly full or a
// signal arrives: what is left over is offered again. The length comes from read() and never from
// strlen(): the input may contain zero bytes, and nothing in the buffer ends with one.
static void send_all(int server, const char* bytes, size_t length) {
  size_t sent = 0;
  while (sent < length) {
    // MSG_NOSIGNAL: if the server has gone, fail with EPIPE rather than die of SIGPIPE.
    ssize_t count = send(server, bytes + sent, length - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += (size_t)count;
    } else if (errno != EINTR) {
      die("send");
    }
  }
}

// A send() that succeeded has only copied the bytes into this machine's kernel; the server may not
// have them, nor ever get them. The proof is that it closes the connection in good order, which it
// does after it has read to the end. Anything that it says is read and thrown away. A reset instead
// of an end (ECONNRESET) means that something was lost.
static void wait_until_closed(int server) {
  char ignored[CHUNK_SIZE];
  for (;;) {
    ssize_t count = recv(server, ignored, sizeof ignored, 0);
    if (count == 0) return;
    if (count < 0 && errno != EINTR) die("recv");
  }
}

int main(int argc, char* argv[]) {
  if (argc != 3 || !is_port(argv[2])) {
    fprintf(stderr, "usage: %s HOST PORT (1 to 65535)\n", argv[0]);
    return EXIT_FAILURE;
  }
  fill_standard_descriptors();
  int server = connect_to(argv[1], argv[2]);

  char chunk[CHUNK_SIZE];
  size_t length;
  while ((length = read_chunk(chunk, sizeof chunk)) > 0) {
    send_all(server, chunk, length);
  }

  // Says "that was all" without giving up the connection: the server's recv() returns 0.
  if (shutdown(server, SHUT_WR) < 0) die("shutdown");
  wait_until_closed(server);
  close(server);
  return EXIT_SUCCESS;
}
