/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of a plan, evaluated as the kernel would. */
#include "plan-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "policy/builtin.h"
#include "policy/value/names.h"

/* The result of a call by its name: -1 if the filter does not know it. */
static int call_error(const Plan *plan, const char *name) {
        for (size_t i = 0; i < plan->n_calls; i++)
                if (streq(plan->calls[i].name, name))
                        return plan->calls[i].error;
        return -1;
}

/* Calls. */

static void test_calls(void **state) {
        static const struct {
                const char *lines, *call;
                int error;
        } cases[] = {
                { "", "read", 0 },
                { "", "execve", 0 },
                { "", "mount", EPERM },
                { "", "reboot", EPERM },
                { "SystemCallErrorNumber=EACCES", "mount", EACCES },
                { "SystemCallFilter=@system-service @mount", "mount", 0 },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~uname", "uname", EPERM },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~uname:EAGAIN", "uname", EAGAIN },
                { "SystemCallFilter=@system-service\nSystemCallFilter=uname:EAGAIN", "uname", EAGAIN },
                { "SystemCallFilter=~@system-service\nSystemCallFilter=uname execve", "uname", 0 },
                { "SystemCallFilter=~@mount", "reboot", 0 },
                { "SystemCallFilter=~@mount", "mount", EPERM },
                { "SystemCallFilter=execve", "getpid", 0 }, /* in @default, so always allowed */
                { "SystemCallFilter=execve", "uname", EPERM },
                /* A payload may always sandbox itself: it can only give up rights. */
                { "SystemCallFilter=execve", "seccomp", 0 },
                { "SystemCallFilter=execve", "landlock_restrict_self", 0 },
                { "SystemCallFilter=@default\nSystemCallFilter=~@sandbox", "seccomp", EPERM },
                /* Harmless without CAP_SYS_ADMIN. */
                { "", "open_tree", 0 },
                { "", "move_mount", EPERM },
                { "SystemCallFilter=execve", "socket", EPERM },
                /* The policy must name the calls of keyrings. */
                { "", "keyctl", EPERM },
                { "", "add_key", EPERM },
                { "", "request_key", EPERM },
                { "SystemCallErrorNumber=EACCES", "keyctl", EACCES },
                { "SystemCallFilter=@system-service", "keyctl", EPERM },
                { "SystemCallFilter=@system-service @keyring", "keyctl", 0 },
                { "SystemCallFilter=@system-service @keyring", "add_key", 0 },
                { "SystemCallFilter=@system-service keyctl", "keyctl", 0 },
                { "SystemCallFilter=@system-service keyctl", "add_key", EPERM },
                { "SystemCallFilter=@system-service @keyring\nSystemCallFilter=~keyctl", "keyctl", EPERM },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~keyctl:EAGAIN", "keyctl", EAGAIN },
                { "SystemCallFilter=~@mount", "keyctl", EPERM },
                { "SystemCallFilter=~@mount\nSystemCallFilter=keyctl", "keyctl", 0 },
                { "SystemCallFilter=~@keyring", "keyctl", EPERM },
                /* With MemoryDenyWriteExecute=, so must it those of files that no mount makes noexec. */
                { "", "memfd_create", 0 },
                { "MemoryDenyWriteExecute=yes", "memfd_create", EPERM },
                { "MemoryDenyWriteExecute=yes\nSystemCallFilter=~@mount", "memfd_secret", EPERM },
                { "MemoryDenyWriteExecute=yes\nSystemCallFilter=@system-service @ipc", "memfd_create", EPERM },
                { "MemoryDenyWriteExecute=yes\nSystemCallFilter=@system-service memfd_create", "memfd_create", 0 },
                { "", "_sysctl", -1 }, /* libseccomp knows it, but it is not in @known */
                { "", "mlock", 0 },
                { "", "ptrace", EPERM },
                { "", "userfaultfd", EPERM },
                { "", "setpriority", 0 },
        };
        static const struct {
                const char *lines, *call;
                int error;
        } nesting[] = {
                { "Nesting=yes", "mount", 0 },
                { "Nesting=yes\nSystemCallFilter=@default", "mount", 0 },
                { "Nesting=yes\nSystemCallFilter=@default", "open_tree", 0 },
                { "Nesting=yes\nSystemCallFilter=@default", "seccomp", 0 },
                { "Nesting=yes\nSystemCallFilter=@system-service\nSystemCallFilter=~mount", "mount", EPERM },
                { "Nesting=yes", "keyctl", EPERM },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char what[160];

                snprintf(what, sizeof(what), "%s of %s", cases[i].call, cases[i].lines);
                plan_expect_good(f, cases[i].lines);
                expect_result(what, call_error(f->plan, cases[i].call), cases[i].error);
        }
        plan_expect_error(f, "SystemCallFilter=~execve\n", EINVAL, "test.conf:1: SystemCallFilter=: this denies execve");

        plan_set_uid(f, 1000);
        for (size_t i = 0; i < ELEMENTSOF(nesting); i++) {
                plan_expect_good(f, nesting[i].lines);
                expect_result(nesting[i].lines, call_error(f->plan, nesting[i].call), nesting[i].error);
        }
}

