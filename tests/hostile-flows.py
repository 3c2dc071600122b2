#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A payload that does with its connections, at random, whatever may harm who carries them. Usage: hostile-flows.py SEED TIMES

The peers are those of the suite flows-verbs. Afterwards it says "done", waits for a line, says "answered" when a peer has sent something back, and waits for another.
"""
import os
import random
import socket
import struct
import sys
import time

KEPT_MAX = 300
kept = []


def address():
    return "127.0.0.1" if random.random() < 0.3 else f"198.18.0.{random.randrange(1, 12)}"


def begin(s):
    s.setblocking(False)
    s.connect_ex((address(), random.choice((5, 7, 81, 9301))))
    return s


def send_much(s):
    begin(s).send(os.urandom(random.randrange(1, 100000)))


def send_urgent(s):
    begin(s).send(b"ab")
    s.send(b"!", socket.MSG_OOB)
    s.send(b"c" * random.randrange(3))


def end_half(s):
    begin(s).shutdown(socket.SHUT_WR)


def end_urgent(s):
    begin(s).send(b"!", socket.MSG_OOB)
    s.shutdown(socket.SHUT_WR)


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    begin(s).close()


def reset_later(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    begin(s).send(bytes(200000))


def question():
    name = bytes(random.choices(b"abcdefghij", k=2))
    return b"ab\1\0\0\1\0\0\0\0\0\0\2" + name + b"\3pat\4test\0\0\1\0\1"


def ask_in_pieces(s):
    """Ends in the middle of a question, as a rule."""
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 53))
    message = struct.pack(">H", len(question())) + question()
    s.send((message * random.randrange(1, 50))[:random.randrange(1, 900)])


def send_datagrams(_):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    kept.append(s)
    for _ in range(3):
        s.sendto(os.urandom(random.choice((0, 1, 1400, 2047, 2049, 9000))), (address(), random.choice((5, 123))))


def ask_much(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        for _ in range(20):
            s.sendto(random.choice((question(), os.urandom(random.randrange(600)))), ("127.0.0.1", 53))


def attempt(f, *args):
    try:
        return f(*args)
    except OSError:
        return None


def still_answered():
    with socket.create_connection(("localhost", 9301), 10) as s:
        s.sendall(b"echo\nx")
        return s.recv(1) == b"x"


ways = (begin, send_much, send_urgent, end_half, end_urgent, reset, reset_later, ask_in_pieces, send_datagrams, ask_much)
random.seed(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    kept.append(socket.socket())
    attempt(random.choice(ways), kept[-1])
    while len(kept) > KEPT_MAX:
        with kept.pop(random.randrange(len(kept))) as old:
            attempt(old.recv, random.choice((1, 100000)), socket.MSG_DONTWAIT)
for s in kept:
    s.close()
print("done", flush=True)
sys.stdin.readline()
while not attempt(still_answered): # connections that were closed here may not have ended outside
    time.sleep(0.1)
print("answered", flush=True)
sys.stdin.readline()
