#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mounts a file system of a program that stops answering: fuse(4). Usage: fuse.py PLACE MODE

It holds a directory "x", and answers each request, except
  unread: none; it does not even read them, so that SIGKILL can end who waits
  read:   none, but it reads them: then nothing can end who waits
  inside: those of processes in a pid namespace, which it reads
"""
import ctypes
import os
import struct
import sys
import time

place, mode = sys.argv[1:]
fuse = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
if ctypes.CDLL(None).mount(b"hang", place.encode(), b"fuse", 0, options.encode()) < 0:
    sys.exit("cannot mount")
attributes = struct.pack("6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
answers = {
    1: struct.pack("4Q2I", 2, 0, 0, 0, 0, 0) + attributes,  # LOOKUP
    3: struct.pack("Q2I", 0, 0, 0) + attributes,            # GETATTR
    26: struct.pack("7I", 7, 31, 0, 0, 0, 4096, 1).ljust(64, b"\0"),  # INIT
    34: b"",  # ACCESS
}
silent = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET


def is_inside(pid):
    with open(f"/proc/{pid}/status") as file:
        return any(line.startswith("NSpid:") and len(line.split()) > 2 for line in file)


def read():
    request = os.read(fuse, 1 << 20)
    _, kind, number, _, _, _, pid = struct.unpack_from("2I2Q3I", request)
    return kind, number, pid


def answer(kind, number):
    body = answers.get(kind, b"")
    os.write(fuse, struct.pack("IiQ", 16 + len(body), 0 if kind in answers else -38, number) + body)


answer(*read()[:2])
print("mounted", flush=True)
while mode != "unread":
    kind, number, pid = read()
    if kind in silent:
        continue
    if mode == "read" or is_inside(pid):
        print("hangs", flush=True)
    else:
        answer(kind, number)
time.sleep(1000)
