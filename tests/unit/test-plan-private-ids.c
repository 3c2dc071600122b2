/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans with more ids than the caller's: PrivateUsers=full, and the trees of isoctl build. */
#include "plan-fixture.h"

#include <errno.h>
#include <linux/sched.h>

static IdRange uids, gids;
static int ranges_result;

static int find_ranges(_unused_ uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        *ret_uids = uids;
        *ret_gids = gids;
        return ranges_result;
}

static int set_up(void **state) {
        PlanFixture *f;
        int r = plan_set_up(state);

        f = *state;
        f->host.find_ranges = find_ranges;
        uids = (IdRange) { 100000, 65536 };
        gids = (IdRange) { 200000, 1000 };
        ranges_result = 0;
        return r;
}

#define WITH_RANGES(test) cmocka_unit_test_setup_teardown(test, set_up, plan_tear_down)

static const PlanCall *find_call(const Plan *plan, const char *name) {
        for (size_t i = 0; i < plan->n_calls; i++)
                if (streq(plan->calls[i].name, name))
                        return &plan->calls[i];
        return NULL;
}

static bool has_rule(const Plan *plan, DirectiveId reason) {
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                if (plan->argument_rules[i].reason == reason)
                        return true;
        return false;
}

static void test_maps(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateUsers=full");
        expect_map("outer uids", &f->plan->uid_map, "0 0 1\n100000 100000 65536");
        expect_map("outer gids", &f->plan->gid_map, "0 0 1\n200000 200000 1000");
        expect_map("inner uids", &f->plan->inner_uid_map, "0 100000 65536");
        expect_map("inner gids", &f->plan->inner_gid_map, "0 200000 1000");
        assert_null(f->plan->uid_helper);
        assert_false(f->plan->deny_setgroups);
        expect_number("inner", f->plan->inner_namespaces,
                      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
        expect_number("outer", f->plan->namespaces, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
        expect_in("shown", plan_shown(f), "\nuid map=0 0 1,100000 100000 65536\n");
        expect_in("shown", plan_shown(f), "\ninner gid map=0 200000 1000\n");
}

static void test_ids(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateUsers=full");
        assert_true(f->plan->set_ids && f->plan->set_owner);
        expect_number("uid", f->plan->uid, 0);
        expect_number("groups", f->plan->n_groups, 0);
        expect_number("owner", f->plan->owner_uid, 100000);
        expect_number("owner", f->plan->owner_gid, 200000);
        expect_in("tmpfs", plan_shown(f), "\n/tmp=writable, in memory (mode=1777,uid=100000,gid=200000,size=64M)\n");
        expect_in("environment", plan_shown(f), "\nenvironment=HOME=/root\n");

        plan_expect_good(f, "PrivateUsers=full\nUser=5\nGroup=7");
        expect_number("uid", f->plan->uid, 5);
        expect_number("gid", f->plan->gid, 7);
        expect_number("owner", f->plan->owner_uid, 100005);
        plan_expect_error(f, "PrivateUsers=full\nUser=daemon", EINVAL, "error: test.conf:2: User=: with PrivateUsers=full");
        plan_expect_error(f, "PrivateUsers=full\nUser=65536", EINVAL, "error: test.conf:2: User=:");
        plan_expect_error(f, "PrivateUsers=full\nGroup=1000", EINVAL, "root or a number from 0 to 999,");
        plan_expect_error(f, "PrivateUsers=full\nUser=1000", EINVAL, "error: test.conf:2: User=:");
}

static void test_no_range(void **state) {
        PlanFixture *f = *state;

        uids.count = 0;
        plan_expect_error(f, "PrivateUsers=full", ENOENT,
                          "error: test.conf:1: PrivateUsers=: \"full\" is not available: USER has no subordinate ids "
                          "in /etc/subuid (as root, add 65536 unused ids: usermod --add-subuids");
        uids.count = 65536;
        gids.count = 1;
        plan_expect_error(f, "PrivateUsers=full", ENOENT, "in /etc/subgid (");
        ranges_result = -ELIBACC;
        plan_expect_error(f, "PrivateUsers=full", ENOENT, "isorun cannot load libsubid");
}

/* The payload would get root's or the caller's rights. */
static void test_range_of_root(void **state) {
        static const IdRange bad[] = { { 0, 65536 }, { 1000, 10 }, { 991, 10 } };
        PlanFixture *f = *state;

        plan_set_uid(f, 1000);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                uids = bad[i];
                plan_expect_error(f, "PrivateUsers=full", ENOENT, "contains the caller's own id or 0");
        }
        plan_set_uid(f, 0);
        uids = (IdRange) { 100000, 65536 };
        gids = (IdRange) { 0, 65536 };
        plan_expect_error(f, "PrivateUsers=full", ENOENT, "contains the caller's own id or 0");
}

/* The defaults that prevent the use of a private range do not apply; lines of the policy do. */
static void test_lifted(void **state) {
        static const DirectiveId lifted[] = { D_RestrictNamespaces, D_RestrictSUIDSGID, D_ProtectHostname };
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateUsers=full");
        assert_true(f->plan->bounding & UINT64_C(1) << CAP_SYS_ADMIN);
        assert_true(f->plan->bounding & UINT64_C(1) << CAP_SETFCAP);
        expect_number("mount", find_call(f->plan, "mount")->error, 0);
        expect_number("Landlock", f->plan->landlock_files, 0);
        assert_true(f->plan->landlock_scope);
        for (size_t i = 0; i < ELEMENTSOF(lifted); i++)
                assert_false(has_rule(f->plan, lifted[i]));
        assert_true(has_rule(f->plan, D_RestrictRealtime));

        plan_expect_good(f, "PrivateUsers=full\nRestrictNamespaces=yes\nRestrictSUIDSGID=yes\nProtectHostname=yes\n"
                            "CapabilityBoundingSet=CAP_CHOWN\nSystemCallFilter=@system-service\nSystemCallFilter=~@mount");
        expect_number("bounding", f->plan->bounding, UINT64_C(1) << CAP_CHOWN);
        expect_number("mount", find_call(f->plan, "mount")->error, EPERM);
        for (size_t i = 0; i < ELEMENTSOF(lifted); i++)
                assert_true(has_rule(f->plan, lifted[i]));
        assert_true(f->plan->landlock_files);
        assert_true(f->plan->inner_namespaces & CLONE_NEWUSER);

        plan_expect_error(f, "PrivateUsers=full\nCapabilityBoundingSet=CAP_SYS_TIME", EPERM, "CAP_SYS_TIME has no effect");
        plan_expect_error(f, "PrivateUsers=full\nDelegate=yes", EINVAL, "error: test.conf:2: Delegate=:");
        plan_expect_error(f, "PrivateUsers=full\nProcSubset=pid", EINVAL, "ProcSubset=:");
}

/* Uid 0 of a private range is not the machine's root. */
static void test_own_root(void **state) {
        PlanFixture *f = *state;

        plan_expect_error(f, "Nesting=yes", EPERM, "the payload could write the host's /proc/sys");
        f->host.own_root = true;
        f->host.initial_users = false;
        plan_expect_good(f, "Nesting=yes\nCapabilityBoundingSet=CAP_SETFCAP");
        expect_number("bounding", f->plan->bounding, UINT64_C(1) << CAP_SETFCAP);
        plan_expect_error(f, "Nesting=yes\nPrivateIPC=no", EPERM, "the payload could write the host's /proc/sys");
        plan_expect_error(f, "CapabilityBoundingSet=CAP_SETFCAP", EPERM, "CAP_SETFCAP could make files that are privileged");
}

static void test_tree(void **state) {
        PlanFixture *f = *state;

        f->request.writable_root = true;
        plan_expect_good(f, "");
        assert_false(f->plan->mounts[0].attributes.read_only);
        assert_true(f->plan->set_ids);
        expect_map("inner uids", &f->plan->inner_uid_map, "");
        expect_in("shown", plan_shown(f), "\n/=writable ");
        plan_expect_error(f, "RootDirectory=/", EPERM,
                          "error: test.conf:1: RootDirectory=: refused: --root is this machine's own root");
        plan_expect_error(f, "RootDirectory=%h/file", EINVAL, "is not a single directory");
        plan_expect_error(f, "User=5", EINVAL,
                          "error: test.conf:1: User=: cannot be set in a build: the command runs as the tree's root");
        plan_expect_error(f, "PrivateUsers=full", EINVAL, "\"full\" does not work in a build");
}

static void test_tree_of_user(void **state) {
        PlanFixture *f = *state;

        f->request.writable_root = true;
        plan_set_uid(f, 1000);
        if (access("/usr/bin/newuidmap", X_OK) == 0) {
                plan_expect_good(f, "");
                expect_map("uids", &f->plan->uid_map, "0 1000 1\n1 100000 65536");
                expect_map("gids", &f->plan->gid_map, "0 1000 1\n1 200000 1000");
                assert_true(f->plan->set_ids && !f->plan->deny_setgroups);
        }
        uids.count = 0;
        plan_expect_notice(f, "", "notice: this build has only one user, root: ");
        expect_map("uids", &f->plan->uid_map, "0 1000 1");
        assert_true(f->plan->deny_setgroups && !f->plan->set_ids);
        assert_null(f->plan->uid_helper);
}

/* promise P63 */
static void test_subordinate(void **state) {
        PlanFixture *f = *state;

        plan_expect_error(f, "PrivateUsers=subordinate", EINVAL, "\"subordinate\" is for users");
        plan_set_uid(f, 1000);
        if (access("/usr/bin/newuidmap", X_OK) < 0)
                skip();
        plan_expect_good(f, "PrivateUsers=subordinate");
        expect_map("uids", &f->plan->uid_map, "0 1000 1\n1 100000 65536");
        expect_map("gids", &f->plan->gid_map, "0 1000 1\n1 200000 1000");
        expect_map("inner uids", &f->plan->inner_uid_map, "");
        assert_true(f->plan->set_ids && !f->plan->deny_setgroups && !f->plan->set_owner);
        expect_number("uid", f->plan->uid, 0);
        expect_number("bounding", f->plan->bounding, 0);
        assert_true(has_rule(f->plan, D_RestrictNamespaces));
        expect_in("environment", plan_shown(f), "\nenvironment=HOME=/root\n");

        /* The same number as the caller's, and another user: it must not have the caller's keyring. */
        plan_expect_good(f, "PrivateUsers=subordinate\nUser=1000\nGroup=1000");
        assert_true(f->plan->keyring);

        plan_expect_good(f, "PrivateUsers=subordinate\nUser=65536\nGroup=7");
        assert_true(f->plan->set_owner);
        expect_number("uid", f->plan->uid, 65536);
        expect_number("owner", f->plan->owner_uid, 65536);
        expect_number("owner", f->plan->owner_gid, 7);
        plan_expect_error(f, "PrivateUsers=subordinate\nUser=daemon", EINVAL,
                          "error: test.conf:2: User=: with PrivateUsers=subordinate, use root or a number from 0 to 65536,");
        plan_expect_error(f, "PrivateUsers=subordinate\nUser=5\nGroup=1001", EINVAL, "root or a number from 0 to 1000,");
        plan_expect_error(f, "PrivateUsers=subordinate\nCapabilityBoundingSet=CAP_SYS_ADMIN", EINVAL,
                          "\"subordinate\" does not work with CAP_SYS_ADMIN");
        uids.count = 0;
        plan_expect_error(f, "PrivateUsers=subordinate", ENOENT, "\"subordinate\" is not available: ");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_RANGES(test_maps),   WITH_RANGES(test_ids),           WITH_RANGES(test_no_range),
                WITH_RANGES(test_lifted), WITH_RANGES(test_range_of_root), WITH_RANGES(test_own_root),
                WITH_RANGES(test_tree),   WITH_RANGES(test_tree_of_user),  WITH_RANGES(test_subordinate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
