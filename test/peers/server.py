"""A TCP server that prints whole messages: server.py PORT

What a client sends until it shuts down its sending side is a message. A thread serves each client,
and a message is printed to standard output, in one piece, when all of it is there.
"""

import os
import signal
import socket
import sys
import threading

CHUNK_SIZE = 2048
stdout_lock = threading.Lock()


def receive_message(client):
    message = bytearray()
    try:
        while chunk := client.recv(CHUNK_SIZE):
            message += chunk
    except OSError as error:  # A reset: what had arrived is still printed.
        print(f"recv: {error}", file=sys.stderr)
    return message


def serve(client):
    with client:
        message = receive_message(client)
        try:
            with stdout_lock:
                sys.stdout.buffer.write(message)
                sys.stdout.buffer.flush()
        except OSError as error:
            print(f"write: {error}", file=sys.stderr, flush=True)
            os._exit(1)  # sys.exit() would end this thread only.


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal() or not 0 < int(sys.argv[1]) < 65536:
        print("usage: server.py PORT", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ends at once, without a traceback.

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", int(sys.argv[1])))
            listener.listen(10)
        except OSError as error:
            print(f"bind: {error}", file=sys.stderr)
            return 1
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
