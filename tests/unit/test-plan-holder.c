/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has the limits: a unit of systemd, a delegated cgroup or a pool, and what each of them cannot enforce. */
#include "plan-fixture.h"

#include <errno.h>

static void check_without_manager(PlanFixture *f, const Directive *d) {
        char lines[256], message[64];

        snprintf(lines, sizeof(lines), "%s=%s", d->name, d->example);
        snprintf(message, sizeof(message), "error: test.conf:1: %s=: cannot be enforced: ", d->name);
        plan_expect_error(f, lines, EOPNOTSUPP, message);
        snprintf(message, sizeof(message), "(the line Optional=%s runs without it)\n", d->name);
        expect_in(lines, log_text(&f->log), message);

        snprintf(lines, sizeof(lines), "%s=%s\nOptional=%s", d->name, d->example, d->name);
        snprintf(message, sizeof(message), "notice: test.conf:1: %s=: not enforced: ", d->name);
        plan_expect_notice(f, lines, message);
        expect_number(lines, f->plan->n_properties, 0);
}

static void test_no_manager(void **state) {
        PlanFixture *f = *state;

        f->host.system_manager = false;
        plan_expect_notice(f, "", "cannot reach the system's service manager, so the instance is not a unit");
        f->request.manager = MANAGER_SYSTEM; /* it was asked for by --system */
        plan_expect_error(f, "", EHOSTUNREACH, "--system: isorun cannot reach the system's service manager (isoctl doctor says");
        f->request.no_scope = true;
        plan_expect_good(f, "");
        f->request = (PlanRequest) { .name = "unit-1", .policy = "unit" };
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (directive_table[id].section == SECTION_SCOPE)
                        check_without_manager(f, &directive_table[id]);
        /* The cause is told once. */
        plan_expect_notice(f, "TasksMax=5\nOptional=TasksMax", "isorun cannot reach the system's service manager, ");
        expect_not_in("no limit", log_text(&f->log), "is not a unit");
        plan_expect_notice(f, "", "cannot reach the system's service manager");
}

static void test_no_scope(void **state) {
        PlanFixture *f = *state;

        f->request.no_scope = true;
        plan_expect_error(f, "TasksMax=5\n", EOPNOTSUPP, "with --no-scope there is no unit that could enforce it");
        plan_expect_good(f, "");
        assert_int_equal(f->plan->holder, HOLDER_NONE);
}

static void test_managers(void **state) {
        static const struct {
                uid_t uid;
                ManagerChoice manager;
                bool system, user;
                PlanHolder holder;
                bool user_manager;
        } cases[] = {
                { 0, MANAGER_AUTO, true, true, HOLDER_SCOPE, false },
                { 0, MANAGER_USER, true, true, HOLDER_SCOPE, true },
                { 0, MANAGER_AUTO, false, true, HOLDER_NONE, false },
                { 1000, MANAGER_AUTO, true, true, HOLDER_SCOPE, true },
                { 1000, MANAGER_SYSTEM, true, false, HOLDER_SCOPE, false },
                { 1000, MANAGER_AUTO, true, false, HOLDER_NONE, true },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.uid = f->host.gid = cases[i].uid;
                f->request.manager = cases[i].manager;
                f->host.system_manager = cases[i].system;
                f->host.user_manager = cases[i].user;
                plan_make(f, "");
                assert_int_equal(f->result, 0);
                expect_number("holder", f->plan->holder, cases[i].holder);
                expect_number("user manager", f->plan->user_manager, cases[i].user_manager);
                expect_text("unit", f->plan->unit, "isorun-unit-1.scope");
        }
}

