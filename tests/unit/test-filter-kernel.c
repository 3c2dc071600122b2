/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel, with a plan's filter loaded, answers as the plan says. */
#include "bpf.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Calls that do nothing if the filter lets them through, since their arguments are not valid. Returns how many answers
 * are not the plan's. */
static int call_in_child(const PlanFixture *f, const Filter *filter) {
        const struct {
                int number;
                uint64_t arguments[3];
        } calls[] = {
                { SYS_mount, {} },
                { SYS_keyctl, { UINT64_MAX } },
                { SYS_unshare, { CLONE_NEWNET | CLONE_VM << 1 } },
                { SYS_setns, { UINT64_MAX, 0 } },
                { SYS_clone3, {} },
                { SYS_ioctl, { UINT64_MAX, TIOCSTI } },
                { SYS_ioctl, { UINT64_MAX, TIOCSTI | UINT64_C(1) << 32 } },
                { SYS_fchmodat, { UINT64_MAX, 0, 04755 } },
                { SYS_fchmod, { UINT64_MAX, 02755 } },
                { SYS_socket, { AF_PACKET, UINT64_MAX } },
                { SYS_socket, { AF_INET | UINT64_C(1) << 32, UINT64_MAX } },
                { SYS_mmap, { 0, 0, PROT_WRITE | PROT_EXEC } },
                { SYS_personality, { UINT32_MAX - 1 } },
                { 1000, {} },
                { -1, {} },
        };
        int wrong = 0;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_install_all(filter) < 0)
                return 100;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                const uint64_t *a = calls[i].arguments;
                uint64_t all[6] = { a[0], a[1], a[2] };
                uint32_t expected = bpf_planned(f->plan, (uint32_t) calls[i].number, all);
                long r = syscall(calls[i].number, a[0], a[1], a[2], 0, 0, 0);

                if (expected != SECCOMP_RET_ALLOW)
                        wrong += r != -1 || errno != (int) (expected & SECCOMP_RET_DATA);
        }
        return syscall(SYS_getpid) == getpid() ? wrong : 100;
}

static int in_child(const PlanFixture *f, const Filter *filter) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(call_in_child(f, filter));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

/* promise P20 */
static void test_kernel(void **state) {
        static const char *const policies[] = { "", "MemoryDenyWriteExecute=yes\nLockPersonality=yes",
                                                "SystemCallFilter=~@mount:EACCES\nSystemCallErrorNumber=ENOENT",
                                                "RestrictAddressFamilies=~AF_PACKET\nRestrictNamespaces=no" };
        PlanFixture *f = *state;

        if (prctl(PR_GET_SECCOMP) < 0 || seccomp_api_get() < API_KILL_PROCESS)
                skip(); /* as under qemu-user */
        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                Filter filter;

                plan_make(f, policies[i]);
                expect_result(policies[i], f->result, 0);
                expect_result(policies[i], filter_get(f->plan, &filter, &f->log.report), 0);
                expect_number(policies[i], (unsigned) in_child(f, &filter), 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_kernel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
