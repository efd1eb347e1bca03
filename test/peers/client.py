"""A TCP client that sends its standard input: client.py HOST PORT < message

Waits until the server closes the connection, so that exit status 0 means that it has read it all.
"""

import signal
import socket
import sys

CHUNK_SIZE = 2048


def main():
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal() or not 0 < int(sys.argv[2]) < 65536:
        print("usage: client.py HOST PORT", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ends at once, without a traceback.

    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:
            # read1() returns what there is; read() would wait until the chunk is full.
            while chunk := sys.stdin.buffer.read1(CHUNK_SIZE):
                server.sendall(chunk)
            server.shutdown(socket.SHUT_WR)
            while server.recv(CHUNK_SIZE):
                pass
    except OSError as error:
        print(f"client.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
