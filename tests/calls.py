# SPDX-License-Identifier: LGPL-2.1-or-later
"""The numbers of system calls on this architecture, from libseccomp, which isorun is built with."""
import ctypes


def resolve(name):
    return ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name(name.encode())


def exists(name):
    return resolve(name) >= 0


def number(name):
    if not exists(name):
        raise LookupError(f"{name} is not a system call of this architecture")
    return resolve(name)