/* A process that a unit's program has put below its cgroup stays there, unless a manager is chosen. */
static void test_unit_around(void **state) {
        static const struct {
                const char *cgroup;
                ManagerChoice manager;
                PlanHolder holder;
        } cases[] = {
                { "/system.slice/slurmstepd.scope/job_7/step_0/user/task_0", MANAGER_AUTO, HOLDER_NONE },
                { "/system.slice/slurmstepd.scope/job_7/step_0/user/task_0", MANAGER_USER, HOLDER_SCOPE },
                { "/user.slice/user-7.slice/user@7.service/app.slice/box.service/a", MANAGER_AUTO, HOLDER_NONE },
                { "/user.slice/user-7.slice/user@7.service/app.slice/term.scope", MANAGER_AUTO, HOLDER_SCOPE },
                { "/user.slice/user-7.slice/session-3.scope", MANAGER_AUTO, HOLDER_SCOPE },
                { "/system.slice/cron.service", MANAGER_AUTO, HOLDER_SCOPE },
                { "/system.slice/shop.service/.control", MANAGER_AUTO, HOLDER_SCOPE },
                { "/box/init", MANAGER_AUTO, HOLDER_SCOPE },
                { "/", MANAGER_AUTO, HOLDER_SCOPE },
                { NULL, MANAGER_AUTO, HOLDER_SCOPE },
        };
        PlanFixture *f = *state;

        f->host.uid = f->host.gid = 7;
        f->host.user_manager = true;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.cgroup = (char *) cases[i].cgroup;
                f->request.manager = cases[i].manager;
                plan_make(f, "");
                assert_int_equal(f->result, 0);
                expect_number(cases[i].cgroup, f->plan->holder, cases[i].holder);
        }
        f->host.cgroup = (char *) cases[0].cgroup;
        plan_expect_notice(f, "", "isorun stays in its cgroup, which the program of slurmstepd.scope has made, so the "
                                  "instance is not a unit (--user asks for one)");
        plan_expect_error(f, "TasksMax=5\n", EOPNOTSUPP, "isorun stays in its cgroup");
}

/* A user's manager accepts directives that need a BPF program, but enforces nothing. */
static void test_user_manager_has_no_bpf(void **state) {
        PlanFixture *f = *state;

        f->host.uid = f->host.gid = 1000;
        plan_expect_error(f, "IPAddressDeny=any\n", EOPNOTSUPP, "a user's systemd accepts it but does not enforce it");
        plan_expect_notice(f, "IPAddressDeny=any\nOptional=IPAddressDeny\n", "IPAddressDeny=: not enforced: ");
        plan_expect_good(f, "MemoryMax=1M\n");
}

static void test_own_unit(void **state) {
        PlanFixture *f = *state;

        f->host.unit = (char *) "shop.service";
        f->host.cgroup = (char *) "/system.slice/shop.service";
        plan_expect_good(f, "MemoryMax=1M\n");
        assert_int_equal(f->plan->holder, HOLDER_SERVICE);
        expect_text("unit", f->plan->unit, "shop.service");
        assert_false(f->plan->user_manager);

        f->host.cgroup = (char *) "/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service";
        plan_expect_good(f, "MemoryMax=1M\n");
        assert_true(f->plan->user_manager);
}

static void make_cgroup(PlanFixture *f, const char *name, const char *controllers, const char *on, const char *procs) {
        const char *const files[][2] = { { "cgroup.controllers", controllers }, { "cgroup.subtree_control", on },
                                         { "cgroup.procs", procs }, { "cgroup.type", "domain\n" } };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *path = format("cgroup%s/%s", name, files[i][0]);

                assert_non_null(path);
                temp_text(f->dir, path, files[i][1]);
        }
}

