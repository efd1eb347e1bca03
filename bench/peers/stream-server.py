"""A thread for each connection, each chunk written to standard output as it comes.

stream-server.py PORT CHUNK_SIZE
"""

import socket
import sys
import threading


def serve(client, chunk_size, output):
    with client:
        while chunk := client.recv(chunk_size):
            output.write(chunk)


def main():
    port, chunk_size = int(sys.argv[1]), int(sys.argv[2])
    output = open(1, "wb", buffering=0, closefd=False)
    with socket.create_server(("", port), backlog=10) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, chunk_size, output), daemon=True).start()


main()
