#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speaks to containerd's streams, as kubectl's exec, attach and port-forward do, by a websocket.

Usage: cri-stream.py URL [END [MESSAGE...]]

URL is what tests/cri.py prints for Exec, Attach and PortForward. A MESSAGE is a channel and a text to send there, such
as "0 hello\\n". Channel 0 is the standard input of the command, 4 the size of its terminal. Of a port, 0 is the data.
Prints what comes on channels 0 and 1; and on standard error what comes on others, after their numbers. Ends when
containerd closes the stream, or when a text that contains END has come. Until then it sends the messages each second:
what a container answers before containerd has attached the output is lost.
"""
import base64
import os
import socket
import struct
import sys
import threading
import time
from urllib.parse import urlsplit


def connected(url):
    url = urlsplit(url)
    server = socket.create_connection((url.hostname, url.port), timeout=120)
    server.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
                   f"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nOrigin: http://{url.netloc}\r\n\r\n".encode())
    stream = server.makefile("rb")
    status = stream.readline().decode().strip()
    while stream.readline().strip():
        pass
    if " 101 " not in status:
        sys.exit(f"{status} {stream.read().decode()}")
    return server, stream


def send(server, kind, data):
    """A frame whose mask is 0, so that the data is sent as it is."""
    length = struct.pack("!B", 128 | len(data)) if len(data) < 126 else struct.pack("!BH", 254, len(data))
    server.sendall(bytes([128 | kind]) + length + bytes(4) + data)


def frames(server, stream):
    while header := stream.read(2):
        length = header[1] & 127
        if length > 125:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        data = stream.read(length)
        if header[0] & 15 == 8:
            return
        if header[0] & 15 == 9:
            send(server, 10, data)
        elif data:
            yield data[0], data[1:].decode(errors="replace")


def send_messages(server, messages, again):
    while True:
        for message in messages:
            channel, _, text = message.partition(" ")
            send(server, 2, bytes([int(channel)]) + text.encode().decode("unicode_escape").encode())
        if not again:
            return
        time.sleep(1)


def main(url, end="", *messages):
    server, stream = connected(url)
    threading.Thread(target=send_messages, args=(server, messages, end), daemon=True).start()
    said = ""
    for channel, text in frames(server, stream):
        if channel > 1:
            print(channel, text, file=sys.stderr, flush=True)
            continue
        said += text
        print(text, end="", flush=True)
        if end and end in said:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
