#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures connections. Usage: flows.py HOST PORT WHAT [TIMES]   prints a number

  send      million bytes in a second, one way; TIMES as many
  both      the same, both ways at once: the sum of both
  nothing   0: what a connection costs without bytes
  turns     microseconds for one byte, there and back
  connects  connections in a second, one after another

FLOWS_CONGESTION names the congestion control of its connections (tcp(7)), if not the host's.

In tests/bench/run, Server is the other end.
"""
import os
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
        buffer = memoryview(bytearray(PIECE))
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
    if congestion := os.environ.get("FLOWS_CONGESTION"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
    connection.sendall(kind)
    return connection


def put(c, times):
    data = bytes(PIECE)
    for _ in range(TOTAL // PIECE * times):
        c.sendall(data)
    c.shutdown(socket.SHUT_WR)


def send(address, times=1):
    with connect(address, b"s") as c:
        begin = time.perf_counter()
        put(c, times)
        c.recv(3)
        return TOTAL * times / (time.perf_counter() - begin) / 1e6


def both(address):
    buffer = bytearray(PIECE)
    with connect(address, b"e") as c:
        begin = time.perf_counter()
        threading.Thread(target=put, args=(c, 1)).start()
        while c.recv_into(buffer):
            pass
        return 2 * TOTAL / (time.perf_counter() - begin) / 1e6


def nothing(address):
    with connect(address, b"s") as c:
        c.shutdown(socket.SHUT_WR)
        c.recv(3)
    return 0


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
    what = {"send": send, "both": both, "turns": turns, "connects": connects, "nothing": nothing}[sys.argv[3]]
    print(what((sys.argv[1], int(sys.argv[2])), *map(int, sys.argv[4:])))