/* Without systemd, with a delegated cgroup: isorun's own if it has no processes, otherwise its parent. */
static void test_delegated_cgroup(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX];

        make_cgroup(f, "/ours", "cpu memory pids\n", "\n", "");
        make_cgroup(f, "/ours/leaf", "cpu memory pids\n", "\n", "4711\n");
        make_cgroup(f, "/empty", "memory pids\n", "\n", "");
        f->host.system_manager = false;
        f->host.cgroup_root = (char *) temp_path(path, f->dir, "cgroup");
        f->host.cgroup = (char *) "/ours/leaf";
        plan_make(f, "MemoryMax=1M\nTasksMax=5\n");
        assert_int_equal(f->result, 0);
        assert_int_equal(f->plan->holder, HOLDER_CGROUP);
        expect_text("cgroup", f->plan->cgroup, "/ours");
        plan_make(f, "Optional=MemoryMax\nMemoryMax=1M\n");
        expect_text("the cgroup that holds what is optional, too", f->plan->cgroup, "/ours");

        f->host.cgroup = (char *) "/empty";
        plan_make(f, "MemoryMax=1M\n");
        expect_text("cgroup", f->plan->cgroup, "/empty");
        plan_expect_good(f, "Delegate=yes\n");
        assert_true(f->plan->delegate && f->plan->inner_cgroup);
        plan_expect_error(f, "CPUQuota=10%\n", EOPNOTSUPP, "CPUQuota=: cannot be enforced: ");
        plan_expect_error(f, "MemoryMax=1M\nKillMode=mixed\n", EOPNOTSUPP, "KillMode=: cannot be enforced: ");
        plan_expect_error(f, "MemoryMax=1M\nIPAddressDeny=any\n", EOPNOTSUPP, "IPAddressDeny=: cannot be enforced: ");
}

static int in_a_container(char **ret) {
        *ret = strdup("/box/init.scope");
        return *ret ? 0 : -ENOMEM;
}

/* Where the cgroups of a pool are, and whether the caller may make processes there. */
static void test_pool(void **state) {
        static const struct {
                uid_t uid;
                const char *cgroup, *lines, *place;
                bool by_bus;
        } cases[] = {
                { 0, "/user.slice/session-1.scope", "Pool=a", "/isorun.slice/isorun_pool-a.scope/instances" },
                { 0, NULL, "Pool=a-b\nSlice=x-y.z-w.slice",
                  "/x.slice/x-y.z.slice/x-y.z-w.slice/isorun_pool-a-b.scope/instances" },
                { 0, "/", "Pool=a\nSlice=-.slice", "/isorun_pool-a.scope/instances" },
                { 1000, "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "Pool=a",
                  "/user.slice/user-1000.slice/user@1000.service/isorun.slice/isorun_pool-a.scope/instances" },
                { 1000, "/user.slice/user-1000.slice/session-1.scope", "Pool=a",
                  "/user.slice/user-1000.slice/user@1000.service/isorun.slice/isorun_pool-a.scope/instances", true },
                { 1000, "/system.slice/user@1000.service/x", "Pool=a",
                  "/user.slice/user-1000.slice/user@1000.service/isorun.slice/isorun_pool-a.scope/instances", true },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.uid = f->host.gid = cases[i].uid;
                f->host.cgroup = (char *) cases[i].cgroup;
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->holder, HOLDER_POOL);
                expect_text(cases[i].lines, f->plan->cgroup, cases[i].place);
                expect_number(cases[i].lines, f->plan->pool_by_bus, cases[i].by_bus);
                expect_number(cases[i].lines, f->plan->bus_sockets != NULL, cases[i].by_bus);
        }
        f->host.uid = f->host.gid = 0;
        f->host.find_init_cgroup = in_a_container;
        plan_expect_good(f, "Pool=a");
        expect_text("in a container", f->plan->cgroup, "/box/isorun.slice/isorun_pool-a.scope/instances");
}

static int ask_delegated(const char *unit) {
        return streq(unit, "unknown.service");
}

