#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Puts a process into a running instance that differs from the others in the ways that are named, as a broken isorun
would start it, prints its pid, and waits. Usage: rogue.py PID CGROUP [WAY...]

PID is a process of the instance, CGROUP the directory of its cgroup. Ways: capability, bounding, inheritable, ambient (a
capability in these sets), no-filter, may-gain-privileges, host-NAMESPACE (such as host-net), own-users, group, core.
Without a way, the process is as confined as the others, but its filter allows
everything.
"""
import ctypes
import os
import resource
import signal
import struct
import sys

import calls

target, cgroup, ways = int(sys.argv[1]), sys.argv[2], set(sys.argv[3:])
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 22, 24, 15, 38, 47
CLONE_NEWUSER = 0x10000000
CAP_CHOWN, CAP_SETPCAP = 0, 8


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def prctl(option, *arguments):
    check(libc.prctl(option, *[ctypes.c_ulong(a) for a in arguments], *[ctypes.c_ulong(0)] * (4 - len(arguments))))


def load_filter():
    allow = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    code = ctypes.create_string_buffer(allow)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(program))


def set_capabilities(effective, permitted, inheritable):
    header = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0))
    data = ctypes.create_string_buffer(struct.pack("6I", effective, permitted, inheritable, 0, 0, 0))
    check(libc.syscall(calls.number("capset"), header, data))


def keep_capabilities():
    mask = 1 << CAP_CHOWN
    kept = {s: mask if s in ways else 0 for s in ("capability", "bounding", "inheritable", "ambient")}
    set_capabilities(1 << CAP_SETPCAP, 1 << CAP_SETPCAP | mask, kept["inheritable"] | kept["ambient"])
    for capability in range(64):
        if not (kept["capability"] | kept["bounding"]) & 1 << capability and \
                libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break
    if kept["ambient"]:
        prctl(PR_CAP_AMBIENT, 2, CAP_CHOWN)
    set_capabilities(kept["capability"], kept["capability"] | kept["ambient"], kept["inheritable"] | kept["ambient"])


def get_limits():
    limits = {n: resource.prlimit(target, n) for n in (resource.RLIMIT_CORE, resource.RLIMIT_SIGPENDING,
                                                       resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK)}
    return {n: l for n, l in limits.items() if not (n == resource.RLIMIT_CORE and "core" in ways)}


def become(go, limits):
    os.setgroups([7] if "group" in ways else [])
    for number, limit in limits.items():
        resource.setrlimit(number, limit)
    if "own-users" in ways:
        check(libc.unshare(CLONE_NEWUSER))
    os.write(go[1], b"u")
    os.read(go[0], 1)
    name = ctypes.create_string_buffer(b"\x1b[31mrogue")
    prctl(PR_SET_NAME, ctypes.addressof(name))
    if "no-filter" not in ways:
        load_filter()
    keep_capabilities()
    if "may-gain-privileges" not in ways:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    os.write(go[1], b"r")
    while True:
        signal.pause()


def main():
    namespaces = {n: os.open(f"/proc/{target}/ns/{n}", os.O_RDONLY | os.O_CLOEXEC)
                  for n in ("user", "ipc", "net", "uts", "cgroup", "pid", "mnt")}
    own = {n: os.readlink(f"/proc/self/ns/{n}") for n in namespaces}
    proc, procs = os.open("/proc", os.O_PATH), os.open(f"{cgroup}/cgroup.procs", os.O_WRONLY)
    for name, fd in namespaces.items():
        if f"host-{name}" not in ways and os.readlink(f"/proc/self/fd/{fd}") != own[name]:
            check(libc.setns(fd, 0))
    limits, to_parent, to_child = get_limits(), os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(to_parent[0])
        become((to_child[0], to_parent[1]), limits)
    os.close(to_parent[1])
    os.read(to_parent[0], 1)
    os.write(procs, str(child).encode())
    if "own-users" in ways:
        for file in ("uid_map", "gid_map"):
            fd = os.open(f"{child}/{file}", os.O_WRONLY, dir_fd=proc)
            os.write(fd, b"0 0 1")
            os.close(fd)
    os.write(to_child[1], b"g")
    if os.read(to_parent[0], 1):
        print(child, flush=True)
    os.waitpid(child, 0)


main()
