#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What network.c looks for. Usage: services.py ADDRESS:PORT...   It says "ready" when it listens.

At each address it greets. One that ends with :53 is that of a name server. It knows all names below tunnel.test, as one
of an adversary would, and those below rebind.test, whose address changes after the first answer; below
loopback.rebind.test, it is that of the loopback at once."""
import socket
import struct
import sys
import threading

asked = set()


def address_of(name):
    if name.endswith(".tunnel.test"):
        return "192.0.2.77"
    if not name.endswith(".rebind.test"):
        return None
    first = name not in asked and not name.endswith(".loopback.rebind.test")
    asked.add(name)
    return "11.22.33.44" if first else "127.0.0.1"


def answer(question):
    labels, position = [], 12
    while length := question[position]:
        labels.append(question[position + 1:position + 1 + length].decode())
        position += length + 1
    kind, = struct.unpack_from(">H", question, position + 1)
    name, record = ".".join(labels).lower(), b""
    known = name.endswith((".tunnel.test", ".rebind.test"))
    if known and kind == 1:
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address_of(name))
    head = question[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else 3), 1, bool(record), 0, 0)
    return head + question[12:position + 5] + record


def serve_names(s):
    while True:
        question, client = s.recvfrom(512)
        s.sendto(answer(question), client)


def greet(s):
    while True:
        with s.accept()[0] as c:
            c.sendall(b"host\n")


for place in sys.argv[1:]:
    host, port = place.rsplit(":", 1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if port == "53":
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((host, 53))
    else:
        s = socket.create_server((host, int(port)), family=family, backlog=64)
    threading.Thread(target=serve_names if port == "53" else greet, args=(s,)).start()
print("ready", flush=True)
