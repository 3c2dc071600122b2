/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/tracee.h"

#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/process.h"

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

/* The number stays in its register to the end of the thread. */
static int read_number(pid_t tid, int *ret) {
        errno = 0;
        *ret = (int) ptrace(PTRACE_PEEKUSER, tid, (void *) offsetof(struct user_regs_struct, orig_rax), NULL);
        return -errno;
}
#elif defined(__aarch64__)
enum { SYSTEM_CALL = 0x404 /* NT_ARM_SYSTEM_CALL */ };

static int read_number(pid_t tid, int *ret) {
        struct iovec number = { ret, sizeof(*ret) };

        return ptrace(PTRACE_GETREGSET, tid, (void *) SYSTEM_CALL, &number) < 0 ? -errno : 0;
}

int tracee_cancel_call(pid_t tid, int error) {
        enum { STATUS = 1 /* NT_PRSTATUS */ };
        struct user_regs_struct registers;
        struct iovec all = { &registers, sizeof(registers) }, number = { &(int) { -1 }, sizeof(int) };

        if (ptrace(PTRACE_SETREGSET, tid, (void *) SYSTEM_CALL, &number) < 0 ||
            ptrace(PTRACE_GETREGSET, tid, (void *) STATUS, &all) < 0)
                return -errno;
        registers.regs[0] = (uint64_t) -(int64_t) error;
        return ptrace(PTRACE_SETREGSET, tid, (void *) STATUS, &all) < 0 ? -errno : 0;
}
#endif

/* The numbers of x32 come with the architecture of x86_64. A call that is cancelled has the number -1. */
static void tell_x32(int *number, uint32_t *architecture) {
        enum { X32_BIT = 0x40000000, X32_ARCHITECTURE = EM_X86_64 | __AUDIT_ARCH_LE }; /* seccomp(2), libseccomp */

        if (*architecture == AUDIT_ARCH_X86_64 && *number >= X32_BIT) {
                *number &= ~X32_BIT;
                *architecture = X32_ARCHITECTURE;
        }
}

int tracee_get_last_call(pid_t tid, int *ret_number, uint32_t *ret_architecture) {
        struct __ptrace_syscall_info info;
        int r = tracee_get_call(tid, &info), number;

        if (r < 0)
                return r;
        r = read_number(tid, &number);
        if (r < 0)
                return r;
        tell_x32(&number, &info.arch);
        *ret_number = number;
        *ret_architecture = info.arch;
        return 0;
}

static uint64_t status_number(pid_t tid, const char *key) {
        _cleanup_free_ char *text = NULL;
        uint64_t number;

        return process_status(tid, key, &text) >= 0 && parse_u64_range(text, 1, INT_MAX, &number) >= 0 ? number : 0;
}

pid_t tracee_get_process(pid_t tid, bool *ret_alone) {
        const uint64_t process = status_number(tid, "Tgid");

        if (ret_alone)
                *ret_alone = status_number(tid, "Threads") == 1;
        return process ? (pid_t) process : tid;
}

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

typedef struct FdFacts {
        bool is_datagram;
        uint16_t port; /* its own, of a socket of IP; 0: none */
        char path[PATH_MAX]; /* "": it has none */
} FdFacts;

static uint16_t get_own_port(int fd) {
        struct sockaddr_in6 own = {}; /* struct sockaddr_in has its port at the same place */
        socklen_t size = sizeof(own);

        if (getsockname(fd, (struct sockaddr *) &own, &size) < 0 ||
            (own.sin6_family != AF_INET && own.sin6_family != AF_INET6))
                return 0;
        return ntohs(own.sin6_port);
}

/* In a child: a copy of the fd must be closed, and that may wait as long as the payload likes (SO_LINGER, FUSE). */
_Noreturn static void look_at_fd(pid_t pid, int fd, int pipe) {
        const int pidfd = sys_pidfd_open(pid, 0), copy = sys_pidfd_getfd(pidfd, fd);
        FdFacts facts = {};
        socklen_t size = sizeof(int);
        char link[64];
        int type = 0;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", copy);
        if (!read_link(link, facts.path))
                facts.path[0] = '\0';
        facts.is_datagram = getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &size) >= 0 && type == SOCK_DGRAM;
        facts.port = get_own_port(copy);
        if (copy >= 0)
                (void) !write(pipe, &facts, sizeof(facts));
        _exit(0);
}

/* A tracer may take an fd, also of a process that is not dumpable, whose /proc/PID/fd is closed to all but root. The
 * child is reaped with the threads of the payload. */
