/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of system calls: rules that syscall-groups.txt must follow for any version of systemd. The numbers of calls
 * and the names of architectures: they are as libseccomp has them. */
#include "helper.h"

#include <seccomp.h>
#include <sys/syscall.h>

#include "policy/value/names.h"
#include "util/strv.h"

enum { DEPTH_MAX = 8 }; /* as in plan/deny/filter.c */

static void test_version(_unused_ void **state) {
        expect_number("the systemd whose groups these are", syscall_groups_systemd, 262);
}

/* Adds the calls of a group and of all groups in it. */
static void collect(const char *name, char ***calls, unsigned depth) {
        const SyscallGroup *group = syscall_group_find(name);

        if (!group)
                fail_msg("%s is in a group, but is not a group", name);
        if (depth >= DEPTH_MAX)
                fail_msg("%s is in itself, or too deep in other groups", name);
        for (const SyscallMember *m = group->members; *m; m++) {
                const char *member = syscall_member_name(*m);

                if (*member == '@')
                        collect(member, calls, depth + 1);
                else if (!strv_contains(*calls, member))
                        assert_int_equal(strv_push(calls, member), 0);
        }
}

static char **calls_of(const char *name) {
        char **calls = NULL;

        collect(name, &calls, 0);
        return calls;
}

static void test_nesting(_unused_ void **state) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++) {
                _cleanup_strv_free_ char **calls = calls_of(g->name);

                if (!calls)
                        fail_msg("%s is empty", g->name);
        }
}

static void test_sorted(_unused_ void **state) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++) {
                if (g[1].name && strcmp(g->name, g[1].name) >= 0)
                        fail_msg("%s is not before %s", g->name, g[1].name);
                for (const SyscallMember *m = g->members; m[0] && m[1]; m++)
                        if (strcmp(syscall_member_name(m[0]), syscall_member_name(m[1])) >= 0)
                                fail_msg("%s: %s is not before %s", g->name, syscall_member_name(m[0]),
                                         syscall_member_name(m[1]));
        }
}

/* Each name leads to its member, and the member to the name. */
static void test_members(_unused_ void **state) {
        for (size_t i = 0; i < n_syscall_numbers; i++) {
                SyscallMember m = syscall_member_find(syscall_numbers[i].name);

                expect_text("a call", syscall_member_name(m), syscall_numbers[i].name);
                expect_number(syscall_numbers[i].name, syscall_member_place(m), i);
        }
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                assert_ptr_equal(syscall_member_group(syscall_member_find(g->name)), g);
        expect_number("no call", syscall_member_find("no_such_call"), 0);
        expect_number("no group", syscall_member_find("@no-such-group"), 0);
}

static bool has_member(const char *group, const char *name) {
        const SyscallMember *m = syscall_group_find(group)->members;

        while (*m && !streq(syscall_member_name(*m), name))
                m++;
        return *m;
}

/* The filter is made from the calls in @known, and cannot allow any other. Those of @obsolete and nfsservctl(2) are not
 * in it, because no supported kernel has them. */
static void test_known(_unused_ void **state) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                for (const SyscallMember *m = g->members; *m; m++) {
                        const char *name = syscall_member_name(*m);

                        if (*name != '@' && seccomp_syscall_resolve_name(name) >= 0 && !has_member("@known", name) &&
                            !has_member("@obsolete", name) && !streq(name, "nfsservctl"))
                                fail_msg("%s has %s, but @known has not", g->name, name);
                }
}

static void expect_calls(const char *group, const char *const *calls, bool expected) {
        _cleanup_strv_free_ char **all = calls_of(group);

        for (; *calls; calls++)
                if (strv_contains(all, *calls) != expected)
                        fail_msg("%s has %s%s", group, expected ? "not " : "", *calls);
}

/* Without these calls, no program starts or ends. */
static void test_default(_unused_ void **state) {
        static const char *const needed[] = { "brk", "execve", "exit", "exit_group", "futex", "getpid", "getrandom",
                                              "mmap", "mprotect", "munmap", "nanosleep", "prlimit64", "rseq",
                                              "rt_sigreturn", "set_robust_list", "set_tid_address", NULL };

        expect_calls("@default", needed, true);
}

/* An empty policy allows this group. */
static void test_system_service(_unused_ void **state) {
        static const char *const included[] = { "@aio", "@basic-io", "@chown", "@default", "@file-system", "@io-event",
                                                "@ipc", "@keyring", "@memlock", "@network-io", "@process",
                                                "@resources", "@setuid", "@signal", "@sync", "@timer", NULL };
        static const char *const dangerous[] = { "acct", "bpf", "chroot", "delete_module", "finit_module", "fsmount",
                                                 "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load",
                                                 "mount", "mount_setattr", "move_mount", "open_by_handle_at",
                                                 "perf_event_open", "pivot_root", "ptrace", "reboot", "settimeofday",
                                                 "swapon", "syslog", "umount2", NULL };

        for (const char *const *group = included; *group; group++) {
                _cleanup_strv_free_ char **calls = calls_of(*group);

                expect_calls("@system-service", (const char *const *) calls, true);
        }
        expect_calls("@system-service", dangerous, false);
}

static void test_numbers(_unused_ void **state) {
        for (size_t i = 0; i < n_syscall_numbers; i++) {
                const SyscallNumber *n = &syscall_numbers[i];

                expect_result(n->name, n->number, seccomp_syscall_resolve_name(n->name));
                expect_result(n->name, syscall_number(n->name), n->number);
                if (i > 0)
                        assert_true(strcmp(syscall_numbers[i - 1].name, n->name) < 0);
        }
        expect_result("unknown", syscall_number("no_such_call"), SYSCALL_UNKNOWN);
        expect_result("empty", syscall_number(""), SYSCALL_UNKNOWN);
        expect_result("mount", syscall_number("mount"), SYS_mount);
        expect_number("native", NATIVE_ARCHITECTURE, seccomp_arch_native());
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                for (const SyscallMember *m = g->members; *m; m++) {
                        const char *name = syscall_member_name(*m);

                        if (!syscall_member_group(*m))
                                expect_result(name, syscall_number(name), seccomp_syscall_resolve_name(name));
                }
}

/* A word of a policy means what libseccomp means by it. */
static void test_architecture_names(_unused_ void **state) {
        size_t known = 0;

        for (const NamedNumber *a = architectures; a->name; a++) {
                uint32_t token = seccomp_arch_resolve_name(a->name);

                known += token != 0;
                if (token)
                        expect_number(a->name, (uint32_t) a->number, token);
        }
        assert_true(known >= 15);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_version),
                cmocka_unit_test(test_nesting),
                cmocka_unit_test(test_sorted),
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_known),
                cmocka_unit_test(test_default),
                cmocka_unit_test(test_system_service),
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_architecture_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