/* A process in a service with Delegate=yes has its pools there. */
static void test_pool_in_service(void **state) {
        static const struct {
                uid_t uid;
                const char *cgroup, *place, *unit;
                bool of_user;
        } cases[] = {
                { 0, "/system.slice/runner.service", "/system.slice/runner.service/isorun_pool-a", "runner.service" },
                { 0, "/a.slice/a-b.slice/runner.service/callers/x", "/a.slice/a-b.slice/runner.service/isorun_pool-a",
                  "runner.service" },
                { 1000, "/system.slice/my-runner.service", "/system.slice/my-runner.service/isorun_pool-a",
                  "my-runner.service" },
                { 1000, "/user.slice/user-1000.slice/user@1000.service/app.slice/my-runner.service/x",
                  "/user.slice/user-1000.slice/user@1000.service/app.slice/my-runner.service/isorun_pool-a",
                  "my-runner.service", true },
                { 1000, "/user.slice/user-1000.slice/user@1000.service/app.slice/unknown.service",
                  "/user.slice/user-1000.slice/user@1000.service/app.slice/unknown.service/isorun_pool-a",
                  "unknown.service", true },
                /* another user's; none; no service */
                { 0, "/system.slice/my-runner.service", "/isorun.slice/isorun_pool-a.scope/instances",
                  "isorun_pool-a.scope" },
                { 0, "/system.slice/unknown.service", "/isorun.slice/isorun_pool-a.scope/instances",
                  "isorun_pool-a.scope" },
                { 0, "/system.slice/other.service", "/isorun.slice/isorun_pool-a.scope/instances", "isorun_pool-a.scope" },
        };
        PlanFixture *f = *state;

        f->host.ask_delegated = ask_delegated;
        f->host.cgroup_root = (char *) "/sys/fs/cgroup";
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.uid = f->host.gid = cases[i].uid;
                f->host.cgroup = (char *) cases[i].cgroup;
                plan_expect_good(f, "Pool=a");
                expect_number(cases[i].cgroup, f->plan->holder, HOLDER_POOL);
                expect_text(cases[i].cgroup, f->plan->cgroup, cases[i].place);
                expect_text(cases[i].cgroup, f->plan->pool, cases[i].unit);
                expect_number(cases[i].cgroup, f->plan->user_manager, cases[i].of_user);
                expect_number(cases[i].cgroup, f->plan->pool_by_bus, false);
        }
        f->host.uid = f->host.gid = 0;
        f->host.cgroup = (char *) "/system.slice/x.scope/runner.service"; /* no service */
        plan_expect_error(f, "Pool=a", EOPNOTSUPP, "Pool=: cannot be enforced: isorun stays in its cgroup");
        f->host.cgroup = (char *) "/system.slice/runner.service";
        plan_expect_error(f, "Pool=a\nSlice=x.slice", EOPNOTSUPP, "Slice=: cannot be enforced: ");
        plan_expect_error(f, "Pool=a\nIPAddressDeny=any", EOPNOTSUPP, "the service that the pool is in can");
        f->host.unit = (char *) "runner.service";
        plan_expect_error(f, "Pool=a", EOPNOTSUPP, "isorun is the main process of a service");
}

static int say_undelegated(_unused_ const char *unit) {
        return 0;
}

static int fail_to_ask(_unused_ const char *unit) {
        return -ECONNREFUSED;
}

/* Only what the user's manager has answered is noted on the cgroup: then no later start asks again. */
static void test_pool_note(void **state) {
        static const char of_user[] = "/user.slice/user-1000.slice/user@1000.service/unknown.service",
                          of_system[] = "/system.slice/unknown.service";
        const struct {
                const char *cgroup;
                int (*ask)(const char *unit);
                const char *noted;
        } cases[] = {
                { of_user, say_undelegated, of_user },
                { of_user, fail_to_ask, "nothing" },
                { of_user, NULL, "nothing" },
                { of_system, say_undelegated, "nothing" },
        };
        PlanFixture *f = *state;

        f->host.cgroup_root = (char *) "/sys/fs/cgroup";
        f->host.uid = f->host.gid = 1000;
        f->host.user_manager = true;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.cgroup = (char *) cases[i].cgroup;
                f->host.ask_delegated = cases[i].ask;
                plan_expect_good(f, "Pool=a");
                expect_text(cases[i].cgroup, f->plan->pool, "isorun_pool-a.scope");
                expect_text(cases[i].cgroup, f->plan->pool_undelegated ?: "nothing", cases[i].noted);
        }
}