static bool get_fd(pid_t tid, int fd, FdFacts *ret) {
        enum { WAIT_MSEC = 1000 };
        _cleanup_free_ char *group = NULL;
        struct pollfd answer = { .events = POLLIN };
        struct clone_args args = { .exit_signal = SIGCHLD };
        bool ok = false;
        uint64_t leader;
        int fds[2];
        pid_t pid;

        if (process_status(tid, "Tgid", &group) < 0 || parse_u64_range(group, 1, INT32_MAX, &leader) < 0 ||
            pipe2(fds, O_CLOEXEC) < 0)
                return false;
        pid = sys_clone3(&args);
        if (pid == 0)
                look_at_fd((pid_t) leader, fd, fds[1]);
        fds[1] = fd_close(fds[1]);
        answer.fd = fds[0];
        if (pid > 0 && TEMP_FAILURE_RETRY(poll(&answer, 1, WAIT_MSEC)) > 0)
                ok = read(fds[0], ret, sizeof(*ret)) == sizeof(*ret);
        if (pid > 0)
                (void) kill(pid, SIGKILL);
        fd_close(fds[0]);
        return ok;
}

static bool take_path(pid_t tid, int fd, char ret[static PATH_MAX]) {
        FdFacts facts;

        if (!get_fd(tid, fd, &facts) || !facts.path[0])
                return false;
        strcpy(ret, facts.path);
        return true;
}

static bool read_directory(pid_t tid, int fd, char ret[static PATH_MAX]) {
        char link[64];

        if (fd == AT_FDCWD)
                snprintf(link, sizeof(link), "/proc/%d/cwd", tid);
        else
                snprintf(link, sizeof(link), "/proc/%d/fd/%d", tid, fd);
        return read_link(link, ret) || (fd >= 0 && take_path(tid, fd, ret));
}

/* Puts the path of the directory before a relative path. */
static bool complete(pid_t tid, int directory, const char *path, char ret[static PATH_MAX]) {
        size_t used;

        if (*path == '/') {
                memcpy(ret, path, strlen(path) + 1);
                return true;
        }
        if (!read_directory(tid, directory, ret))
                return false;
        used = strlen(ret);
        return (size_t) snprintf(ret + used, PATH_MAX - used, "%s%s", used > 1 ? "/" : "", path) < PATH_MAX - used;
}

bool tracee_read_path(pid_t tid, int directory, uint64_t address, char ret[static PATH_MAX]) {
        char path[PATH_MAX];

        return read_text(tid, address, path, sizeof(path)) && *path && complete(tid, directory, path, ret);
}

static bool print_unix(pid_t tid, const struct sockaddr_un *address, size_t size, char ret[static PATH_MAX]) {
        const size_t length = size - offsetof(struct sockaddr_un, sun_path);
        char path[sizeof(address->sun_path) + 1] = "";

        if (size <= offsetof(struct sockaddr_un, sun_path) + 1)
                return false;
        memcpy(path, address->sun_path, length);
        if (path[0])
                return complete(tid, AT_FDCWD, path, ret);
        snprintf(ret, PATH_MAX, "@%s", path + 1);
        return true;
}

bool tracee_read_address(pid_t tid, int fd, uint64_t where, uint64_t size, char ret[static PATH_MAX]) {
        union {
                struct sockaddr any;
                struct sockaddr_un un;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } address = {};
        char text[INET6_ADDRSTRLEN];
        FdFacts facts = {};
        bool ipv6;

        if (size > sizeof(address) || read_memory(tid, where, &address, size) != (ssize_t) size)
                return false;
        ipv6 = address.any.sa_family == AF_INET6;
        if (address.any.sa_family == AF_UNIX)
                return print_unix(tid, &address.un, size < sizeof(address.un) ? size : sizeof(address.un), ret);
        if (!ipv6 && address.any.sa_family != AF_INET)
                return false;
        (void) get_fd(tid, fd, &facts);
        inet_ntop(address.any.sa_family, ipv6 ? (void *) &address.in6.sin6_addr : (void *) &address.in.sin_addr, text,
                  sizeof(text));
        snprintf(ret, PATH_MAX, ipv6 ? "[%s]:%u%s" : "%s:%u%s", text,
                 ntohs(ipv6 ? address.in6.sin6_port : address.in.sin_port), facts.is_datagram ? "/udp" : "");
        return true;
}

uint16_t tracee_get_port(pid_t tid, int fd) {
        FdFacts facts;

        return get_fd(tid, fd, &facts) ? facts.port : 0;
}

bool tracee_read_header(pid_t tid, int fd, uint64_t where, char ret[static PATH_MAX]) {
        struct msghdr header = {};

        return read_memory(tid, where, &header, sizeof(header)) == sizeof(header) && header.msg_name &&
               tracee_read_address(tid, fd, (uintptr_t) header.msg_name, header.msg_namelen, ret);
}

void tracee_read_program(pid_t tid, char ret[static TRACEE_PROGRAM_SIZE]) {
        _cleanup_free_ char *name = NULL;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/comm", tid);
        if (file_read_line(AT_FDCWD, path, &name) < 0)
                name = NULL;
        snprintf(ret, TRACEE_PROGRAM_SIZE, "%s", name ?: "");
}

size_t tracee_read_bytes(pid_t tid, uint64_t address, void *ret, size_t size) {
        const ssize_t n = read_memory(tid, address, ret, size);

        return n < 0 ? 0 : (size_t) n;
}
