/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload starts with: environment, notify socket, limits of the process, command, directory, terminals. */
#include "plan-fixture.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/wait.h>

static void test_environment(void **state) {
        PlanFixture *f = *state;

        f->environment[3] = (char *) "SECRET_TOKEN=x";
        f->environment[4] = (char *) "LC_TIME=yy";
        f->environment[5] = (char *) "LISTEN_FDS=2";
        f->environment[6] = (char *) "LISTEN_PID=4711";
        plan_expect_good(f, "Environment=B=1 A=2\nEnvironment=A=3\nPassEnvironment=SSL_CERT_FILE NOT_THERE\n"
                            "UnsetEnvironment=HOME B=2\n");
        expect_in("environment", plan_shown(f), "environment=LANG=xx_XX\n");
        expect_in("environment", plan_shown(f), "environment=LC_TIME=yy\n");
        expect_in("environment", plan_shown(f), "environment=SSL_CERT_FILE=/certificates\n");
        expect_in("environment", plan_shown(f), "environment=A=3\n");
        expect_in("environment", plan_shown(f), "environment=B=1\n");
        expect_in("environment", plan_shown(f), "environment=PATH=/usr/local/sbin:");
        expect_in("environment", plan_shown(f), "environment=LISTEN_FDS=2\n");
        expect_not_in("environment", plan_shown(f), "HOME=");
        expect_not_in("environment", plan_shown(f), "SECRET");
        expect_not_in("environment", plan_shown(f), "NOT_THERE");
        expect_not_in("environment", plan_shown(f), "A=2");
        assert_int_equal(f->plan->n_passed_fds, 2);
}

static void test_listen_fds_of_others(void **state) {
        PlanFixture *f = *state;

        f->environment[3] = (char *) "LISTEN_FDS=2";
        f->environment[4] = (char *) "LISTEN_PID=1";
        plan_expect_good(f, "");
        assert_int_equal(f->plan->n_passed_fds, 0);
        expect_not_in("environment", plan_shown(f), "LISTEN");
}

/* Messages to systemd. */

static void test_notify(void **state) {
        PlanFixture *f = *state;

        f->environment[3] = (char *) "NOTIFY_SOCKET=/run/systemd/notify";
        f->environment[4] = (char *) "WATCHDOG_USEC=5000000";
        f->environment[5] = (char *) "WATCHDOG_PID=4711";
        plan_expect_good(f, "PassEnvironment=NOTIFY_SOCKET");
        assert_null(f->plan->notify);
        expect_not_in("not executed by systemd", plan_shown(f), "/run/isorun");
        expect_not_in("not executed by systemd", plan_shown(f), "WATCHDOG");

        f->host.executed = true;
        plan_expect_good(f, "PassEnvironment=NOTIFY_SOCKET");
        expect_text("systemd's", f->plan->notify, "/run/systemd/notify");
        expect_in("mount", plan_shown(f), "/run/isorun=read-only, in memory, with the socket notify, relayed to "
                                          "/run/systemd/notify\n");
        expect_in("environment", plan_shown(f), "environment=NOTIFY_SOCKET=/run/isorun/notify\n");
        expect_in("environment", plan_shown(f), "environment=WATCHDOG_USEC=5000000\n");
        assert_true(f->plan->watchdog);

        f->environment[5] = (char *) "WATCHDOG_PID=1";
        plan_expect_good(f, "");
        expect_not_in("another's watchdog", plan_shown(f), "WATCHDOG");
        assert_false(f->plan->watchdog);

        f->environment[5] = NULL;
        plan_expect_good(f, "");
        expect_in("everybody's watchdog", plan_shown(f), "environment=WATCHDOG_USEC=5000000\n");
        assert_false(f->plan->watchdog);

        plan_expect_notice(f, "RestrictAddressFamilies=AF_INET", "RestrictAddressFamilies=: without AF_UNIX, the command cannot send messages to systemd");
        plan_expect_notice(f, "RestrictAddressFamilies=~AF_UNIX", "RestrictAddressFamilies=: without AF_UNIX, the command cannot send messages to systemd");
        plan_expect_good(f, "RestrictAddressFamilies=AF_UNIX");
        plan_expect_good(f, "RestrictAddressFamilies=~AF_INET");
        f->request.notify_exec = true;
        plan_expect_good(f, "RestrictAddressFamilies=AF_INET");
        f->request.notify_exec = false;
        f->request.notify_fork = true;
        plan_expect_good(f, "RestrictAddressFamilies=AF_INET");
        expect_in("fork", plan_shown(f), "ready=as soon as the command has gone into the background");
        f->request.notify_fork = false;

        plan_expect_error(f, "BindPaths=%h/data:/run", ENOENT,
                          "error: NOTIFY_SOCKET=: /run/isorun does not exist, and isorun creates nothing in a writable volume");
        f->environment[3] = (char *) "NOTIFY_SOCKET=vsock:2:1234";
        plan_expect_error(f, "", EOPNOTSUPP, "error: NOTIFY_SOCKET=vsock:2:1234 is neither a path nor an abstract socket: ");
}

