/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan as a whole: the effect of each directive, the holder of the limits, ids, capabilities, the command. */
#include "helper.h"

#include "plan/request.h"
#include "util/strv.h"
#include "util/text.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/wait.h>

/* Each directive must change the plan. */

static void check_changes_plan(PlanFixture *f, const Directive *d, const char *before, const char *lines) {
        char text[256];

        snprintf(text, sizeof(text), "%s%s=%s", lines, d->name, plan_example(directive_id(d)));
        plan_expect_good(f, text);
        if (streq(plan_shown(f), before))
                fail_msg("%s leaves the plan as it was", text);
}

static char *plan_of(PlanFixture *f, const char *lines) {
        char *shown;

        plan_expect_good(f, lines);
        shown = strdup(plan_shown(f));
        assert_non_null(shown);
        return shown;
}

/* promise P32 */
static void test_every_directive_changes_plan(void **state) {
        PlanFixture *f = *state;
        _cleanup_free_ char *before = NULL, *before_of_user = NULL, *before_of_peers = NULL;
        static const char peers[] = "ConnectTo=a:1\n";
        static const DirectiveId of_peers[] = { D_FlowsMax, D_LogFlows };

        f->host.terminals = 7; /* without a terminal, "shared" would change nothing */
        before = plan_of(f, "");
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (directive_table[id].section != SECTION_POLICY && id != D_Nesting && id != D_FlowsMax &&
                    id != D_LogFlows)
                        check_changes_plan(f, &directive_table[id], before, "");
        before_of_peers = plan_of(f, peers);
        for (size_t i = 0; i < ELEMENTSOF(of_peers); i++)
                check_changes_plan(f, &directive_table[of_peers[i]], before_of_peers, peers);

        plan_set_uid(f, 1000); /* root may not use it */
        before_of_user = plan_of(f, "");
        check_changes_plan(f, &directive_table[D_Nesting], before_of_user, "");
}

static void test_every_example_parses(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                _cleanup_(policy_freep) Policy *policy = test_policy();
                const Directive *d = &directive_table[id];
                Log log;

                log_init(&log);
                expect_result(d->name, test_assign(policy, &log, d->name, d->example), 0);
                expect_text(d->name, log_text(&log), "");
                log_deinit(&log);
        }
}

/* The printed plan names the origin of each line. */
static void test_print(void **state) {
        PlanFixture *f = *state;
        Buffer b;

        plan_expect_good(f, "MemoryMax=64M\nEnvironment=A=\x1b[1m\n");
        buffer_init(&b);
        assert_int_equal(plan_print_text(f->plan, f->policy, FORM_WHOLE, b.f), 0);
        expect_in("print", buffer_text(&b), "\n  MemoryMax               64M   # test.conf:1\n");
        expect_in("print", buffer_text(&b), "A=\\x1b[1m");
        expect_in("print", buffer_text(&b), "   # built-in\n");
        buffer_deinit(&b);
}

static const char *summarize(PlanFixture *f, const char *lines, Buffer *b) {
        plan_expect_good(f, lines);
        buffer_init(b);
        assert_int_equal(plan_print_text(f->plan, f->policy, FORM_SUMMARY, b->f), 0);
        return buffer_text(b);
}

