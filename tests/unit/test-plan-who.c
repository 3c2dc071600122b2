/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ids, namespaces and capabilities. */
#include "plan-fixture.h"

#include <errno.h>
#include <linux/sched.h>

static void test_users(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateUsers=no\n");
        expect_map("uids", &f->plan->uid_map, "");
        assert_false(f->plan->namespaces & CLONE_NEWUSER);
        plan_expect_good(f, "User=12345\nGroup=54321\n");
        assert_true(f->plan->set_ids);
        assert_int_equal(f->plan->uid, 12345);
        assert_int_equal(f->plan->gid, 54321);
        assert_int_equal(f->plan->n_groups, 0);
        plan_expect_good(f, "User=ada\n");
        assert_int_equal(f->plan->uid, 1815);
        assert_int_equal(f->plan->gid, 1852);
        assert_int_equal(f->plan->n_groups, 2);
        assert_int_equal(f->plan->groups[1], 1843);
        plan_expect_good(f, "User=1815\nGroup=engines\n");
        assert_int_equal(f->plan->gid, 1843);
        plan_expect_error(f, "User=no-such-user-here\n", ESRCH, "User=: no such user: \"no-such-user-here\"");
        plan_expect_error(f, "Group=no-such-group-here\n", ESRCH, "Group=: no such group: \"no-such-group-here\"");

        f->host.capabilities &= ~(UINT64_C(1) << CAP_SETFCAP);
        plan_expect_error(f, "", EPERM, "CAP_SETFCAP");
        f->host.capabilities_error = EACCES;
        plan_expect_error(f, "", EACCES, "cannot read this process's capabilities: Permission denied (a system call "
                          "filter around it may deny capget)");
}

static void test_users_of_others(void **state) {
        PlanFixture *f = *state;

        f->host.uid = 1000;
        f->host.gid = 100;
        f->host.capabilities = 0;
        plan_expect_error(f, "PrivateUsers=identity\n", EPERM,
                          "test.conf:1: PrivateUsers=: \"identity\" works only for root");
        plan_expect_error(f, "PrivateUsers=no\n", EPERM, "test.conf:1: PrivateUsers=: \"no\" works only for root");
        plan_expect_error(f, "User=12345\n", EPERM, "only root can run a sandbox as another user");
        plan_expect_error(f, "Group=12345\n", EPERM, "test.conf:1: Group=: only root can run");
        plan_expect_good(f, "User=1000\nGroup=100\n");
        assert_false(f->plan->set_ids);
        expect_map("map", &f->plan->uid_map, "1000 1000 1");
        expect_map("map", &f->plan->gid_map, "100 100 1");
        assert_true(f->plan->deny_setgroups);
}