/* Only systemd can hold these, and an instance in a pool is no unit. */
static void test_pool_lacks(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "Pool=a\nMemoryMax=1M\nDelegate=yes\nSlice=a.slice");
        expect_number("properties of the instance", f->plan->n_properties, 2);
        plan_expect_error(f, "Pool=a\nIPAddressDeny=any", EOPNOTSUPP, "test.conf:2: IPAddressDeny=: cannot be enforced: ");
        plan_expect_error(f, "Pool=a\nRuntimeMaxSec=1", EOPNOTSUPP, "test.conf:2: RuntimeMaxSec=: cannot be enforced: ");
        plan_expect_error(f, "Pool=a\nAfter=a.service", EOPNOTSUPP, "test.conf:2: After=: cannot be enforced: ");
        f->request.no_scope = true;
        plan_expect_error(f, "Pool=a", EOPNOTSUPP, "test.conf:1: Pool=: cannot be enforced: with --no-scope");
        plan_expect_notice(f, "Pool=a\nOptional=Pool", "Pool=: not enforced: with --no-scope");
        f->request.no_scope = false;
        f->host.unit = (char *) "shop.service";
        f->host.cgroup = (char *) "/system.slice/shop.service";
        plan_expect_error(f, "Pool=a", EOPNOTSUPP, "isorun is the main process of a service");
}

/* A payload that can mount sees its cgroup namespace, which must not contain the cgroup with the limits. */
static void test_inner_cgroup(void **state) {
        static const struct {
                const char *lines;
                bool inner;
        } cases[] = {
                { "MemoryMax=1M" },
                { "MemoryMax=1M\nDelegate=yes", true },
                { "MemoryMax=1M\nDelegate=no" },
                { "Nesting=yes", true },
                { "RestrictNamespaces=no", true },
                { "RestrictNamespaces=user", true },
                { "Nesting=yes\nRestrictNamespaces=yes" },
                { "RestrictNamespaces=mnt cgroup" },
                { "CapabilityBoundingSet=CAP_SYS_ADMIN", true },
        };
        PlanFixture *f = *state;

        f->host.uid = 1000;
        f->host.user_manager = true;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->inner_cgroup, cases[i].inner);
        }
        f->host.user_manager = f->host.system_manager = false;
        plan_make(f, "Nesting=yes\n");
        assert_false(f->plan->inner_cgroup);
}

/* isoctl check: a limit whose controller the service manager does not have. */
static void test_controllers(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX], user[128];

        snprintf(user, sizeof(user), "/user.slice/user-%u.slice/user@%u.service", 1000U, 1000U);
        make_cgroup(f, "", "cpu io memory pids\n", "\n", "");
        make_cgroup(f, user, "memory pids\n", "\n", "");
        f->host.cgroup_root = (char *) temp_path(path, f->dir, "cgroup");
        f->request.only_plan = true;
        plan_expect_good(f, "MemoryMax=1M\nTasksMax=5\nCPUQuota=10%\nIPAddressDeny=any\nRuntimeMaxSec=5");
        plan_expect_error(f, "AllowedCPUs=0", EOPNOTSUPP, "test.conf:1: AllowedCPUs=: cannot be enforced: the kernel does "
                                                          "not have the cgroup controller");
        f->request.manager = MANAGER_USER;
        f->host.uid = 1000;
        f->host.user_manager = true;
        plan_expect_good(f, "MemoryMax=1M\nTasksMax=5");
        plan_expect_error(f, "CPUQuota=10%", EOPNOTSUPP, "CPUQuota=: cannot be enforced: your service manager does not have "
                                                         "the cgroup controller");
        f->request.only_plan = false;
        plan_expect_good(f, "CPUQuota=10%");
}