/* Each option needs a systemd that listens. */
static void test_notify_requests(void **state) {
        static const struct {
                const char *socket;
                const char *unit;
                bool exec, hand_over, fork;
                const char *message; /* NULL: it is taken */
        } cases[] = {
                { NULL, NULL, true, false, false, "--notify=exec: " },
                { NULL, "a.service", true, false, false, "--notify=exec: " },
                { "NOTIFY_SOCKET=", "a.service", true, false, false, "--notify=exec: " },
                { "NOTIFY_SOCKET=@x", NULL, true, false, false, NULL },
                { "NOTIFY_SOCKET=@x", "a.service", true, false, false, NULL },
                { NULL, "a.service", false, false, true, "--notify=fork: isorun must" },
                { "NOTIFY_SOCKET=@x", "a.service", false, true, true, "--notify=fork: isorun has" },
                { NULL, "a.service", false, true, false, "--hand-over: " },
                { "NOTIFY_SOCKET=@x", NULL, false, true, false, "--hand-over: " },
                { "NOTIFY_SOCKET=@x", "a.service", false, true, false, NULL },
        };
        PlanFixture *f = *state;

        f->host.executed = true;
        f->host.cgroup = (char *) "/system.slice/a.service";
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->environment[3] = (char *) cases[i].socket;
                f->host.unit = (char *) cases[i].unit;
                f->request.notify_exec = cases[i].exec;
                f->request.hand_over = cases[i].hand_over;
                f->request.notify_fork = cases[i].fork;
                if (cases[i].message)
                        plan_expect_error(f, "", EINVAL, cases[i].message);
                else
                        plan_expect_good(f, "");
        }
        expect_in("shown", plan_shown(f), "handed over=as soon as the command runs");
}

/* Limits. */

enum { BOUNDED = 3 }; /* LimitSIGPENDING=, LimitMSGQUEUE=, LimitMEMLOCK= */

static void test_resource_limits(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "LimitCORE=1K:2K\n");
        assert_int_equal(f->plan->n_limits, 1 + BOUNDED);
        assert_int_equal(f->plan->limits[0].limit.rlim_cur, 1024);
        assert_int_equal(f->plan->limits[0].limit.rlim_max, 2048);

        f->host.capabilities &= ~(UINT64_C(1) << CAP_SYS_RESOURCE);
        plan_expect_error(f, "LimitCORE=1M\n", EPERM,
                          "test.conf:1: LimitCORE=: cannot be enforced: it is above the caller's hard limit");
        plan_expect_notice(f, "LimitCORE=1M\nOptional=LimitCORE\n", "LimitCORE=: not enforced: ");
        assert_int_equal(f->plan->n_limits, BOUNDED);
        plan_expect_good(f, "LimitCORE=0\n");
        plan_expect_good(f, "LimitNOFILE=4096\n");
        plan_expect_error(f, "LimitNOFILE=4097\n", EPERM, "test.conf:1: LimitNOFILE=: cannot be enforced: it is above");
}

/* The things that the kernel counts for each user. The caller's limits are in plan-fixture.h. */
static int no_core(_unused_ int resource, struct rlimit *ret) {
        *ret = (struct rlimit) { 0, 0 };
        return 0;
}

/* Only the limit 1 keeps core dumps from a program in core_pattern(5). */
/* promise P35 */
static void test_core(void **state) {
        static const char *const none[] = { "", "LimitCORE=0", "LimitCORE=1", "LimitCORE=0:1" };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(none); i++) {
                plan_expect_good(f, none[i]);
                expect_in(none[i], plan_shown(f), "LimitCORE=1: the kernel makes no core dump");
                assert_int_equal(f->plan->limits[0].limit.rlim_cur, 1);
                assert_int_equal(f->plan->limits[0].limit.rlim_max, 1);
                assert_false(f->plan->limits[0].raised);
                expect_in(none[i], plan_shown(f), "setrlimit=no effect if argument 0 & 0xffffffff is 0x4 and argument 1 is set");
                expect_in(none[i], plan_shown(f), "prlimit64=no effect if argument 1 & 0xffffffff is 0x4 and argument 2 is set");
        }
        plan_expect_good(f, "LimitCORE=0:2");
        assert_null(strstr(plan_shown(f), "no effect"));

        f->host.get_limit = no_core;
        plan_expect_good(f, ""); /* root may raise it */
        assert_true(f->plan->limits[0].raised);
        f->host.capabilities &= ~(UINT64_C(1) << CAP_SYS_RESOURCE);
        plan_expect_notice(f, "", "core dumps are not prevented: the caller's hard limit on core dumps is 0");
        plan_expect_error(f, "LimitCORE=0", EPERM, "test.conf:1: LimitCORE=: cannot be enforced: the caller's hard limit");
}