/* The lines of the default policy that set SystemCallFilter=. */
static void write_default(FILE *f) {
        for (const char *line = builtin_default_policy, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                if (startswith(line, "SystemCallFilter="))
                        fprintf(f, "%.*s\n", (int) (end - line), line);
        }
}

/* A policy that is silent allows the same calls as the default policy. */
static void test_silence(void **state) {
        PlanFixture *f = *state;
        Buffer lines, calls[2];

        buffer_init(&lines);
        write_default(lines.f);
        expect_in("lines", buffer_text(&lines), "SystemCallFilter=@system-service\n");
        for (size_t i = 0; i < 2; i++) {
                buffer_init(&calls[i]);
                plan_expect_good(f, i ? buffer_text(&lines) : "");
                for (size_t k = 0; k < f->plan->n_calls; k++)
                        fprintf(calls[i].f, "%s %d\n", f->plan->calls[k].name, f->plan->calls[k].error);
        }
        expect_text("calls", buffer_text(&calls[0]), buffer_text(&calls[1]));
        buffer_deinit(&lines);
        for (size_t i = 0; i < 2; i++)
                buffer_deinit(&calls[i]);
}

/* Calls that only other architectures have are in the plan if the policy allows such an architecture. */
static void test_calls_of_architectures(void **state) {
        static const struct {
                const char *lines, *call;
                int error;
        } cases[] = {
                { "", "fstat64", -1 },
                { "SystemCallArchitectures=native", "fstat64", -1 },
                { "SystemCallArchitectures=native arm x86", "fstat64", 0 },
                { "SystemCallArchitectures=native arm x86", "umount", EPERM },
                { "SystemCallArchitectures=native arm x86\nSystemCallFilter=@basic-io", "fstat64", EPERM },
        };
        PlanFixture *f = *state;

        if (syscall_number("fstat64") >= 0)
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_result(cases[i].lines, call_error(f->plan, cases[i].call), cases[i].error);
        }
}

/* A listed call that libseccomp did not know at build time, or NULL. */
static const char *find_unknown_call(void) {
        const SyscallGroup *known = syscall_group_find("@known");

        for (const SyscallMember *m = known->members; *m; m++)
                if (!syscall_member_group(*m) && syscall_number(syscall_member_name(*m)) == SYSCALL_UNKNOWN)
                        return syscall_member_name(*m);
        return NULL;
}

/* Such a name is not an error, and has no rule. If the policy allows it by name, a notice says that the call fails. */
static void test_calls_unknown(void **state) {
        static const struct {
                const char *before, *behind; /* %s is the name */
                unsigned notice; /* the line of the notice; 0: no notice */
        } cases[] = {
                { "SystemCallFilter=@known\nSystemCallFilter=~", "", 0 },
                { "SystemCallFilter=@system-service ", "", 1 },
                { "SystemCallFilter=~@mount\nSystemCallFilter=", "", 2 },
                { "SystemCallFilter=~", "", 0 },
                { "SystemCallFilter=~", ":EAGAIN", 0 },
        };
        const char *call = find_unknown_call();
        PlanFixture *f = *state;

        if (!call)
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char lines[256], notice[256] = "";

                snprintf(lines, sizeof(lines), "%s%s%s", cases[i].before, call, cases[i].behind);
                if (cases[i].notice)
                        snprintf(notice, sizeof(notice),
                                 "notice: test.conf:%u: SystemCallFilter=: the libseccomp that isorun was built with "
                                 "does not know %s, so the call fails with ENOSYS\n",
                                 cases[i].notice, call);
                plan_make(f, lines);
                expect_result(lines, f->result, 0);
                expect_text(lines, log_text(&f->log), notice);
                expect_result(lines, call_error(f->plan, call), -1);
        }
}

