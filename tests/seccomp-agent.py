#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent for filters with SCMP_ACT_NOTIFY. Usage: seccomp-agent.py SOCKET

Accepts one connection after the other, and prints a line of what it got: the keys of the containerProcessState, the
metadata, the container and whether the pid is a process. It answers mkdir(2) with the errno 78, and lets other calls
go on.
"""
import array
import fcntl
import json
import os
import select
import socket
import struct
import sys
import threading

RECEIVE, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
MKDIR = (83, 258) if os.uname().machine == "x86_64" else (34,)  # mkdir, mkdirat


def answer(listener):
    ready = select.poll()
    ready.register(listener, select.POLLIN)
    while not ready.poll()[0][1] & select.POLLHUP:
        request = array.array("B", bytes(80))
        try:
            fcntl.ioctl(listener, RECEIVE, request)
            number, call = struct.unpack_from("=Q8xi", request)
            error = -78 if call in MKDIR else 0
            fcntl.ioctl(listener, SEND, struct.pack("=QqiI", number, 0, error, 0 if error else CONTINUE))
        except FileNotFoundError:  # the process is gone
            continue
        except OSError:
            return


def main():
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    print("listens", flush=True)
    while True:
        connection, _ = server.accept()
        text, fds, _, _ = socket.recv_fds(connection, 65536, 2)
        connection.close()
        state = json.loads(text)
        inner = state["state"]
        print(*sorted(state), state["fds"], state.get("metadata"), inner["id"], inner["status"],
              os.path.exists(f"/proc/{state['pid']}"), len(fds), flush=True)
        threading.Thread(target=answer, args=(fds[0],), daemon=True).start()


main()