static void test_bounds(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "SystemCallFilter=@system-service");
        expect_in("half", plan_shown(f), "LimitSIGPENDING=512, a part of the caller's\n");
        expect_in("enough", plan_shown(f), "LimitMSGQUEUE=1024, a part of the caller's\n");
        expect_in("half", plan_shown(f), "max_inotify_instances=500, a part of the caller's\n");
        expect_in("enough", plan_shown(f), "max_inotify_watches=1000, a part of the caller's\n");
        assert_int_equal(f->plan->n_user_limits, 2);

        plan_expect_good(f, "LimitSIGPENDING=700");
        assert_int_equal(f->plan->n_limits, 1 + BOUNDED);
        assert_int_equal(f->plan->limits[1].limit.rlim_cur, 700);

        plan_expect_good(f, "SystemCallFilter=~@mount");
        expect_in("unknown outside", plan_shown(f), "max_fanotify_groups=16, a part of the caller's\n");
        plan_expect_good(f, "SystemCallFilter=@system-service\nRestrictNamespaces=net");
        assert_int_equal(f->plan->n_user_limits, 3);
        expect_in("a namespace", plan_shown(f), "max_net_namespaces=500, a part of the caller's\n");
        plan_expect_good(f, "SystemCallFilter=~@file-system");
        assert_int_equal(f->plan->n_user_limits, 2);
        plan_expect_good(f, "PrivateUsers=no");
        assert_int_equal(f->plan->n_user_limits, 0);

        /* The payload could raise them in the first user namespace. */
        plan_expect_good(f, "CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_PTRACE");
        assert_true(f->plan->bounding & UINT64_C(1) << CAP_SYS_RESOURCE);
        assert_true(f->plan->inner_namespaces & CLONE_NEWUSER);
        plan_expect_good(f, "CapabilityBoundingSet=CAP_SYS_RESOURCE\nPrivateUsers=no");
        assert_int_equal(f->plan->inner_namespaces, 0);
}

/* A container or a unit with LimitMEMLOCK=infinity. */
static int no_limit(_unused_ int resource, struct rlimit *ret) {
        *ret = (struct rlimit) { RLIM_INFINITY, RLIM_INFINITY };
        return 0;
}

/* promise P26 */
static void test_unlimited(void **state) {
        PlanFixture *f = *state;

        f->host.get_limit = no_limit;
        plan_expect_good(f, "LimitCORE=infinity");
        assert_int_equal(f->plan->n_limits, 2);
        expect_in("locked memory", plan_shown(f), "LimitMEMLOCK=8388608, as the caller has no limit\n");
        assert_int_equal(f->plan->limits[1].limit.rlim_max, 8 << 20);
        plan_expect_good(f, "LimitCORE=infinity\nLimitMEMLOCK=infinity");
        assert_int_equal(f->plan->n_limits, 2);
        assert_true(f->plan->limits[1].limit.rlim_max == RLIM_INFINITY);
}

/* The command and the directory. */