static void test_calls_sorted(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "");
        assert_true(f->plan->n_calls > 200);
        for (size_t i = 1; i < f->plan->n_calls; i++)
                assert_true(strcmp(f->plan->calls[i - 1].name, f->plan->calls[i].name) < 0);
}

static void test_architectures(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "");
        assert_int_equal(f->plan->n_architectures, 0);
        plan_expect_good(f, "SystemCallArchitectures=native arm ppc64-le\n");
        assert_int_equal(f->plan->n_architectures, 2);
        assert_int_equal(f->plan->architectures[0], SCMP_ARCH_ARM);
        assert_int_equal(f->plan->architectures[1], SCMP_ARCH_PPC64LE);
        plan_expect_error(f, "SystemCallArchitectures=native s390x\n", EINVAL,
                          "test.conf:1: SystemCallArchitectures=: this machine cannot run programs of s390x");
}

/* Some architectures have calls whose arguments are in memory. */
static void test_write_execute_and_architectures(void **state) {
        PlanFixture *f = *state;

        plan_expect_error(f, "MemoryDenyWriteExecute=yes\nSystemCallArchitectures=native arm\n", EINVAL,
                          "test.conf:1: MemoryDenyWriteExecute=: cannot be enforced for the system calls of other architectures");
        plan_expect_good(f, "MemoryDenyWriteExecute=yes\nSystemCallArchitectures=native\n");
        plan_expect_good(f, "MemoryDenyWriteExecute=no\nSystemCallArchitectures=native arm\n");
}

/* Families. */

static bool allows_family(const Plan *plan, const char *call, uint64_t family) {
        int error = plan_rules_answer(plan, call, (const uint64_t[6]) { family });

        assert_true(error == 0 || error == EAFNOSUPPORT);
        return error == 0;
}

typedef struct FamilyCase {
        const char *lines;
        uint64_t families; /* the families up to 63 that a socket may have */
} FamilyCase;

#define BIT(n) (UINT64_C(1) << (n))
#define DEFAULT_FAMILIES (BIT(AF_UNIX) | BIT(AF_INET) | BIT(AF_INET6) | BIT(AF_NETLINK))

static void check_families(PlanFixture *f, const FamilyCase *c) {
        plan_make(f, c->lines);
        expect_result(c->lines, f->result, 0);
        for (unsigned family = 0; family < 64; family++) {
                bool expected = c->families & BIT(family), pair = expected || family == AF_UNIX;

                expect_number(c->lines, allows_family(f->plan, "socket", family), expected);
                expect_number(c->lines, allows_family(f->plan, "socketpair", family), pair);
                /* The kernel reads an int, so a value with upper bits must not be allowed. */
                if (!expected)
                        expect_number(c->lines, allows_family(f->plan, "socket", family | BIT(32)), false);
                if (!pair)
                        expect_number(c->lines, allows_family(f->plan, "socketpair", family | BIT(32)), false);
        }
        expect_number(c->lines, plan_rules_answer(f->plan, "io_uring_setup", (const uint64_t[6]) {}), ENOSYS);
}

