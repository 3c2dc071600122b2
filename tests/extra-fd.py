#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets a process that waits in poll(2) duplicate its fd 0, as if it had inherited one file too many: ptrace(2). Only on
x86-64. Usage: extra-fd.py PID
"""
import ctypes
import os
import sys

PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_GETREGS, PTRACE_SETREGS = 7, 9, 12, 13
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
NAMES = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
         "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"]
SYS_DUP, WALL = 32, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in NAMES]


def ptrace(request, data=None):
    address = ctypes.byref(data) if data is not None else None
    if libc.ptrace(request, pid, None, address) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


pid = int(sys.argv[1])
ptrace(PTRACE_SEIZE)
ptrace(PTRACE_INTERRUPT)
os.waitpid(pid, WALL)
before, now = Registers(), Registers()
ptrace(PTRACE_GETREGS, before)
ptrace(PTRACE_GETREGS, now)
now.rip -= 2  # the instruction of the call that it waits in
now.rax, now.rdi, now.orig_rax = SYS_DUP, 0, 2**64 - 1
ptrace(PTRACE_SETREGS, now)
ptrace(PTRACE_SINGLESTEP)
os.waitpid(pid, WALL)
ptrace(PTRACE_GETREGS, now)
ptrace(PTRACE_SETREGS, before)
ptrace(PTRACE_DETACH)
print(now.rax)