static void test_command(void **state) {
        static const struct {
                const char *lines, *command, *executable, *message;
                int error, status;
        } cases[] = {
                { "", "/usr/bin/tool", "/usr/bin/tool" },
                { "", "tool", "/usr/bin/tool" },
                { "", "usr/bin/./tool", "/usr/bin/tool" },
                { "", "/etc/../usr/bin/tool", "/etc/../usr/bin/tool" },
                { "ExecStart=/usr/bin/tool a", NULL, "/usr/bin/tool" },
                { "", "nothing", NULL, "error: nothing: command not found\n", ENOENT, PLAN_NOT_FOUND },
                { "", "/usr/bin/nothing", NULL, "error: /usr/bin/nothing: command not found\n",
                  ENOENT, PLAN_NOT_FOUND },
                { "", "", NULL, "command not found", ENOENT, PLAN_NOT_FOUND },
                { "", "text", NULL, "error: text: Permission denied\n", EACCES, PLAN_CANNOT_EXECUTE },
                { "", "/usr/bin/text", NULL, "error: /usr/bin/text: Permission denied\n", EACCES, PLAN_CANNOT_EXECUTE },
                { "", "/usr/bin", NULL, "error: /usr/bin: Permission denied\n", EACCES, PLAN_CANNOT_EXECUTE },
                { "", NULL, NULL, "error: no command given, and the policy has no ExecStart=", EINVAL, PLAN_FAILED },
                { "User=no-such-user-here", "nothing", NULL, "command not found", ESRCH, PLAN_FAILED },
                { "Environment=PATH=/srv", "tool", NULL, "command not found", ENOENT, PLAN_NOT_FOUND },
                { "InaccessiblePaths=/usr/bin/tool", "tool", NULL, "command not found", ENOENT, PLAN_NOT_FOUND },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *arguments[] = { (char *) cases[i].command, NULL };

                f->request.arguments = arguments;
                f->request.need_command = true;
                if (cases[i].executable) {
                        plan_expect_good(f, cases[i].lines);
                        expect_text("executable", f->plan->executable, cases[i].executable);
                } else {
                        plan_expect_error(f, cases[i].lines, cases[i].error, cases[i].message);
                        expect_result(cases[i].message, f->status, cases[i].status);
                }
        }

        /* A reader gets the rest of the plan. */
        f->request.explain = true;
        f->request.arguments = (char *[]) { (char *) "nothing", NULL };
        plan_expect_notice(f, "", "notice: nothing: a start on this host would be refused: command not found\n");
        assert_null(f->plan->executable);
        f->request.arguments = (char *[]) { (char *) "text", NULL };
        plan_expect_notice(f, "", "notice: text: a start on this host would be refused: Permission denied\n");
        assert_null(f->plan->executable);
}

static void test_working_directory(void **state) {
        static const struct {
                const char *here, *lines, *directory, *message; /* message: refused */
        } cases[] = {
                { "/srv", "", "/srv" },
                { "/not/inside", "", "/" },
                { NULL, "", "/" },
                { "/", "WorkingDirectory=/srv", "/srv" },
                { "/", "WorkingDirectory=~", "/srv" },
                { "/srv", "WorkingDirectory=-/missing", "/" },
                { "/", "WorkingDirectory=/missing", NULL, "WorkingDirectory=: cannot use /missing in the sandbox: No such file" },
                { "/", "WorkingDirectory=/etc/passwd", NULL, "WorkingDirectory=: cannot use /etc/passwd in the sandbox: Not a directory" },
                { "/", "WorkingDirectory=~\nUnsetEnvironment=HOME", NULL, "~ needs the variable HOME, which is not set" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.working_directory = (char *) cases[i].here;
                plan_make(f, cases[i].lines);
                if (cases[i].message)
                        expect_in(cases[i].lines, log_text(&f->log), cases[i].message);
                else
                        expect_text(cases[i].lines, f->plan->working_directory, cases[i].directory);
                expect_number(cases[i].lines, f->result < 0, cases[i].message != NULL);
        }
}

/* The fds from 0 to 2 that are terminals or pipes, those that become private terminals, and whether these are read from
 * the beginning; bit N is fd N. */
static void test_terminals(void **state) {
        static const struct {
                unsigned there, pipes;
                const char *lines;
                unsigned replaced;
                bool reads;
        } cases[] = {
                { 7, 0, "", 7, true }, { 3, 0, "", 3, true }, { 5, 0, "", 5, true }, { 6, 0, "", 6, false },
                { 0, 0, "", 0, false }, { 0, 7, "", 0, false },
                { 5, 2, "", 5, false }, { 3, 4, "", 3, false }, { 6, 1, "", 6, false }, { 1, 6, "", 1, false },
                { 7, 0, "Terminal=shared\n", 0, false }, { 5, 2, "Terminal=shared\n", 0, false },
                { 7, 0, "Terminal=private\n", 7, true }, { 6, 1, "Terminal=private\n", 6, false },
                { 5, 2, "Terminal=private\n", 5, true }, { 0, 0, "Terminal=private\n", 0, false },
                { 7, 0, "StandardInput=null\n", 6, false }, { 7, 0, "StandardError=null\n", 3, true },
                { 7, 0, "Terminal=private\nStandardInput=null\n", 6, false },
                { 7, 0, "Terminal=private\nStandardOutput=file:/x\nStandardError=journal\n", 1, true },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.terminals = cases[i].there;
                f->host.pipes = cases[i].pipes;
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->terminals, cases[i].replaced);
                expect_number(cases[i].lines, f->plan->reads_terminal, cases[i].reads);
                expect_number(cases[i].lines, f->plan->own_session, !strstr(cases[i].lines, "shared"));
        }
        f->host.pipes = 0;
        f->request.need_terminal = true;
        f->host.terminals = 4;
        plan_expect_good(f, "Terminal=private\n");
        plan_expect_error(f, "Terminal=private\nStandardError=null\n", ENOTTY, "--pty: none of standard input, output and error is a terminal");
        plan_expect_good(f, "Terminal=shared\nStandardError=null\n");
}