static void test_families(void **state) {
        static const FamilyCase cases[] = {
                { "", DEFAULT_FAMILIES },
                { "RestrictAddressFamilies=AF_INET AF_INET6", BIT(AF_INET) | BIT(AF_INET6) },
                { "RestrictAddressFamilies=AF_UNIX", BIT(AF_UNIX) },
                { "RestrictAddressFamilies=AF_INET\nRestrictAddressFamilies=AF_UNIX", BIT(AF_INET) | BIT(AF_UNIX) },
                { "RestrictAddressFamilies=AF_INET AF_UNIX\nRestrictAddressFamilies=~AF_UNIX", BIT(AF_INET) },
                { "RestrictAddressFamilies=none", 0 },
                { "RestrictAddressFamilies=~AF_PACKET AF_VSOCK", ~(BIT(AF_PACKET) | BIT(AF_VSOCK)) },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check_families(f, &cases[i]);
}

/* In the host's network, an old kernel cannot keep a socket away from the host's abstract sockets. */
static void test_unix_on_host_network(void **state) {
        static const FamilyCase cases[] = {
                { "PrivateNetwork=no", DEFAULT_FAMILIES & ~BIT(AF_UNIX) },
                { "PrivateNetwork=no\nRestrictAddressFamilies=~AF_PACKET", ~(BIT(AF_PACKET) | BIT(AF_UNIX)) },
                { "PrivateNetwork=no\nRestrictAddressFamilies=AF_UNIX AF_INET\nOptional=RestrictAddressFamilies",
                  BIT(AF_INET) | BIT(AF_UNIX) },
                { "RestrictAddressFamilies=AF_UNIX", BIT(AF_UNIX) },
                { "PrivateNetwork=no\nAbstractSockets=yes", DEFAULT_FAMILIES },
                { "PrivateNetwork=no\nRestrictAddressFamilies=AF_UNIX\nAbstractSockets=yes", BIT(AF_UNIX) },
        };
        static const char asked[] = "PrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_UNIX\n";
        PlanFixture *f = *state;

        f->host.landlock_abi = 5;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check_families(f, &cases[i]);
        plan_expect_error(f, asked, EOPNOTSUPP,
                          "test.conf:2: RestrictAddressFamilies=: cannot be enforced: with AF_UNIX and PrivateNetwork=no");
        f->host.landlock_abi = 6;
        check_families(f, &(FamilyCase) { asked, BIT(AF_INET) | BIT(AF_UNIX) });
}

/* Namespaces. */

static const struct {
        const char *name;
        uint64_t flag;
} namespaces[] = {
        { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC },   { "net", CLONE_NEWNET }, { "mnt", CLONE_NEWNS },
        { "pid", CLONE_NEWPID },       { "user", CLONE_NEWUSER }, { "uts", CLONE_NEWUTS }, { "time", CLONE_NEWTIME },
};

static void check_namespaces(PlanFixture *f, const char *lines, uint64_t allowed) {
        bool all = true;

        plan_expect_good(f, lines);
        for (size_t i = 0; i < ELEMENTSOF(namespaces); i++) {
                const char *name = namespaces[i].name;
                uint64_t flag = namespaces[i].flag;
                int error = allowed & flag ? 0 : EPERM;

                all = all && allowed & flag;
                expect_result(name, plan_rules_answer(f->plan, "unshare", (const uint64_t[6]) { flag | CLONE_FS }),
                              error);
                expect_result(name, plan_rules_answer(f->plan, "setns", (const uint64_t[6]) { 3, flag }), error);
                if (flag != CLONE_NEWTIME) /* there, the bit is part of the signal number */
                        expect_result(name, plan_rules_answer(f->plan, "clone", (const uint64_t[6]) { flag | 17 }),
                                      error);
        }
        expect_result(lines, plan_rules_answer(f->plan, "setns", (const uint64_t[6]) { 3, 0 }), all ? 0 : EPERM);
        expect_result(lines, plan_rules_answer(f->plan, "setns", (const uint64_t[6]) { 3, BIT(32) }), all ? 0 : EPERM);
        expect_result(lines, plan_rules_answer(f->plan, "clone3", (const uint64_t[6]) {}), all ? 0 : ENOSYS);
        expect_result(lines, plan_rules_answer(f->plan, "clone", (const uint64_t[6]) { CLONE_VM | CLONE_THREAD }), 0);
        expect_result(lines, plan_rules_answer(f->plan, "unshare", (const uint64_t[6]) { CLONE_FILES }), 0);
}

static void test_namespaces(void **state) {
        PlanFixture *f = *state;
        uint64_t all = 0;

        for (size_t i = 0; i < ELEMENTSOF(namespaces); i++)
                all |= namespaces[i].flag;
        check_namespaces(f, "", 0);
        check_namespaces(f, "RestrictNamespaces=yes\n", 0);
        check_namespaces(f, "RestrictNamespaces=no\n", all);
        check_namespaces(f, "RestrictNamespaces=net ipc\n", CLONE_NEWNET | CLONE_NEWIPC);
        check_namespaces(f, "RestrictNamespaces=net\nRestrictNamespaces=ipc\n", CLONE_NEWNET | CLONE_NEWIPC);
        check_namespaces(f, "RestrictNamespaces=~user\n", all & ~(uint64_t) CLONE_NEWUSER);
        plan_set_uid(f, 1000);
        check_namespaces(f, "Nesting=yes\n", all);
        check_namespaces(f, "Nesting=yes\nRestrictNamespaces=yes\n", 0);
}

/* The rest. */

static void test_argument_rules(void **state) {
        static const struct {
                const char *lines, *call;
                uint64_t arguments[6];
                int error;
        } cases[] = {
                { "", "ioctl", { 0, TIOCSTI }, EPERM },
                { "", "ioctl", { 0, TIOCSTI | BIT(32) }, EPERM }, /* the kernel sees only 32 bits */
                { "", "ioctl", { 0, TIOCLINUX }, EPERM },
                { "", "ioctl", { 0, TIOCLINUX | BIT(32) }, EPERM },
                { "", "ioctl", { 0, TCGETS }, 0 },
                { "", "fcntl", { 3, F_SETPIPE_SZ }, EPERM },
                { "", "fcntl", { 3, F_SETPIPE_SZ | BIT(32) }, EPERM },
                { "", "fcntl", { 3, F_SETLEASE }, EPERM },
                { "", "fcntl", { 3, F_SETLK }, 0 },
                { "", "prlimit64", { 1 }, EPERM },
                { "", "prlimit64", { 1 | BIT(32) }, EPERM },
                { "", "prlimit64", { 0 }, 0 },
                { "", "prlimit64", { 2 }, 0 },
                { "", "sched_setaffinity", { 1 }, EPERM },
                { "", "sched_setaffinity", { 2 }, 0 },
                { "", "sched_setparam", { 1 }, EPERM },
                { "", "sched_setscheduler", { 1, SCHED_BATCH }, EPERM },
                { "RestrictRealtime=no", "sched_setattr", { 1 }, EPERM },
                { "RestrictRealtime=no", "sched_setattr", { 0 }, 0 },
                { "", "sethostname", {}, EPERM },
                { "ProtectHostname=no", "sethostname", {}, 0 },
                { "", "sched_setscheduler", { 0, SCHED_FIFO }, EPERM },
                { "", "sched_setscheduler", { 0, SCHED_RR | SCHED_RESET_ON_FORK }, EPERM },
                { "", "sched_setscheduler", { 0, SCHED_BATCH }, 0 },
                { "", "sched_setattr", {}, EPERM },
                { "RestrictRealtime=no", "sched_setscheduler", { 0, SCHED_FIFO }, 0 },
                { "", "fchmod", { 3, 04755 }, EPERM },
                { "", "fchmodat", { 3, 0, 02755 }, EPERM },
                { "", "fchmod", { 3, 01777 }, 0 },
                { "", "openat", { 3, 0, 0100 /* O_CREAT */, 04755 }, EPERM },
                { "", "openat", { 3, 0, 0, 04755 }, 0 }, /* creates nothing, so the mode is not used */
                { "", "openat2", {}, ENOSYS },
                { "RestrictSUIDSGID=no", "fchmod", { 3, 04755 }, 0 },
                { "RestrictSUIDSGID=no", "openat2", {}, 0 },
                { "RestrictAddressFamilies=~", "io_uring_setup", {}, ENOSYS },
                { "RestrictAddressFamilies=~\nRestrictSUIDSGID=no", "io_uring_setup", {}, 0 },
                { "", "mmap", { 0, 0, PROT_WRITE | PROT_EXEC }, 0 },
                { "MemoryDenyWriteExecute=yes", "mmap", { 0, 0, PROT_READ | PROT_WRITE | PROT_EXEC }, EPERM },
                { "MemoryDenyWriteExecute=yes", "mmap", { 0, 0, PROT_READ | PROT_EXEC }, 0 },
                { "MemoryDenyWriteExecute=yes", "mprotect", { 0, 0, PROT_EXEC }, EPERM },
                { "MemoryDenyWriteExecute=yes", "mprotect", { 0, 0, PROT_WRITE }, 0 },
                { "", "personality", { 8 /* the fixture's personality */ }, 0 },
                { "", "personality", { 0 }, EPERM },
                { "", "personality", { 0x0400000 /* READ_IMPLIES_EXEC */ | 8 }, EPERM },
                { "LockPersonality=no", "personality", { 0x0400000 | 8 }, 0 },
                { "LockPersonality=no\nMemoryDenyWriteExecute=yes", "personality", { 0x0400000 | 8 }, EPERM },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char what[128];

                snprintf(what, sizeof(what), "case %zu, %s of \"%s\"", i, cases[i].call, cases[i].lines);
                plan_expect_good(f, cases[i].lines);
                expect_result(what, plan_rules_answer(f->plan, cases[i].call, cases[i].arguments), cases[i].error);
        }
}

/* Rules that no policy can remove. */
static void test_fixed_rules(void **state) {
        static const struct {
                unsigned abi;
                size_t n;
                uint64_t pid; /* the first argument of kill(2) */
                int error;
        } cases[] = {
                { 0, 16, 0, EPERM }, { 5, 16, 0, EPERM },       { 5, 16, BIT(32), EPERM },      { 5, 16, 1, 0 },
                { 5, 16, 4711, 0 },  { 5, 16, UINT32_MAX, 0 },  { 5, 16, (uint64_t) -4711, 0 }, { 6, 15, 0, 0 },
                { 7, 15, 0, 0 },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                size_t n = 0;
                char what[64];

                snprintf(what, sizeof(what), "case %zu", i);
                f->host.landlock_abi = cases[i].abi;
                plan_expect_good(f, "");
                for (size_t k = 0; k < f->plan->n_argument_rules; k++)
                        n += f->plan->argument_rules[k].reason == _DIRECTIVE_MAX;
                expect_number(what, n, cases[i].n);
                expect_result(what, plan_rules_answer(f->plan, "kill", (const uint64_t[6]) { cases[i].pid, 15 }),
                              cases[i].error);
        }
}

/* The priority of a process group, which may be the caller's, cannot be changed, nor that of the reaper, as process 1 or
 * as one of its user. Those of other processes can. */
/* promise P14 */
static void test_priority(void **state) {
        static const struct {
                const char *call;
                uint64_t which, who;
                int error;
        } cases[] = {
                { "setpriority", 0, 0, 0 },           { "setpriority", 0, 2, 0 },
                { "setpriority", 0, 1, EPERM },       { "setpriority", 0, BIT(32) | 1, EPERM },
                { "setpriority", 1, 0, EPERM },       { "setpriority", BIT(32) | 1, 0, EPERM },
                { "setpriority", 2, 1000, EPERM },    { "ioprio_set", 1, 0, 0 },
                { "ioprio_set", 1, 1, EPERM },        { "ioprio_set", 2, 0, EPERM },
                { "ioprio_set", BIT(32) | 2, 0, EPERM }, { "ioprio_set", 3, 1000, EPERM },
                { "getpriority", 1, 0, 0 },
        };
        PlanFixture *f = *state;

        plan_expect_good(f, "SystemCallFilter=@system-service\n");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_result(
                        cases[i].call,
                        plan_rules_answer(f->plan, cases[i].call, (const uint64_t[6]) { cases[i].which, cases[i].who }),
                        cases[i].error);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_calls),
                IN_PLAN(test_silence),
                IN_PLAN(test_calls_of_architectures),
                IN_PLAN(test_calls_unknown),
                IN_PLAN(test_calls_sorted),
                IN_PLAN(test_architectures),
                IN_PLAN(test_write_execute_and_architectures),
                IN_PLAN(test_families),
                IN_PLAN(test_unix_on_host_network),
                IN_PLAN(test_namespaces),
                IN_PLAN(test_argument_rules),
                IN_PLAN(test_fixed_rules),
                IN_PLAN(test_priority),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
