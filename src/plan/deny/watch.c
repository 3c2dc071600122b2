/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/watch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>

#include "plan/deny/assembler.h"
#include "policy/value/names.h"

const WatchedCall watched_calls[] = {
        { "open", USE_OPEN, -1, 0, 1 },
        { "openat", USE_OPEN, 0, 1, 2 },
        { "openat2", USE_OPEN, 0, 1, -1 },
        { "creat", USE_CREATE_OPEN, -1, 0, -1 },
        { "stat", USE_LOOK, -1, 0, -1 },
        { "lstat", USE_LOOK, -1, 0, -1 },
        { "newfstatat", USE_LOOK, 0, 1, -1 },
        { "statx", USE_LOOK, 0, 1, -1 },
        { "statfs", USE_LOOK, -1, 0, -1 },
        { "access", USE_LOOK, -1, 0, -1 },
        { "faccessat", USE_LOOK, 0, 1, -1 },
        { "faccessat2", USE_LOOK, 0, 1, -1 },
        { "readlink", USE_LOOK, -1, 0, -1 },
        { "readlinkat", USE_LOOK, 0, 1, -1 },
        { "getxattr", USE_LOOK, -1, 0, -1 },
        { "lgetxattr", USE_LOOK, -1, 0, -1 },
        { "inotify_add_watch", USE_READ, -1, 1, -1 },
        { "chdir", USE_EXECUTE, -1, 0, -1 },
        { "execve", USE_EXECUTE, -1, 0, -1 },
        { "execveat", USE_EXECUTE, 0, 1, -1 },
        { "truncate", USE_ATTRIBUTES, -1, 0, -1 },
        { "chmod", USE_ATTRIBUTES, -1, 0, -1 },
        { "fchmodat", USE_ATTRIBUTES, 0, 1, -1 },
        { "fchmodat2", USE_ATTRIBUTES, 0, 1, -1 },
        { "chown", USE_ATTRIBUTES, -1, 0, -1 },
        { "lchown", USE_ATTRIBUTES, -1, 0, -1 },
        { "fchownat", USE_ATTRIBUTES, 0, 1, -1 },
        { "utime", USE_ATTRIBUTES, -1, 0, -1 },
        { "utimes", USE_ATTRIBUTES, -1, 0, -1 },
        { "futimesat", USE_ATTRIBUTES, 0, 1, -1 },
        { "utimensat", USE_ATTRIBUTES, 0, 1, -1 },
        { "setxattr", USE_ATTRIBUTES, -1, 0, -1 },
        { "lsetxattr", USE_ATTRIBUTES, -1, 0, -1 },
        { "mkdir", USE_CREATE, -1, 0, -1 },
        { "mkdirat", USE_CREATE, 0, 1, -1 },
        { "mknod", USE_CREATE, -1, 0, -1 },
        { "mknodat", USE_CREATE, 0, 1, -1 },
        { "symlink", USE_CREATE, -1, 1, -1 },
        { "symlinkat", USE_CREATE, 1, 2, -1 },
        { "link", USE_CREATE, -1, 1, -1, .other_directory = -1, .other = 0 + 1 },
        { "linkat", USE_CREATE, 2, 3, -1, .other_directory = 0, .other = 1 + 1 },
        { "unlink", USE_REMOVE, -1, 0, -1 },
        { "unlinkat", USE_REMOVE, 0, 1, -1 },
        { "rmdir", USE_REMOVE, -1, 0, -1 },
        { "rename", USE_RENAME, -1, 0, -1, .other_directory = -1, .other = 1 + 1 },
        { "renameat", USE_RENAME, 0, 1, -1, .other_directory = 2, .other = 3 + 1 },
        { "renameat2", USE_RENAME, 0, 1, -1, .other_directory = 2, .other = 3 + 1 },
        { "connect", USE_CONNECT, 0, 1, -1 },
        { "sendto", USE_CONNECT, 0, 4, -1 },
        { "sendmsg", USE_CONNECT, 0, 1, -1, .in_header = true },
        { "sendmmsg", USE_CONNECT, 0, 1, -1, .in_header = true },
        { "bind", USE_BIND, 0, 1, -1 },
        { "mount", USE_CAPABILITY, .capability = "CAP_SYS_ADMIN" },
        { "umount2", USE_CAPABILITY, .capability = "CAP_SYS_ADMIN" },
        { "sethostname", USE_CAPABILITY, .capability = "CAP_SYS_ADMIN" },
        { "chroot", USE_CAPABILITY, .capability = "CAP_SYS_CHROOT" },
        { "setuid", USE_CAPABILITY, .capability = "CAP_SETUID" },
        { "setresuid", USE_CAPABILITY, .capability = "CAP_SETUID" },
        { "setgid", USE_CAPABILITY, .capability = "CAP_SETGID" },
        { "setresgid", USE_CAPABILITY, .capability = "CAP_SETGID" },
        { "setgroups", USE_CAPABILITY, .capability = "CAP_SETGID" },
        { "settimeofday", USE_CAPABILITY, .capability = "CAP_SYS_TIME" },
        { "clock_settime", USE_CAPABILITY, .capability = "CAP_SYS_TIME" },
        {},
};