/* After a hand-over, isorun cannot relay a terminal. */
static void test_terminal_without_isorun(void **state) {
        PlanFixture *f = *state;

        f->host.terminals = 7;
        f->host.executed = true;
        f->host.unit = (char *) "shop.service";
        f->host.cgroup = (char *) "/system.slice/shop.service";
        f->environment[3] = (char *) "NOTIFY_SOCKET=/run/notify";
        f->request.hand_over = true;
        plan_make(f, "");
        assert_int_equal(f->result, 0);
        assert_int_equal(f->plan->terminals, 0);
        assert_false(f->plan->own_session);
        f->host.terminals = 0;
        plan_make(f, "");
        assert_int_equal(f->result, 0);
        assert_true(f->plan->own_session);
        f->host.terminals = 7;
        plan_expect_error(f, "Terminal=private\n", EINVAL, "\"private\" does not work with --hand-over");
}

static void test_code_makers(void **state) {
        static const struct {
                const char *lines;
                const char *arguments[4];
                const char *found;
        } cases[] = {
                { "", { "/usr/bin/node" }, NULL },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/tool" }, NULL },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/node", "x" }, "node" },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/node-gyp", "x" }, NULL },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/script" }, "pypy" },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/link" }, "java" },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/tool", "-c", "cd /; exec ./bin/node x" }, "node" },
                { "MemoryDenyWriteExecute=yes\n", { "/usr/bin/tool", "java" }, NULL }, /* 1 says nothing about it */
        };
        PlanFixture *f = *state;
        char path[PATH_MAX];

        for (const char *const *name = (const char *const[]) { "node", "node-gyp", "java17", "script", NULL }; *name; name++) {
                char file[64];

                snprintf(file, sizeof(file), "root/usr/bin/%s", *name);
                temp_text(f->dir, file, "#!/usr/bin/env -S pypy3.9 -u\njava\n");
                assert_int_equal(chmod(temp_path(path, f->dir, file), 0755), 0);
        }
        temp_text(f->dir, "root/usr/bin/node-gyp", "no script");
        temp_link(f->dir, "root/usr/bin/link", "java17");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->request.arguments = (char **) cases[i].arguments;
                plan_expect_good(f, cases[i].lines);
                expect_text(cases[i].arguments[0], f->plan->code_maker ? f->plan->code_maker->name : "(none)",
                            cases[i].found ?: "(none)");
        }
}

static void test_code_makers_end(_unused_ void **state) {
        static const struct {
                const char *name;
                int wait_status;
                bool failed;
        } cases[] = {
                { "node", W_EXITCODE(0, SIGTRAP), true },  { "node", W_EXITCODE(128 + SIGABRT, 0), true },
                { "node", W_EXITCODE(1, 0), false },       { "node", W_EXITCODE(0, 0), false },
                { "node", W_EXITCODE(0, SIGTERM), false }, { "node", W_EXITCODE(SIGTRAP, 0), false },
                { "java", W_EXITCODE(1, 0), true },        { "java", W_EXITCODE(2, 0), false },
                { "java", W_EXITCODE(0, SIGHUP), false }, /* its number is 1 */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_number(cases[i].name, code_maker_has_failed(code_maker_find(cases[i].name), cases[i].wait_status),
                              cases[i].failed);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_environment),
                IN_PLAN(test_listen_fds_of_others),
                IN_PLAN(test_notify),
                IN_PLAN(test_notify_requests),
                IN_PLAN(test_resource_limits),
                IN_PLAN(test_core),
                IN_PLAN(test_bounds),
                IN_PLAN(test_unlimited),
                IN_PLAN(test_terminals),
                IN_PLAN(test_terminal_without_isorun),
                IN_PLAN(test_command),
                IN_PLAN(test_working_directory),
                IN_PLAN(test_code_makers),
                cmocka_unit_test(test_code_makers_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
