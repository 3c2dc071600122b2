#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures connections. Usage: flows.py HOST PORT send|turns|connects   prints a number

  send      million bytes in a second, one way
  turns     microseconds for one byte, there and back
  connects  connections in a second, one after another

In tests/bench/run, Server is the other end.
"""
import socket
import sys
import threading
import time

PIECE, TOTAL, TURNS, CONNECTS = 1 << 18, 1 << 28, 2000, 500


class Server:
    """Listens on a port of 127.0.0.1. The first byte of a connection says what to do: sink or echo."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    @staticmethod
    def serve(connection):
        buffer = bytearray(PIECE)
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            kind = connection.recv(1)
            while n := connection.recv_into(buffer):
                if kind == b"e":
                    connection.sendall(buffer[:n])
            connection.sendall(b"end")


def connect(address, kind):
    connection = socket.create_connection(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(kind)
    return connection


def send(address):
    data = bytes(PIECE)
    with connect(address, b"s") as c:
        begin = time.perf_counter()
        for _ in range(TOTAL // PIECE):
            c.sendall(data)
        c.shutdown(socket.SHUT_WR)
        c.recv(3)
        return TOTAL / (time.perf_counter() - begin) / 1e6


def turns(address):
    with connect(address, b"e") as c:
        begin = time.perf_counter()
        for _ in range(TURNS):
            c.sendall(b"x")
            c.recv(1)
        return (time.perf_counter() - begin) / TURNS * 1e6


def connects(address):
    begin = time.perf_counter()
    for _ in range(CONNECTS):
        with connect(address, b"s") as c:
            c.shutdown(socket.SHUT_WR)
            c.recv(3)
    return CONNECTS / (time.perf_counter() - begin)


if __name__ == "__main__":
    print({"send": send, "turns": turns, "connects": connects}[sys.argv[3]]((sys.argv[1], int(sys.argv[2]))))