#define STOP (SECCOMP_RET_TRACE | WATCH_DATA)

/* Writes that the call with this name goes on at yes, and others at no. The accumulator has the number. */
static Label write_call(Assembler *a, const char *name, Label yes, Label no) {
        const int number = syscall_number(name);

        return number < 0 ? no : assemble_if(a, BPF_JEQ, (uint32_t) number, yes, no);
}

#define HALF(argument, high) (offsetof(struct seccomp_data, args) + (argument) * sizeof(uint64_t) + \
                             ((__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != (high)) * sizeof(uint32_t))

/* Lets the call pass if this argument is 0: sendto(2) without an address is send(2), which is not watched. */
static Label write_without(Assembler *a, const char *name, unsigned argument, Label next) {
        const Label pass = assemble_return(a, SECCOMP_RET_ALLOW), stop = assemble_return(a, STOP);
        Label low = assemble_load(a, HALF(argument, false), assemble_if(a, BPF_JEQ, 0, pass, stop));
        Label high = assemble_load(a, HALF(argument, true), assemble_if(a, BPF_JEQ, 0, low, stop));

        return write_call(a, name, high, next);
}

/* otherwise: the answer without the flag. */
static Label write_denied_flag(Assembler *a, const char *name, unsigned argument, uint32_t flag, int error,
                               uint32_t otherwise, Label next) {
        Label test = assemble_if(a, BPF_JSET, flag, assemble_return(a, SECCOMP_RET_ERRNO | (uint32_t) error),
                                 assemble_return(a, otherwise));

        return write_call(a, name, assemble_load(a, HALF(argument, false), test), next);
}

const char *const watch_quiet_groups[] = { "@default", "@basic-io", NULL };

static bool is_quiet(const char *name) {
        for (const char *const *group = watch_quiet_groups; *group; group++)
                if (syscall_group_has(syscall_group_find(*group), name))
                        return true;
        return false;
}

static const struct {
        const char *name;
        int error;
} hidden_calls[] = { { "ptrace", EPERM }, { "clone3", ENOSYS }, { "io_uring_setup", ENOSYS } };

bool watch_hides(const char *call) {
        for (size_t i = 0; i < ELEMENTSOF(hidden_calls); i++)
                if (streq(hidden_calls[i].name, call))
                        return true;
        return false;
}

/* Writes the test for the calls that are let pass without a stop: of a record, few; otherwise, most. */
static Label write_watched(Assembler *a, const Plan *plan) {
        Label next = assemble_return(a, plan_is_recorded(plan) ? STOP : SECCOMP_RET_ALLOW);

        for (size_t i = 0; plan_is_recorded(plan) && i < n_syscall_numbers; i++)
                if (is_quiet(syscall_numbers[i].name))
                        next = write_call(a, syscall_numbers[i].name, assemble_return(a, SECCOMP_RET_ALLOW), next);
        for (const WatchedCall *c = watched_calls; c->name; c++)
                next = write_call(a, c->name, assemble_return(a, STOP), next);
        return plan_is_recorded(plan) ? next : write_without(a, "sendto", 4, next);
}

static int make_watching(const Plan *plan, struct sock_fprog *ret) {
        Assembler a = {};
        struct sock_filter *code;
        size_t n;
        Label next = write_watched(&a, plan);
        int r;

        /* If the plan denies it, the tracer does, which can tell. */
        for (size_t i = 0; i < ELEMENTSOF(hidden_calls); i++)
                if (plan_allows_call(plan, hidden_calls[i].name))
                        next = write_call(&a, hidden_calls[i].name,
                                          assemble_return(&a, SECCOMP_RET_ERRNO | (uint32_t) hidden_calls[i].error),
                                          next);
        next = write_denied_flag(&a, "clone", 0, CLONE_UNTRACED, EPERM,
                                 plan_is_recorded(plan) ? STOP : SECCOMP_RET_ALLOW, next);
        next = write_denied_flag(&a, "seccomp", 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, EBUSY, SECCOMP_RET_ALLOW, next);
        assemble_load(&a, offsetof(struct seccomp_data, nr), next);
        r = assemble_finish(&a, &code, &n);
        if (r >= 0)
                *ret = (struct sock_fprog) { (unsigned short) n, code };
        return r;
}

bool watch_is_denial(uint32_t answer) {
        const uint32_t error = answer & SECCOMP_RET_DATA;

        return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && error != 0 && error != ENOSYS;
}

int watch_programs(const Plan *plan, struct sock_fprog ret[static 2]) {
        struct sock_filter *code = calloc(plan->n_program, sizeof(*code));
        int r = code ? make_watching(plan, &ret[0]) : -ENOMEM;

        if (r < 0) {
                free(code);
                return r;
        }
        for (size_t i = 0; i < plan->n_program; i++) {
                code[i] = plan->program[i];
                if (code[i].code == (BPF_RET | BPF_K) && watch_is_denial(code[i].k))
                        code[i].k = STOP;
        }
        ret[1] = (struct sock_fprog) { (unsigned short) plan->n_program, code };
        return 0;
}