/* All limits that a host lacks are one error, whose hint is for those who read it. */
static void test_lacking(void **state) {
        PlanFixture *f = *state;

        f->request.no_scope = true;
        plan_expect_error(f, "MemoryMax=1M\nTasksMax=5\nCPUQuota=10%", EOPNOTSUPP,
                          "error: test.conf:1: MemoryMax=, line 2: TasksMax=, line 3: CPUQuota=: cannot be enforced: with "
                          "--no-scope there is no unit that could enforce it (the line Optional=MemoryMax TasksMax CPUQuota runs without "
                          "them)\n");
        expect_number("errors", f->log.report.n_errors, 1);
        f->request.typed = true;
        plan_expect_error(f, "MemoryMax=1M\nTasksMax=5", EOPNOTSUPP,
                          "(-p \"Optional=MemoryMax TasksMax\" runs without them)\n");
        plan_expect_error(f, "MemoryMax=1M", EOPNOTSUPP, "(-p Optional=MemoryMax runs without it)\n");
        f->host.unit = (char *) "web.service";
        f->host.cgroup = (char *) "/system.slice/web.service";
        plan_expect_error(f, "Pool=a", EOPNOTSUPP, "(the line Optional=Pool runs without it)\n");
        f->host.unit = f->host.cgroup = NULL; /* they are literals */

        f->request.explain = true;
        plan_expect_notice(f, "MemoryMax=1M\nTasksMax=5\nCPUQuota=10%\nOptional=CPUQuota",
                           "notice: test.conf:1: MemoryMax=, line 2: TasksMax=: a start on this host would be refused: with "
                           "--no-scope there is no unit that could enforce it\n");
        expect_in("the plan", plan_shown(f), "MemoryMax=1M\n");
        expect_number("properties", f->plan->n_properties, 2);
        plan_expect_notice(f, "Register=yes", "notice: test.conf:1: Register=: a start on this host would be refused: ");
}

static void test_swap(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "MemoryMax=32M");
        expect_in("swap", plan_shown(f), "MemorySwapMax=none: the payload may use all swap, in addition to MemoryMax=\n");
        plan_expect_good(f, "MemoryMax=32M\nMemorySwapMax=0");
        assert_null(strstr(plan_shown(f), "may use all swap"));
        plan_expect_good(f, "MemoryMax=infinity");
        assert_null(strstr(plan_shown(f), "may use all swap"));

        /* One message for both. */
        f->request.no_scope = true;
        plan_expect_notice(f, "MemoryMax=32M\nMemorySwapMax=0\nOptional=MemoryMax MemorySwapMax", "MemoryMax=: not enforced");
        assert_null(strstr(log_text(&f->log), "MemorySwapMax=:"));
        plan_expect_notice(f, "MemorySwapMax=0\nOptional=MemorySwapMax", "MemorySwapMax=: not enforced");
        plan_expect_notice(f, "MemoryMax=32M\nTasksMax=5\nOptional=MemoryMax TasksMax",
                           "notice: test.conf:1: MemoryMax=, TasksMax=: not enforced: with --no-scope there is no unit that "
                           "could enforce it\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_no_manager),
                IN_PLAN(test_no_scope),
                IN_PLAN(test_managers),
                IN_PLAN(test_unit_around),
                IN_PLAN(test_user_manager_has_no_bpf),
                IN_PLAN(test_own_unit),
                IN_PLAN(test_delegated_cgroup),
                IN_PLAN(test_inner_cgroup),
                IN_PLAN(test_pool), IN_PLAN(test_pool_in_service), IN_PLAN(test_pool_note),
                IN_PLAN(test_pool_lacks),
                IN_PLAN(test_controllers),
                IN_PLAN(test_lacking),
                IN_PLAN(test_swap),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
