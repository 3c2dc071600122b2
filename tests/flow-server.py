#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server for the suite flows. Usage: flow-server.py [ADDRESS:]PORT|PORT/udp|PORT/many|@NAME|SOCKET...   It says "ready" when it listens.

ADDRESS is 127.0.0.1, or one of IPv6 in brackets, where it listens for IPv6 alone. At PORT/many of 127.0.0.1, one thread
serves thousands of clients: it sends back what comes, but no first line "echo".

@NAME is an abstract Unix socket. At SOCKET.busy it listens with the smallest queue, and accepts five connections for each one at SOCKET.go.

The first line that a client sends says what to do:
  echo       send back everything until the client has ended, then "end" and the number of bytes
  who        say which user and group the client is (Unix sockets), or its address
  reset      end the connection with a reset
  early      answer although the client has sent more, and close
  slow       read nothing for a long time
  send N     send N bytes

Over UDP, it sends back the address of the client and the size of the datagram; for "other", from another port. A datagram
that begins with "echo" it sends back as it is.
"""
import os
import resource
import selectors
import socket
import struct
import sys
import threading


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def who(c):
    if c.family == socket.AF_UNIX:
        _, uid, gid = struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return f"{uid} {gid}\n"
    return c.getpeername()[0].removeprefix("::ffff:") + "\n"


def echo(c, f):
    n = 0
    while data := f.read1(65536):
        n += len(data)
        c.sendall(data)
    c.sendall(b"end %d\n" % n)


def serve(c):
    with c, c.makefile("rb") as f:
        try:
            header = f.peek(28)[:28]
            if header.startswith(b"\r\n\r\n\0\r\nQUIT\n"):
                c.sendall(f.read(28))
                f.readline()
            words = f.readline().decode(errors="replace").split() or ["nothing"]
            if words[0] == "echo":
                echo(c, f)
            elif words[0] == "who":
                c.sendall(who(c).encode())
            elif words[0] == "reset":
                reset(c)
            elif words[0] == "early":
                c.recv(1, socket.MSG_PEEK) # what is left unread makes close(2) a reset
                c.sendall(b"no" * 2000)
            elif words[0] == "slow":
                threading.Event().wait(600)
            elif words[0] == "send":
                for _ in range(int(words[1]) // 65536):
                    c.sendall(bytes(65536))
        except OSError:
            pass


def listen(place):
    if place[0] in "/@":
        s = socket.socket(socket.AF_UNIX)
        s.bind(place.replace("@", "\0"))
        if place[0] == "/":
            os.chmod(place, 0o666)
    elif place.endswith("/udp"):
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.bind(("::", int(place.removesuffix("/udp"))))
        return s
    elif place.endswith("/many"):
        s = socket.create_server(("127.0.0.1", int(place.removesuffix("/many"))))
    elif ":" in place:
        host, port = place.rsplit(":", 1)
        s = socket.create_server((host.strip("[]"), int(port)), family=socket.AF_INET6 if "[" in host else socket.AF_INET)
    else:
        s = socket.create_server(("::", int(place)), family=socket.AF_INET6, dualstack_ipv6=True)
    s.listen(0 if place.endswith(".busy") else 4096)
    return s


def answer_datagrams(s):
    with socket.socket(s.family, socket.SOCK_DGRAM) as other:
        while True:
            data, client = s.recvfrom(65536)
            answer = data if data.startswith(b"echo") else f"{client[0].removeprefix('::ffff:')} {len(data)}".encode()
            (other if data == b"other" else s).sendto(answer, client)


def serve_many(s):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with selectors.DefaultSelector() as all:
        all.register(s, selectors.EVENT_READ)
        while True:
            for key, _ in all.select():
                if key.fileobj is s:
                    all.register(s.accept()[0], selectors.EVENT_READ)
                    continue
                try:
                    data = key.fileobj.recv(65536)
                    key.fileobj.sendall(data.removeprefix(b"echo\n"))
                except OSError:
                    data = b""
                if not data:
                    all.unregister(key.fileobj)
                    key.fileobj.close()


def accept(s):
    while True:
        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()


def accept_five(busy, go):
    while True:
        with go.accept()[0]:
            for c in [busy.accept()[0] for _ in range(5)]:
                c.sendall(b"done")
                c.close()


sockets = [listen(place) for place in sys.argv[1:]]
for s, place in zip(sockets, sys.argv[1:]):
    target = answer_datagrams if s.type == socket.SOCK_DGRAM else serve_many if place.endswith("/many") else accept
    threading.Thread(target=target, args=(s,)).start()
if sys.argv[-1].startswith("/"):
    pair = [listen(sys.argv[-1] + end) for end in (".busy", ".go")]
    threading.Thread(target=accept_five, args=pair).start()
print("ready", flush=True)