/* The summary answers the questions of a person, and names the lines that decided. */
static void test_summary(void **state) {
        static const struct {
                const char *lines, *expected;
        } cases[] = {
                { "", "\nnetwork  none but a private loopback device – sockets: " },
                { "PrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_INET6",
                  "\nnetwork  the host's – sockets: AF_INET AF_INET6   # test.conf:1,2\n" },
                { "ConnectTo=example.org:443 [2001:db8::1]:25",
                  "\nnetwork  only these peers: example.org:443 [2001:db8::1]:25 – sockets:" },
                { "RestrictAddressFamilies=none", " – sockets: none   # test.conf:1\n" },
                { "ConnectTo=ntp.example.org:123/udp", "\nnetwork  only these peers: ntp.example.org:123/udp – sockets:" },
                { "ListenOn=8080 [::1]:443=8443 unix:/run/x=80", "loopback device; servers inside are reached at "
                  "127.0.0.1:8080 [::1]:443 unix:/run/x – sockets:" },
                { "", "\nwrites   in memory, lost at the end: /dev/shm" },
                { "BindPaths=%h/data:/mnt/x", "\nwrites   volumes /mnt/x (/" },
                { "GrantPaths=/mnt/g:rw", "\nwrites   by isoctl grant /mnt/g; in memory" },
                { "", "/root – empty: /home /root – hidden: /etc/shadow" },
                { "BindReadOnlyPaths=%h/data:/mnt/x", "/root and /mnt/x (/" },
                { "RootDirectory=\nRootDirectory=none\nBindReadOnlyPaths=%h/data:/mnt/x", "\nreads    only /mnt/x (/" },
                { "", "\nmay      no capabilities\n" },
                { "CapabilityBoundingSet=CAP_CHOWN\n", "\nmay      cap_chown   # test.conf:1\n" },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~sync",
                  "\ncalls    @system-service ~sync   # test.conf:1,2\n" },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~sync kcmp chown fchown fchownat lchown msync "
                  "fsync fdatasync syncfs kill tkill",
                  "\ncalls    @system-service ~sync ~kcmp ~chown ~fchown ~fchownat ~lchown ~msync ~fsync ~fdatasync "
                  "~syncfs ~kill ~tkill   #" },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~sync kcmp chown fchown fchownat lchown msync "
                  "fsync fdatasync syncfs kill tkill chown32 fchown32 lchown32 sync_file_range",
                  "\ncalls    @system-service ~@chown and ~9 calls   #" },
                { "SystemCallFilter=fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs kill tkill kcmp "
                  "chown fchown ioctl\nSystemCallFilter=~sync lchown",
                  "\ncalls    @sync and 6 calls ~sync ~lchown   #" },
                { "MemoryMax=64M\nOptional=MemoryMax\nLimitNOFILE=64",
                  "\nlimits   MemoryMax=64M (optional) LimitNOFILE=64   # test.conf:1,3\n" },
                { "", "\nlimits   none but the caller's\n" },
                { "User=12", "\nusers    uid 12 gid 12 – in a user namespace (id inside, outside, count): " },
                { "Environment=A=\x1b[1m\nDescription=\x1b[1m", " – \\x1b[1m   # test.conf:2\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Buffer b;

                expect_in(cases[i].lines, summarize(*state, cases[i].lines, &b), cases[i].expected);
                buffer_deinit(&b);
        }
}

/* All errors are reported, not only the first. */
static void test_all_errors_in_one_go(void **state) {
        PlanFixture *f = *state;

        plan_set_uid(f, 1000);
        f->host.user_manager = false;
        plan_make(f, "MemoryMax=1M\nUser=no-such-user-here\nCapabilityBoundingSet=CAP_SYS_TIME\n"
                     "BindPaths=%h/missing\nBindPaths=%h/data:/etc/passwd\nProtectProc=invisible\nNesting=yes\n");
        expect_number("errors", f->log.report.n_errors, 6);
}

