"""Sends standard input to a server in chunks: stream-client.py HOST PORT CHUNK_SIZE < input"""

import socket
import sys


def main():
    host, port, chunk_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    source = open(0, "rb", buffering=0, closefd=False)
    with socket.create_connection((host, port)) as server:
        while chunk := source.read(chunk_size):
            server.sendall(chunk)
        server.shutdown(socket.SHUT_WR)
        while server.recv(chunk_size):
            pass


main()
