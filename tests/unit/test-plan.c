/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan as a whole: the effect of each directive, how it is shown, and the claims of unit files. */
#include "plan-fixture.h"

#include <errno.h>

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

        plan_expect_good(f, "MemoryMax=64M\nEnvironment=A=\x1b[1m B=2\n");
        buffer_init(&b);
        assert_int_equal(plan_print_text(f->plan, f->policy, FORM_WHOLE, b.f), 0);
        expect_in("print", buffer_text(&b), "\n  MemoryMax               64M   # test.conf:1\n");
        expect_in("print", buffer_text(&b), "A=\\x1b[1m");
        expect_in("print", buffer_text(&b), "  environment             B=2   # test.conf:2\n");
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
                { "User=12", "\nusers    uid 12 gid 12 – in a private user namespace with the ids of the host   # test.conf:1\n" },
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

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_every_directive_changes_plan),
                cmocka_unit_test(test_every_example_parses),
                IN_PLAN(test_print),
                IN_PLAN(test_summary),
                IN_PLAN(test_all_errors_in_one_go),
                IN_PLAN(test_claims),
                IN_PLAN(test_claim_hides),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
