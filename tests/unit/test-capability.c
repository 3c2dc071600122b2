/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities of this process, compared with what the kernel says of it in /proc. Children change theirs; only
 * root can drop from the bounding set. */
#include "helper.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "policy/value/names.h"
#include "util/capability.h"
#include "util/process.h"

#define BIT(c) (UINT64_C(1) << (c))

/* A set of this process: "CapEff" and so on. */
static uint64_t status_set(const char *name) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(process_status(0, name, &text), 0);
        return strtoull(text, NULL, 16);
}

static void test_get(_unused_ void **state) {
        CapabilitySets sets;

        assert_int_equal(capability_get(&sets), 0);
        expect_number("effective", sets.effective, status_set("CapEff"));
        expect_number("permitted", sets.permitted, status_set("CapPrm"));
        expect_number("inheritable", sets.inheritable, status_set("CapInh"));
}

static void test_count(_unused_ void **state) {
        unsigned last;
        FILE *f = fopen("/proc/sys/kernel/cap_last_cap", "re");

        if (!f)
                skip();
        assert_int_equal(fscanf(f, "%u", &last), 1);
        fclose(f);
        expect_number("capabilities", capability_count(), last + 1);
}

static void test_names(_unused_ void **state) {
        char buffer[CAPABILITY_NAME_MAX];
        int n = 0;

        for (; capability_names[n].name; n++)
                expect_result(capability_names[n].name, capability_names[n].number, n);
        assert_true(n > CAP_CHECKPOINT_RESTORE);
        expect_text("5", capability_name(CAP_KILL, buffer), "cap_kill");
        expect_text("63", capability_name(63, buffer), "63");
        capability_write(&capability_names[CAP_CHECKPOINT_RESTORE], buffer);
        expect_text("written", buffer, "CAP_CHECKPOINT_RESTORE");
}

/* A child of root drops to sets that it cannot have by chance. */
static void drop(uint64_t bounding, uint64_t permitted, uint64_t ambient) {
        CapabilitySets sets = { permitted, permitted, ambient };

        expect_result("bounding", capability_drop_bounding(bounding), 0);
        expect_result("sets", capability_set(&sets), 0);
        expect_result("ambient", capability_set_ambient(ambient), 0);
        expect_number("CapBnd", status_set("CapBnd"), bounding);
        expect_number("CapEff", status_set("CapEff"), permitted);
        expect_number("CapPrm", status_set("CapPrm"), permitted);
        expect_number("CapInh", status_set("CapInh"), ambient);
        expect_number("CapAmb", status_set("CapAmb"), ambient);
}

/* The test fails in the child, which then does not exit with 0. */
static void in_child(uint64_t bounding, uint64_t permitted, uint64_t ambient) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                drop(bounding, permitted, ambient);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_drop(_unused_ void **state) {
        const uint64_t have = status_set("CapEff") & status_set("CapBnd");
        const uint64_t low = have & -have, high = have ? BIT(63 - __builtin_clzll(have)) : 0;

        if (!(have & BIT(CAP_SETPCAP)) || low == high)
                skip();
        in_child(0, 0, 0);
        in_child(low | high, low | high, high);
        in_child(have, have, have);
        in_child(high, low, 0);
        in_child(low, high | low, low);
}

static void test_refused(_unused_ void **state) {
        const uint64_t bounding = status_set("CapBnd");
        pid_t pid;
        int status;

        if (!bounding)
                skip();
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                expect_result("nothing is left", capability_set(&(CapabilitySets) {}), 0);
                expect_result("bounding", capability_drop_bounding(0), -EPERM);
                expect_result("sets", capability_set(&(CapabilitySets) { BIT(CAP_KILL), BIT(CAP_KILL), 0 }), -EPERM);
                expect_result("ambient", capability_set_ambient(BIT(CAP_KILL)), -EPERM);
                expect_number("CapBnd", status_set("CapBnd"), bounding);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

/* A filter that denies prctl(2) denies the question, too. Without an answer, all capabilities of the headers count. */
static void test_count_denied(_unused_ void **state) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { ELEMENTSOF(code), code };
        int status;
        pid_t pid;

        if (prctl(PR_GET_SECCOMP) < 0)
                skip(); /* as under qemu-user */
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                        _exit(1);
                _exit(capability_count() == CAP_LAST_CAP + 1 ? 0 : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_get),  cmocka_unit_test(test_count), cmocka_unit_test(test_names),
                cmocka_unit_test(test_drop), cmocka_unit_test(test_refused),
                cmocka_unit_test(test_count_denied),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
