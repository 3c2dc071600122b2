#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A payload that is hostile to the process that watches it (isorun --why, --record). Usage: watched.py WAY DIRECTORY

DIRECTORY has "fixed/file", which cannot be written to. Each way does much, ends by itself, and prints what it got that
it must not have, or "nothing".
"""
import ctypes
import errno
import os
import signal
import sys
import threading

import calls

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_TRACEME = 0x4206, 0
CLONE_VM, CLONE_VFORK, CLONE_UNTRACED = 0x100, 0x4000, 0x800000


def fails(call, *arguments):
    """The errno of a system call, or None if it was allowed."""
    result = libc.syscall(ctypes.c_long(calls.number(call)), *(ctypes.c_long(a) for a in arguments))
    return ctypes.get_errno() if result < 0 else None


def many(directory):
    """A hundred thousand denials, of a call and of a path."""
    for _ in range(50000):
        if fails("mount", 0, 0, 0, 0, 0) != errno.EPERM or fails("rmdir", ctypes.addressof(path(directory))) is None:
            yield "a denied call"


def path(directory, keep=[]):  # the memory must stay
    if not keep:
        keep.append(ctypes.create_string_buffer(os.fsencode(f"{directory}/fixed/file")))
    return keep[0]


def race(directory):
    """One thread changes the path between /etc/passwd and a file of the directory, while others open it for writing."""
    good, bad = b"/tmp/mine".ljust(64, b"\0"), os.fsencode(f"{directory}/fixed/file").ljust(200, b"\0")
    shared = ctypes.create_string_buffer(256)
    done = threading.Event()
    open("/tmp/mine", "w", encoding="ascii").close()

    def change():
        while not done.is_set():
            ctypes.memmove(shared, bad, 200)
            ctypes.memmove(shared, good, 64)

    changer = threading.Thread(target=change)
    changer.start()
    got = []
    for _ in range(4000):
        fd = libc.open(shared, os.O_WRONLY)
        if fd >= 0:
            if os.readlink(f"/proc/self/fd/{fd}").startswith(directory):
                got.append("a read-only file")
            os.close(fd)
    done.set()
    changer.join()
    yield from got


def race_numbers(directory):
    """The arguments of a denied call change in memory; the kernel has a copy."""
    del directory
    for flags in (0x10000000, 0x20000, 0x10000000 | 0x800000):
        if fails("unshare", flags) is None:
            yield "a namespace"
        if fails("clone", flags | signal.SIGCHLD, 0, 0, 0, 0) is None:
            yield "a namespace, or a process without a tracer"


def die(directory):
    """Threads and processes that are killed in the middle of watched and denied calls."""
    for _ in range(150):
        pid = os.fork()
        if pid == 0:
            for _ in range(3):
                threading.Thread(target=lambda: [os.path.exists(f"{directory}/none") for _ in range(1000)],
                                 daemon=True).start()
            while True:
                fails("mount", 0, 0, 0, 0, 0)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return iter(())


def trace(directory):
    """It can be no tracer, and its children cannot ask for one."""
    del directory
    pid = os.fork()
    if pid == 0:
        os._exit(fails("ptrace", PTRACE_TRACEME, 0, 0, 0) is None)
    if fails("ptrace", PTRACE_SEIZE, pid, 0, 0) is None or os.waitpid(pid, 0)[1] != 0:
        yield "ptrace"
    watcher = int([l for l in open("/proc/self/status", encoding="ascii") if l.startswith("TracerPid")][0].split()[1])
    if watcher != 0:
        yield "the pid of its tracer"


def vforks(directory):
    """vfork(2) with a child that fails in denied calls, and executes."""
    for _ in range(50):
        if os.posix_spawn("/bin/sh", ["sh", "-c", f": >{directory}/fixed/file"], {}) and os.waitpid(-1, 0)[1] == 0:
            yield "a read-only file"


def rings(directory):
    """No ring of io_uring, under any number that it could have."""
    del directory
    ring = ctypes.create_string_buffer(256)
    if fails("io_uring_setup", 8, ctypes.addressof(ring)) != errno.ENOSYS:
        yield "a ring"


def bomb(directory):
    """Processes until there are no more, each of which is denied something."""
    children = []
    for _ in range(250):
        try:
            pid = os.fork()
        except OSError:
            break
        if pid == 0:
            ok = fails("mount", 0, 0, 0, 0, 0) == errno.EPERM and not os.access(f"{directory}/fixed", os.W_OK)
            signal.pause()
            os._exit(not ok)
        children.append(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return iter(())


def storm(directory):
    """Signals, stops and continuations while calls are watched."""
    target = os.getpid()
    signal.signal(signal.SIGUSR1, lambda *_: None)
    pid = os.fork()
    if pid == 0:
        for i in range(3000):
            os.kill(target, (signal.SIGUSR1, signal.SIGSTOP, signal.SIGCONT, signal.SIGCONT)[i % 4])
        os._exit(0)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if fails("mount", 0, 0, 0, 0, 0) != errno.EPERM:
            yield "a denied call"
        if libc.open(path(directory), os.O_WRONLY) >= 0:
            yield "a read-only file"
        os.kill(pid, signal.SIGCONT)


WAYS = {f.__name__: f for f in (many, race, race_numbers, die, trace, vforks, rings, bomb, storm)}

if __name__ == "__main__":
    found = sorted(set(WAYS[sys.argv[1]](sys.argv[2])))
    print(*(found or ["nothing"]), sep=", ")