/* Lines of unit files: isorun meets them, or says what in the policy is weaker. */
static void test_claims(void **state) {
        static const struct {
                const char *lines, *message;
        } cases[] = {
                { "NoNewPrivileges=yes\nProtectSystem=strict\nProtectKernelTunables=yes\nProtectKernelModules=yes\n"
                  "ProtectKernelLogs=yes\nProtectClock=yes\nProtectControlGroups=yes\nPrivatePIDs=yes\n"
                  "PrivateMounts=yes\nMountAPIVFS=yes\nRemoveIPC=yes\nKeyringMode=private",
                  NULL },
                { "ProtectClock=yes\nSystemCallFilter=@clock",
                  "ProtectClock=: this policy is weaker, because the payload may "
                  "use the system call adjtimex: change that, or" },
                { "SystemCallFilter=~@mount\nProtectKernelModules=yes", "may use the system call delete_module" },
                { "ProtectKernelLogs=yes\nSystemCallFilter=syslog", "may use the system call syslog" },
                { "ProtectKernelLogs=yes\nSystemCallFilter=syslog\nProtectKernelLogs=", NULL },
                { "ProtectKernelLogs=yes\nPrivateUsers=no\nCapabilityBoundingSet=CAP_SYSLOG",
                  "the payload keeps CAP_SYSLOG" },
                { "ProtectKernelLogs=yes\nPrivateUsers=no\nAmbientCapabilities=CAP_SYSLOG",
                  "the payload keeps CAP_SYSLOG" },
                { "ProtectKernelLogs=yes\nPrivateDevices=no", "PrivateDevices=no shows the host's devices" },
                { "ProtectClock=yes\nPrivateDevices=no", "PrivateDevices=no shows the host's devices" },
                { "RemoveIPC=yes\nPrivateIPC=no", "PrivateIPC=no uses the host's IPC objects" },
                { "ProtectControlGroups=yes\nDelegate=yes", "the payload could use /sys/fs/cgroup" },
                { "ProtectKernelTunables=yes\nRestrictNamespaces=no", "the payload can mount another /proc" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (cases[i].message)
                        plan_expect_error(f, cases[i].lines, EPERM, cases[i].message);
                else
                        plan_expect_good(f, cases[i].lines);
        f->request.writable_root = true;
        plan_expect_error(f, "ProtectSystem=yes", EPERM, "isoctl build makes the root writable");
        f->request.writable_root = false;
        plan_set_uid(f, 1000);
        plan_expect_error(f, "ProtectKernelTunables=yes\nNesting=yes", EPERM, "the payload could use /proc");
}

/* ProtectKernelModules= hides the modules, even if a later line empties InaccessiblePaths=. */
static void test_claim_hides(void **state) {
        PlanFixture *f = *state;

        temp_dir(f->dir, "root/usr/lib");
        temp_dir(f->dir, "root/usr/lib/modules");
        plan_expect_good(f, "ProtectKernelModules=yes\nInaccessiblePaths=");
        expect_in("modules", plan_shown(f), "/usr/lib/modules=inaccessible");
        plan_expect_good(f, "ProtectKernelModules=yes\nProtectKernelModules=");
        expect_not_in("no modules", plan_shown(f), "/usr/lib/modules=inaccessible");
        plan_expect_error(f, "ProtectKernelTunables=yes\nBindReadOnlyPaths=/proc/kallsyms:/srv/a", EPERM,
                          "the payload could use /srv/a");
}

/* The holder of the limits. */

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

/* Units of systemd: those of the user's manager have a name that begins with "mi". */
static int read_socket_unit(bool user, const char *name, HostSocketUnit *ret, _unused_ Report *report) {
        static const struct {
                const char *name;
                const char *streams[3];
                bool inactive;
        } units[] = {
                { "one.socket", { "/run/one" } },     { "mine.socket", { "@mine" } },
                { "two.socket", { "127.0.0.1:80", "[::]:81" } }, { "off.socket", { "/run/off" }, true },
                { "any.socket", { "0.0.0.0:82" } },
                { "none.socket", {} },                { "vm.socket", { "vsock:2:83" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(units[i].name, name) && user == !!startswith(name, "mi")) {
                        *ret = (HostSocketUnit) { .load_state = strdup("loaded"), .active = !units[i].inactive };
                        for (size_t k = 0; k < 3 && units[i].streams[k]; k++)
                                if (strv_push(&ret->streams, units[i].streams[k]) < 0)
                                        return -ENOMEM;
                        return ret->load_state ? 0 : -ENOMEM;
                }
        ret->load_state = strdup(streq(name, "masked.socket") ? "masked" : "not-found");
        return ret->load_state ? 0 : -ENOMEM;
}

static void expect_search(PlanFixture *f, const char *policy, const char *expected) {
        _cleanup_free_ char *domains = NULL;

        plan_expect_good(f, policy);
        domains = strv_join(f->plan->search_domains, " ");
        assert_non_null(domains);
        assert_string_equal(domains, expected);
}

/* Of the host's search domains, those that have a peer. */
static void test_search_domains(void **state) {
        PlanFixture *f = *state;

        expect_search(f, "ConnectTo=db.example.org:1", "example.org");
        expect_search(f, "ConnectTo=*.wild.test:1", "b.wild.test");
        expect_search(f, "ConnectTo=*.c.b.wild.test:1 a.b.example.org:1", "example.org b.wild.test");
        expect_search(f, "ConnectTo=example.org:1 myexample.org:1 a.first.test:1 10.0.0.1:1 wild.test:1", "");
        expect_search(f, "GrantPeers=yes", "");
}

static void expect_target(PlanFixture *f, const char *unit, const char *target, unsigned port, bool is_socket) {
        char line[256];

        snprintf(line, sizeof(line), "ConnectTo=db:1=unit:%s", unit);
        plan_expect_good(f, line);
        assert_string_equal(f->plan->peers[0].target, target);
        expect_number(unit, f->plan->peers[0].target_port, port);
        expect_number(unit, f->plan->peers[0].is_socket, is_socket);
}

/* Peers that lead to where a socket unit listens. */
static void test_units_of_peers(void **state) {
        static const struct {
                const char *unit;
                int error;
                const char *message;
        } bad[] = {
                { "gone.socket", ENOENT, "the system's service manager has no unit gone.socket" },
                { "user:one.socket", ENOENT, "the user's service manager has no unit one.socket" },
                { "masked.socket", EINVAL, "the system's service manager cannot use masked.socket: it is masked" },
                { "two.socket", EINVAL, "two.socket has 2 lines ListenStream=: write two.socket#1" },
                { "two.socket#3", ENOENT, "two.socket has only 2 lines ListenStream=" },
                { "none.socket", EINVAL, "none.socket has no ListenStream=" },
                { "vm.socket", EOPNOTSUPP, "vm.socket listens at vsock:2:83, and isorun connects only to " },
        };
        PlanFixture *f = *state;

        f->host.read_socket_unit = read_socket_unit;
        expect_target(f, "one.socket", "/run/one", 0, true);
        expect_target(f, "system:one.socket#1", "/run/one", 0, true);
        expect_target(f, "user:mine.socket", "@mine", 0, true);
        expect_target(f, "two.socket#1", "127.0.0.1", 80, false);
        expect_target(f, "two.socket#2", "::1", 81, false);
        expect_target(f, "any.socket", "127.0.0.1", 82, false);
        plan_expect_notice(f, "ConnectTo=db:1=unit:off.socket", "notice: test.conf:1: ConnectTo=: nobody listens for db: "
                                                                "off.socket is not active (systemctl start off.socket)");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char line[256], message[256];

                snprintf(line, sizeof(line), "ConnectTo=db:1=unit:%s", bad[i].unit);
                snprintf(message, sizeof(message), "test.conf:1: ConnectTo=: %s", bad[i].message);
                plan_expect_error(f, line, bad[i].error, message);
        }
        plan_set_uid(f, 1000);
        expect_target(f, "mine.socket", "@mine", 0, true);
        expect_target(f, "system:one.socket", "/run/one", 0, true);
}

/* The peers of ConnectTo=, and what does not go with them. */
static void test_peers(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "ConnectTo=a.b:80,443 10.0.0.1:1 localhost:2\nConnectTo=c:1=unix:/run/c a.b:80");
        expect_number("ports", f->plan->n_peers, 5);
        expect_number("connections", f->plan->flows_max, 1024);
        assert_memory_equal(f->plan->peers[0].address, "\xc6\x12\0\3", 4);
        assert_memory_equal(f->plan->peers[1].address, "\xc6\x12\0\3", 4);
        assert_memory_equal(f->plan->peers[2].address, "\x0a\0\0\1", 4);
        assert_memory_equal(f->plan->peers[3].address, "\x7f\0\0\1", 4);
        assert_memory_equal(f->plan->peers[4].address, "\xc6\x12\0\4", 4);
        plan_expect_error(f, "ConnectTo=a:1\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ");
        plan_expect_error(f, "ConnectTo=a:1\nConnectTo=a:1=b:2", EEXIST,
                          "test.conf:2: ConnectTo=: a:1 already leads elsewhere: test.conf:1");
        plan_expect_error(f, "ConnectTo=a:1 a:53/udp b:53/udp\n[Stage.x]\nConnectTo=a:1 a:53/udp", EOPNOTSUPP,
                          "test.conf:3: ConnectTo=: the stage x cannot drop b:53/udp: no filter and no Landlock rule "
                          "tells datagrams of peers apart");
        plan_expect_error(f, "ConnectTo=a:1 b:1\n[Stage.x]\nConnectTo=a:1", EOPNOTSUPP,
                          "test.conf:3: ConnectTo=: the stage x cannot keep a:1 without b:1");
        plan_expect_error(f, "ConnectTo=a:53/udp\n[Stage.x]\nConnectTo=", EOPNOTSUPP, "the stage x cannot drop a:53/udp");
        plan_expect_good(f, "ConnectTo=a:53/udp a:53 a:1\n[Stage.x]\nConnectTo=a:53/udp");
        plan_expect_error(f, "ConnectTo=a:53/udp a:53\n[Stage.x]\nConnectTo=a:53", EOPNOTSUPP,
                          "the stage x cannot drop a:53/udp");
        plan_expect_error(f, "ConnectTo=0.0.0.0:1", EINVAL, "test.conf:1: ConnectTo=: 0.0.0.0 cannot be");
        plan_expect_error(f, "ConnectTo=198.19.1.1:1", EINVAL, "test.conf:1: ConnectTo=: 198.19.1.1 cannot be");
        plan_expect_error(f, "ConnectTo=[fd69:736f:7275:6e::9]:1", EINVAL, "test.conf:1: ConnectTo=: fd69:736f:7275:6e::9 cannot be");
        plan_expect_error(f, "ConnectTo=[ff02::1]:1", EINVAL, "test.conf:1: ConnectTo=: ff02::1 cannot be");
        plan_expect_error(f, "ConnectTo=[::ffff:1.2.3.4]:1", EINVAL,
                          "test.conf:1: ConnectTo=: ::ffff:1.2.3.4 cannot be");
        plan_expect_good(f, "ConnectTo=*.a:443 *.b:443 c:443 c:80 [2001:4860::1]:443 c:443/udp *.a:443");
        expect_number("ports", f->plan->n_peers, 6);
        for (size_t i = 0; i < f->plan->n_peers; i++)
                expect_number(f->plan->peers[i].host, f->plan->peers[i].is_covered, i == 1 || i == 2 || i == 4);
        plan_expect_error(f, "ConnectTo=*.a:1 *.a:1=private", EEXIST, "test.conf:1: ConnectTo=: *.a:1 already");
        plan_expect_error(f, "ConnectTo=*.a:53", EADDRINUSE, "test.conf:1: ConnectTo=: with peers, ");
        plan_expect_error(f, "ConnectTo=127.0.0.1:53", EADDRINUSE, "test.conf:1: ConnectTo=: with peers, ");
        plan_expect_good(f, "GrantPeers=yes");
        assert_non_null(strstr(plan_shown(f), "isoctl grant can add them"));
        plan_expect_error(f, "GrantPeers=yes\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ");
        plan_expect_error(f, "GrantPeers=yes\nFile=/etc/hosts:x", EEXIST, "test.conf:2: File=: ");
        plan_expect_error(f, "ConnectTo=a:1\nFile=/etc/hosts:x", EEXIST, "test.conf:2: File=: ");
        plan_expect_notice(f, "ConnectTo=a:1\nConnectTo=", "notice: test.conf:2: ConnectTo=: no peer is named, so ");
        plan_expect_notice(f, "ListenOn=", "notice: test.conf:1: ListenOn=: no port is named, so ");
        plan_expect_good(f, "ConnectTo=\nConnectTo=a:1\nListenOn=");
        plan_expect_good(f, "ConnectTo=\nPrivateNetwork=no");
        plan_expect_good(f, "ConnectTo=\nPrivateNetwork=yes");
        f->host.uid = f->host.gid = 0;
        plan_expect_error(f, "ConnectTo=a:1\nIPAddressDeny=any", EINVAL, "test.conf:2: IPAddressDeny=: ");
}

/* The entrances of ListenOn=, and what does not go with them. */
static void test_entrances(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "ListenOn=80 0.0.0.0:80=8080 [::1]:443=80,proxy unix:/run/./web.sock=81\nConnectTo=a:443");
        expect_number("entrances", f->plan->n_entrances, 4);
        expect_text("the default address", f->plan->entrances[0].place, "127.0.0.1");
        expect_number("the same port", f->plan->entrances[0].inside, 80);
        expect_number("another port", f->plan->entrances[1].inside, 8080);
        expect_number("proxy", f->plan->entrances[2].proxy, true);
        expect_text("a socket", f->plan->entrances[3].place, "/run/web.sock");
        expect_number("not passed", f->plan->entrances[0].passed_fd, 0);
        plan_expect_error(f, "ListenOn=80\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ListenOn= is for ");
        plan_expect_error(f, "ListenOn=80\nListenOn=127.0.0.1:80=81", EEXIST,
                          "test.conf:2: ListenOn=: the same place is in another line: test.conf:1");
        plan_expect_error(f, "ConnectTo=a:443\nListenOn=443", EADDRINUSE,
                          "test.conf:2: ListenOn=: inside, port 443 belongs to the peer a (test.conf:1): ");
        plan_expect_error(f, "ConnectTo=a:443\nListenOn=53", EADDRINUSE, "test.conf:2: ListenOn=: inside, port 53 belongs");
        f->host.uid = f->host.gid = 0;
        plan_expect_error(f, "ListenOn=80\nIPAddressDeny=any", EINVAL, "test.conf:2: IPAddressDeny=: ");
}

/* isorun itself uses the sockets of a socket unit that are at an entrance. */
static void test_passed_entrances(void **state) {
        char *environment[] = { (char *) "LISTEN_PID=42", (char *) "LISTEN_FDS=3",
                                (char *) "LISTEN_FDNAMES=http:own:rest", NULL };
        PlanFixture *f = *state;

        f->host.environment = environment;
        f->host.pid = 42;
        plan_expect_good(f, "ListenOn=80 unix:/run/web.sock=81 8081=82");
        expect_number("the port", f->plan->entrances[0].passed_fd, 3);
        expect_number("the path", f->plan->entrances[1].passed_fd, 4);
        expect_number("one that was not passed", f->plan->entrances[2].passed_fd, 0);
        expect_number("the others", f->plan->n_passed_fds, 1);
        assert_true(strv_contains(f->plan->environment, "LISTEN_FDNAMES=rest"));
        plan_expect_good(f, "ListenOn=unix:/run/web.sock=81");
        expect_number("the others", f->plan->n_passed_fds, 2);
        assert_true(strv_contains(f->plan->environment, "LISTEN_FDNAMES=http:rest"));
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

/* Ids. */

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

/* Capabilities. */

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

/* The environment. */

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

/* The things that the kernel counts for each user. The caller's limits are in helper.h. */
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
                IN_PLAN(test_every_directive_changes_plan),
                cmocka_unit_test(test_every_example_parses),
                IN_PLAN(test_print),
                IN_PLAN(test_summary),
                IN_PLAN(test_all_errors_in_one_go),
                IN_PLAN(test_claims),
                IN_PLAN(test_claim_hides),
                IN_PLAN(test_no_manager),
                IN_PLAN(test_no_scope),
                IN_PLAN(test_managers),
                IN_PLAN(test_user_manager_has_no_bpf),
                IN_PLAN(test_own_unit),
                IN_PLAN(test_delegated_cgroup), IN_PLAN(test_inner_cgroup),
                IN_PLAN(test_pool), IN_PLAN(test_inner_cgroup),
                IN_PLAN(test_peers), IN_PLAN(test_units_of_peers),
                IN_PLAN(test_search_domains), IN_PLAN(test_entrances), IN_PLAN(test_passed_entrances), IN_PLAN(test_inner_cgroup),
                IN_PLAN(test_pool_lacks), IN_PLAN(test_inner_cgroup),
                IN_PLAN(test_users),
                IN_PLAN(test_users_of_others),
                IN_PLAN(test_namespaces),
                IN_PLAN(test_capability_sets),
                IN_PLAN(test_capabilities_without_effect),
                IN_PLAN(test_file_capabilities),
                IN_PLAN(test_nesting_of_root),
                IN_PLAN(test_environment),
                IN_PLAN(test_listen_fds_of_others),
                IN_PLAN(test_notify),
                IN_PLAN(test_notify_requests),
                IN_PLAN(test_resource_limits),
                IN_PLAN(test_core),
                IN_PLAN(test_bounds),
                IN_PLAN(test_unlimited),
                IN_PLAN(test_controllers),
                IN_PLAN(test_lacking),
                IN_PLAN(test_swap),
                IN_PLAN(test_terminals),
                IN_PLAN(test_terminal_without_isorun),
                IN_PLAN(test_command),
                IN_PLAN(test_working_directory),
                IN_PLAN(test_code_makers),
                cmocka_unit_test(test_code_makers_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