static void test_namespaces(void **state) {
        const uint64_t always = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS;
        PlanFixture *f = *state;

        plan_expect_good(f, "");
        expect_number("all", f->plan->namespaces, always | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC);
        expect_number("inner", f->plan->inner_namespaces, 0);
        plan_expect_good(f, "PrivateNetwork=no\nPrivateIPC=no\nPrivateUsers=no\n");
        expect_number("least", f->plan->namespaces, always);
        plan_expect_good(f, "CapabilityBoundingSet=CAP_SYS_ADMIN\n");
        expect_number("outer", f->plan->namespaces, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
        expect_number("inner", f->plan->inner_namespaces,
                      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
}

static void test_capability_sets(void **state) {
        static const struct {
                const char *lines;
                uint64_t bounding, ambient;
        } cases[] = {
                { "", 0, 0 },
                { "CapabilityBoundingSet=CAP_CHOWN CAP_KILL", 1 << CAP_CHOWN | 1 << CAP_KILL, 0 },
                { "CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL",
                  1 << CAP_CHOWN | 1 << CAP_KILL, 0 },
                { "CapabilityBoundingSet=CAP_CHOWN CAP_KILL\nCapabilityBoundingSet=~CAP_KILL", 1 << CAP_CHOWN, 0 },
                { "CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=", 0, 0 },
                { "AmbientCapabilities=CAP_NET_BIND_SERVICE", 1 << CAP_NET_BIND_SERVICE, 1 << CAP_NET_BIND_SERVICE },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->bounding, cases[i].bounding);
                expect_number(cases[i].lines, f->plan->ambient, cases[i].ambient);
        }
        plan_expect_good(f, "CapabilityBoundingSet=~CAP_KILL\n");
        assert_false(f->plan->bounding & 1 << CAP_KILL);
        assert_true(f->plan->bounding & 1 << CAP_CHOWN);
}

static void test_capabilities_without_effect(void **state) {
        static const char *const bad[] = {
                "CapabilityBoundingSet=CAP_SYS_TIME",
                "CapabilityBoundingSet=CAP_CHOWN CAP_MKNOD",
                "AmbientCapabilities=CAP_SYS_MODULE",
                "PrivateNetwork=no\nCapabilityBoundingSet=CAP_NET_ADMIN",
                "PrivateNetwork=no\nAmbientCapabilities=CAP_NET_BIND_SERVICE",
        };
        static const char *const good[] = {
                "CapabilityBoundingSet=CAP_NET_ADMIN",
                "CapabilityBoundingSet=~CAP_SYS_TIME",
                "PrivateUsers=no\nCapabilityBoundingSet=CAP_SYS_TIME",
                "PrivateUsers=no\nPrivateNetwork=no\nCapabilityBoundingSet=CAP_NET_ADMIN",
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                plan_expect_error(f, bad[i], EPERM, " has no effect ");
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                plan_expect_good(f, good[i]);
        plan_expect_error(f, "PrivateUsers=no\nCapabilityBoundingSet=CAP_SYS_PTRACE\n", EPERM,
                          "the payload could use CAP_SYS_ADMIN or CAP_SYS_PTRACE to undo its sandbox");
        f->host.capabilities &= ~(UINT64_C(1) << CAP_CHOWN);
        plan_expect_error(f, "PrivateUsers=no\nCapabilityBoundingSet=CAP_KILL CAP_CHOWN\n", EPERM,
                          "test.conf:2: CapabilityBoundingSet=: the caller does not have CAP_CHOWN");
        plan_expect_good(f, "PrivateUsers=no\nCapabilityBoundingSet=~CAP_KILL CAP_SYS_ADMIN CAP_SYS_PTRACE\n");
        assert_false(f->plan->bounding & UINT64_C(1) << CAP_CHOWN);
        plan_expect_good(f, "CapabilityBoundingSet=CAP_CHOWN\n");
        f->host.initial_users = false; /* so PrivateUsers=no cannot help */
        plan_expect_error(f, "PrivateUsers=no\nCapabilityBoundingSet=CAP_SYS_TIME\n", EPERM, " has no effect ");
}

/* File capabilities that root's payload writes are valid on the host. */
static void test_file_capabilities(void **state) {
        static const struct {
                uid_t uid;
                const char *lines, *message; /* message: refused */
                bool chown, setfcap;         /* in the bounding set */
        } cases[] = {
                { 0, "CapabilityBoundingSet=CAP_CHOWN CAP_SETFCAP", "CapabilityBoundingSet=: if root starts the sandbox, CAP_SETFCAP" },
                { 0, "AmbientCapabilities=CAP_SETFCAP", "test.conf:1: AmbientCapabilities=: if root starts the sandbox, CAP_SETFCAP" },
                { 0, "PrivateUsers=no\nCapabilityBoundingSet=CAP_SETFCAP", "CapabilityBoundingSet=: if root starts the sandbox, CAP_SETFCAP" },
                { 0, "User=12345\nAmbientCapabilities=CAP_SETFCAP", "AmbientCapabilities=: if root starts the sandbox, CAP_SETFCAP" },
                { 0, "CapabilityBoundingSet=~CAP_KILL", NULL, true, false },
                { 0, "AmbientCapabilities=~CAP_KILL", NULL, true, false },
                { 0, "CapabilityBoundingSet=~CAP_CHOWN CAP_SETFCAP", NULL, false, false },
                { 0, "CapabilityBoundingSet=CAP_SETFCAP\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN", NULL,
                  true, false },
                { 1000, "CapabilityBoundingSet=CAP_SETFCAP", NULL, false, true },
                { 1000, "AmbientCapabilities=CAP_SETFCAP", NULL, false, true },
                { 1000, "CapabilityBoundingSet=~CAP_KILL", NULL, true, true },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_set_uid(f, cases[i].uid);
                if (cases[i].message) {
                        plan_expect_error(f, cases[i].lines, EPERM, cases[i].message);
                        expect_in(cases[i].lines, log_text(&f->log),
                                  "if root starts the sandbox, CAP_SETFCAP could make files that are privileged on the host");
                        continue;
                }
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->bounding >> CAP_CHOWN & 1, cases[i].chown);
                expect_number(cases[i].lines, f->plan->bounding >> CAP_SETFCAP & 1, cases[i].setfcap);
                if (!cases[i].setfcap)
                        expect_number(cases[i].lines, f->plan->ambient >> CAP_SETFCAP & 1, 0);
        }
}

/* The kernel lets the host's uid 0 write to /proc/sys without any capability. */
static void test_nesting_of_root(void **state) {
        static const struct {
                uid_t uid;
                const char *lines;
                bool refused;
        } cases[] = {
                { 0, "Nesting=yes", true },
                { 0, "Nesting=yes\nPrivateUsers=no", true },
                { 0, "Nesting=yes\nUser=0", true },
                { 0, "Nesting=yes\nGroup=65534", true },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=CAP_SETUID", true },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=CAP_CHOWN CAP_SETGID", true },
                { 0, "Nesting=yes\nUser=65534\nAmbientCapabilities=CAP_SETUID", true },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=~CAP_CHOWN", true },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=~CAP_SETUID", true },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=~CAP_SETUID CAP_SETGID" },
                { 0, "Nesting=yes\nUser=65534\nCapabilityBoundingSet=CAP_CHOWN" },
                { 0, "Nesting=yes\nUser=65534" },
                { 0, "Nesting=no" },
                { 0, "RestrictNamespaces=no" },
                { 1000, "Nesting=yes" },
                { 1000, "Nesting=yes\nCapabilityBoundingSet=CAP_SETUID CAP_SETGID" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_set_uid(f, cases[i].uid);
                if (cases[i].refused)
                        plan_expect_error(f, cases[i].lines, EPERM, "test.conf:1: Nesting=: the payload could write the host's /proc/sys, because it is the host's uid 0");
                else
                        plan_expect_good(f, cases[i].lines);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_users),
                IN_PLAN(test_users_of_others),
                IN_PLAN(test_namespaces),
                IN_PLAN(test_capability_sets),
                IN_PLAN(test_capabilities_without_effect),
                IN_PLAN(test_file_capabilities),
                IN_PLAN(test_nesting_of_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
