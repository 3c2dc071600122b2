/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/kernel.h"

int tracee_do(int request, pid_t tid, uint64_t data) {
        return ptrace((enum __ptrace_request) request, tid, NULL, (void *) (uintptr_t) data) < 0 ? -errno : 0;
}

int tracee_get_call(pid_t tid, struct __ptrace_syscall_info *ret) {
        const long n = ptrace((enum __ptrace_request) PTRACE_GET_SYSCALL_INFO, tid, (void *) sizeof(*ret), ret);

        return n < 0 ? -errno : n < (long) offsetof(struct __ptrace_syscall_info, entry) ? -EIO : 0;
}

#if defined(__x86_64__)
static int set_register(pid_t tid, size_t offset, uint64_t value) {
        return ptrace(PTRACE_POKEUSER, tid, (void *) offset, (void *) (uintptr_t) value) < 0 ? -errno : 0;
}

int tracee_cancel_call(pid_t tid, int error) {
        int r = set_register(tid, offsetof(struct user_regs_struct, orig_rax), UINT64_MAX);

        return r < 0 ? r : set_register(tid, offsetof(struct user_regs_struct, rax), (uint64_t) -(int64_t) error);
}
#elif defined(__aarch64__)
int tracee_cancel_call(pid_t tid, int error) {
        enum { SYSTEM_CALL = 0x404 /* NT_ARM_SYSTEM_CALL */, STATUS = 1 /* NT_PRSTATUS */ };
        struct user_regs_struct registers;
        struct iovec all = { &registers, sizeof(registers) }, number = { &(int) { -1 }, sizeof(int) };

        if (ptrace(PTRACE_SETREGSET, tid, (void *) SYSTEM_CALL, &number) < 0 ||
            ptrace(PTRACE_GETREGSET, tid, (void *) STATUS, &all) < 0)
                return -errno;
        registers.regs[0] = (uint64_t) -(int64_t) error;
        return ptrace(PTRACE_SETREGSET, tid, (void *) STATUS, &all) < 0 ? -errno : 0;
}
#endif

static ssize_t read_memory(pid_t tid, uint64_t address, void *buffer, size_t size) {
        struct iovec local = { buffer, size }, remote = { (void *) (uintptr_t) address, size };

        return process_vm_readv(tid, &local, 1, &remote, 1, 0);
}

bool tracee_read_number(pid_t tid, uint64_t address, uint64_t *ret) {
        return read_memory(tid, address, ret, sizeof(*ret)) == sizeof(*ret);
}

/* One page at a time, since the next one may not exist. */
static bool read_text(pid_t tid, uint64_t address, char *buffer, size_t size) {
        enum { PAGE = 4096 };

        for (size_t used = 0; used < size;) {
                const size_t left = PAGE - (address + used) % PAGE, wanted = left < size - used ? left : size - used;
                const ssize_t n = read_memory(tid, address + used, buffer + used, wanted);

                if (n <= 0)
                        return false;
                if (memchr(buffer + used, '\0', (size_t) n))
                        return true;
                used += (size_t) n;
        }
        return false;
}

static bool read_link(const char *link, char ret[static PATH_MAX]) {
        const ssize_t n = readlink(link, ret, PATH_MAX);

        if (n <= 0 || n == PATH_MAX || ret[0] != '/')
                return false;
        ret[n] = '\0';
        return true;
}

/* /proc/PID/fd of a process that is not dumpable is closed to all but root. A tracer may take the fd itself. */
static bool take_fd(pid_t tid, int fd, char ret[static PATH_MAX]) {
        _cleanup_close_ int pidfd = sys_pidfd_open(tid, 0), copy = -1;
        char link[64];

        if (pidfd < 0)
                return false;
        copy = (int) syscall(SYS_pidfd_getfd, pidfd, fd, 0);
        snprintf(link, sizeof(link), "/proc/self/fd/%d", copy);
        return copy >= 0 && read_link(link, ret);
}

static bool read_directory(pid_t tid, int fd, char ret[static PATH_MAX]) {
        char link[64];

        if (fd == AT_FDCWD)
                snprintf(link, sizeof(link), "/proc/%d/cwd", tid);
        else
                snprintf(link, sizeof(link), "/proc/%d/fd/%d", tid, fd);
        return read_link(link, ret) || (fd >= 0 && take_fd(tid, fd, ret));
}

bool tracee_read_path(pid_t tid, int directory, uint64_t address, char ret[static PATH_MAX]) {
        char path[PATH_MAX];
        size_t used;

        if (!read_text(tid, address, path, sizeof(path)) || !*path)
                return false;
        if (*path == '/') {
                memcpy(ret, path, strlen(path) + 1);
                return true;
        }
        if (!read_directory(tid, directory, ret))
                return false;
        used = strlen(ret);
        return (size_t) snprintf(ret + used, PATH_MAX - used, "%s%s", used > 1 ? "/" : "", path) < PATH_MAX - used;
}
