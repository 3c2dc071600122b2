/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An LD_PRELOAD shim that lets an older User-Mode Linux kernel (seen with 6.1) boot on CPUs whose XSAVE area is larger
 * than the kernel was built for, such as those with AMX.
 *
 * UML keeps the floating point state of each of its processes in a buffer of its own, and moves it in and out of the
 * traced host process with ptrace(PTRACE_GETREGSET/PTRACE_SETREGSET, NT_X86_XSTATE). The buffer's size is a constant:
 * enough for AVX-512 and protection keys. When reading, the host kernel gives as much as fits. When writing, it accepts
 * nothing but a whole standard-format XSAVE area (arch/x86/kernel/fpu/regset.c, xstateregs_set(): "A whole
 * standard-format XSAVE buffer is needed", -EFAULT). A buffer that is too large is cut down before that check
 * (kernel/ptrace.c, ptrace_regset()); one that is too small fails, and UML panics in put_fp_registers().
 *
 * So the shim always moves whole areas: what UML reads is the front part of one, what it writes is padded with zeros.
 * Nothing is lost by that: the components behind UML's buffer are in their initial state, which for all of them is
 * zeros, since no process in there can use them (for AMX it would have to ask with arch_prctl(ARCH_REQ_XCOMP_PERM),
 * which UML does not know). Where UML's buffer suffices, the calls end up as they were.
 *
 * UML's kernel is one thread at a time (it has no SMP), hence the static buffer.
 */

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* 11008 bytes with AMX; the kernel answers with the size that it really has. */
#define XSTATE_SIZE_MAX ((size_t)64 * 1024)

static _Alignas(64) unsigned char area[XSTATE_SIZE_MAX];

static long sys_ptrace(long request, pid_t pid, void *addr, void *data) {
        return syscall(SYS_ptrace, request, pid, addr, data);
}

/* Read the process's whole area. Returns its size, or -1 with errno set. */
static ssize_t area_read(pid_t pid) {
        struct iovec whole = { area, sizeof(area) };

        if (sys_ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &whole) < 0)
                return -1;

        return (ssize_t)whole.iov_len;
}

static size_t min_size(size_t a, size_t b) {
        return a < b ? a : b;
}

static long xstate_get(pid_t pid, struct iovec *user) {
        ssize_t size = area_read(pid);

        if (size < 0)
                return -1;

        user->iov_len = min_size(user->iov_len, (size_t)size);
        memcpy(user->iov_base, area, user->iov_len);
        return 0;
}

static long xstate_set(pid_t pid, struct iovec *user) {
        static size_t size; /* the same for all processes of a machine */
        struct iovec whole = { area, 0 };
        size_t given;

        if (size == 0) {
                ssize_t r = area_read(pid);

                if (r < 0)
                        return -1;
                size = (size_t)r;
        }

        given = min_size(user->iov_len, size);
        memcpy(area, user->iov_base, given);
        memset(area + given, 0, size - given);
        whole.iov_len = size;
        return sys_ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
}

/* The kernel stores the word of a PEEK request through data; the C library's ptrace() returns it. */
static long peek(long request, pid_t pid, void *addr) {
        long word;

        if (sys_ptrace(request, pid, addr, &word) < 0)
                return -1;

        errno = 0;
        return word;
}

/* Replaces the C library's. */
long ptrace(enum __ptrace_request request, ...) {
        va_list ap;
        pid_t pid;
        void *addr, *data;

        /* Requests that take fewer arguments than these ignore the rest, as in the C library. */
        va_start(ap, request);
        pid = va_arg(ap, pid_t);
        addr = va_arg(ap, void *);
        data = va_arg(ap, void *);
        va_end(ap);

        switch (request) {
        case PTRACE_PEEKTEXT:
        case PTRACE_PEEKDATA:
        case PTRACE_PEEKUSER:
                return peek(request, pid, addr);
        case PTRACE_GETREGSET:
                if ((uintptr_t)addr == NT_X86_XSTATE)
                        return xstate_get(pid, data);
                break;
        case PTRACE_SETREGSET:
                if ((uintptr_t)addr == NT_X86_XSTATE)
                        return xstate_set(pid, data);
                break;
        default:
                break;
        }

        return sys_ptrace(request, pid, addr, data);
}
