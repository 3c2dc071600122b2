/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit that a plan is exported to. */
#include "plan-fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "convert/export.h"

static char *arguments[] = { (char *) "/usr/bin/tool", (char *) "$a 100%", (char *) ";", (char *) "it's", NULL };

/* Exports a policy with the fixture's root. */
static const char *export_text(PlanFixture *f, Buffer *out, const char *lines, bool user, int expected) {
        f->request.arguments = arguments;
        plan_make(f, lines);
        if (!f->plan)
                fail_msg("%s: %s", lines, log_text(&f->log));
        expect_result(lines, export_unit(f->plan, user, out->f, &f->log.report), expected);
        return buffer_text(out);
}

static void test_lines(void **state) {
        static const struct {
                const char *policy;
                bool user;
                const char *has;  /* with "\n" before and after it */
                const char *lacks; /* NULL: nothing */
        } cases[] = {
                { "UMask=0077", false, "ExecStart=/usr/bin/tool \"$$a 100%%\" \";\" \"it's\"", NULL },
                { "UMask=0077", false, "# test.conf:1\nUMask=0077", "PrivateTmp" },
                { "UMask=0077", false, "NoNewPrivileges=yes", NULL },
                { "UMask=0077", false, "CapabilityBoundingSet=", NULL },
                { "UMask=0077", false, "PrivateUsers=yes", NULL },
                { "UMask=0077", false, "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", NULL },
                { "UMask=0077", false, "RestrictNamespaces=yes", NULL },
                { "UMask=0077", false, "SystemCallFilter=@system-service\nSystemCallFilter=~@keyring @resources userfaultfd "
                                       "kcmp process_vm_readv process_vm_writev sync syncfs io_setup\n"
                                       "SystemCallFilter=sched_setaffinity setpriority\n"
                                       "SystemCallFilter=~add_key keyctl request_key "
                                       "io_uring_setup:ENOSYS openat2:ENOSYS sched_setattr", NULL },
                { "SystemCallFilter=@basic-io @process\nSystemCallFilter=~kill:EPERM fork:EACCES", false, "SystemCallFilter=~kill fork:EACCES", NULL },
                { "SystemCallErrorNumber=ENOSYS", false, "SystemCallFilter=~add_key keyctl request_key io_uring_setup openat2 "
                                                         "sched_setattr:EPERM", NULL },
                { "SystemCallFilter=@system-service @keyring", false, "SystemCallFilter=~io_uring_setup:ENOSYS openat2:ENOSYS "
                                                                      "sched_setattr", NULL },
                { "CapabilityBoundingSet=CAP_KILL\nAmbientCapabilities=CAP_CHOWN", false, "CapabilityBoundingSet=CAP_KILL", "PrivateUsers=yes" },
                { "CapabilityBoundingSet=CAP_KILL\nAmbientCapabilities=CAP_CHOWN", false, "CapabilityBoundingSet=CAP_CHOWN", NULL },
                { "PrivateUsers=no\nCapabilityBoundingSet=CAP_SYSLOG", false, "PrivateUsers=no", "ProtectKernelLogs" },
                { "PrivateUsers=no\nCapabilityBoundingSet=CAP_SYS_TIME", false, "ProtectKernelLogs=yes", "ProtectClock" },
                { "MemoryMax=50%\nEnvironment=A=100%% 'B=c d'", false, "MemoryMax=50%", NULL },
                { "MemoryMax=50%", false, "# not enforced by systemd: MemoryMax= (systemd starts the unit even if the kernel does not "
                                          "enforce it)", NULL },
                { "MemoryMax=50%\nOptional=MemoryMax", false, "MemoryMax=50%", "systemd: MemoryMax=" },
                { "Delegate=yes", false, "# not enforced by systemd: Delegate= (the service cannot see /sys/fs/cgroup)", "ProtectControlGroups" },
                { "MemoryMax=50%\nEnvironment=A=100%% 'B=c d'", false, "Environment=A=100%% \"B=c d\"", NULL },
                { "TemporaryFileSystem=/scratch:size=50%%,noexec", false, "TemporaryFileSystem=/scratch:mode=0755,size=50%,noexec", NULL },
                { "IPAddressDeny=any", false, "IPAddressDeny=any", NULL },
                { "MemoryZSwapMax=1M", false, "# not enforced by systemd: MemoryZSwapMax= (it needs systemd 253: MemoryZSwapMax=1M)", "\nMemoryZSwapMax" },
                { "After=a.service b.service", false, "After=a.service b.service", NULL },
                { "Nesting=yes\nUser=1000", false, "# not enforced by systemd: Nesting= (the unit does not allow the service to make sandboxes)", NULL },
                { "BindPaths=%h/data:/srv:noexec,norbind", false, "NoExecPaths=/srv", NULL },
                { "Volume=%h/data:/srv:overlay", false, "# not enforced by systemd: Volume= (/srv is read-only: systemd cannot make it a writable overlay)", "\nBindPaths" },
                { "Volume=%h/data:/srv:ro,hide=th*", false, "InaccessiblePaths=-/srv/there", NULL },
                { "InaccessiblePaths=/dev/shm /etc", false, "InaccessiblePaths=-/dev/shm /etc", NULL }, /* in memory */
                { "NoExecPaths=/ /dev/shm\nExecPaths=/usr /run", false, "NoExecPaths=/ -/dev/shm", NULL },
                { "NoExecPaths=/ /dev/shm\nExecPaths=/usr /run", false, "ExecPaths=/usr /run", NULL },
                { "BindPaths=%h/data:/tmp/a\nInaccessiblePaths=/tmp/a/there", false, "InaccessiblePaths=/tmp/a/there",
                  NULL },
                { "Volume=%h/data:/srv\nReadOnlyPaths=/srv", false, "ProtectHome=yes", "\nBindPaths=" },
                { "ReadOnlyPaths=/dev", false, "TemporaryFileSystem=/dev/shm:mode=1777,size=64M,ro", NULL },
                { "ReadOnlyPaths=/", false, "TemporaryFileSystem=/run:mode=755,size=64M,ro", NULL },
                { "ReadOnlyPaths=/tmp", false, "TemporaryFileSystem=/tmp:mode=1777,size=64M,ro", NULL },
                { "BindPaths=-%h/missing:/srv", false, "ProtectHome=yes", NULL },
                { "BindPaths=%h/data:/home/x", false, "ProtectHome=tmpfs", NULL },
                { "ProtectHome=no", false, "ProtectHome=no", NULL },
                { "PrivateDevices=no", false, "PrivateDevices=no\nReadOnlyPaths=/dev", "/dev/shm" },
                { "PrivateTmp=no", false, "PrivateTmp=no", "=/tmp:" },
                { "ProtectProc=invisible", false, "ProtectProc=invisible", "ptraceable" },
                { "SetCredential=a:b\\n%%", false, "SetCredential=a:b\\x0a%", NULL },
                { "GrantPaths=/mnt/in", false, "# not enforced by systemd: GrantPaths= (isoctl grant cannot add directories to a service)", NULL },
                { "User=1000", false, "User=1000", NULL },
                { "User=1000", true, "WantedBy=default.target", "\nUser=" },
                { "IPAddressDeny=any", true, "# not enforced by systemd: IPAddressDeny= (a user's systemd accepts it but does not enforce it)", "\nIPAddressDeny" },
                { "Description=100%% a", false, "Description=100%% a", NULL },
                { "StandardOutput=null", false, "StandardOutput=null", "StandardInput" },
                { "PrivateNetwork=no", false, "PrivateNetwork=no", "Program=" },
                { "Program=ignore", false, "Type=exec", "Program=" },
                { "Program=narrow", false, "# not enforced by systemd: Program= (systemd does not read a policy that the program carries)", NULL },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *line = NULL;
                const char *text;
                Buffer out;

                buffer_init(&out);
                text = export_text(f, &out, cases[i].policy, cases[i].user, 0);
                assert_true(asprintf(&line, "\n%s\n", cases[i].has) > 0);
                expect_in(cases[i].policy, text, line);
                if (cases[i].lacks)
                        expect_not_in(cases[i].policy, text, cases[i].lacks);
                buffer_deinit(&out);
        }
}

/* An empty root, as isorun --record writes it. */
static void test_empty_root(void **state) {
        PlanFixture *f = *state;
        char *tool = arguments[0];
        const char *text;
        Buffer out;

        buffer_init(&out);
        arguments[0] = (char *) "/usr/bin/env"; /* of this machine */
        text = export_text(f, &out, "RootDirectory=none\nBindReadOnlyPaths=/usr\nSymlink=/bin:usr/bin\n"
                           "Symlink=/lib:usr/lib\nSymlink=/lib64:usr/lib64\nSymlink=/x:/etc/shadow\n"
                           "Symlink=/y:usr/../etc\nDirectory=/srv/empty", false, 0) ?: "";
        arguments[0] = tool;
        expect_in("root", text, "\nTemporaryFileSystem=/:ro\nMountAPIVFS=yes\n");
        expect_not_in("what systemd would prefer", text, "ProtectSystem=");
        expect_in("volume", text, "\nBindReadOnlyPaths=/usr\n");
        expect_in("symlink", text, "\nBindReadOnlyPaths=-/usr/bin:/bin\n");
        expect_in("directory", text, "\nTemporaryFileSystem=/srv/empty:ro,mode=755\n");
        expect_not_in("target that the root does not have", text, "/etc/shadow:/x");
        expect_in("target that the root does not have", text,
                  "# not enforced by systemd: Symlink= (systemd does not create the symlink /x)");
        expect_not_in("what systemd makes in memory", text, "on the host; isorun creates it in memory");
        expect_in("another one", text, "(systemd does not create the symlink /y)");
        buffer_deinit(&out);
}

/* A bind in the place of a symlink would show what the root hides, or makes noexec, in the target. */
static void test_hidden_target(void **state) {
        static const struct {
                const char *lines;
                bool is_shown;
        } cases[] = {
                { "BindReadOnlyPaths=/usr", true },
                { "BindReadOnlyPaths=/usr\nTemporaryFileSystem=/user", true },
                { "BindReadOnlyPaths=/usr:/usr:norbind", false },
                { "BindReadOnlyPaths=/usr\nInaccessiblePaths=/usr/share", false },
                { "BindReadOnlyPaths=/usr\nInaccessiblePaths=-/usr/missing", false },
                { "BindReadOnlyPaths=/usr\nInaccessiblePaths=-/link/missing", false },
                { "BindReadOnlyPaths=/usr\nTemporaryFileSystem=/usr/share", false },
                { "BindReadOnlyPaths=/usr\nBindReadOnlyPaths=/etc:/usr/share", false },
                { "Volume=/usr:/usr:ro,hide=share", false },
                { "BindReadOnlyPaths=/usr\nNoExecPaths=/usr/share", false },
                { "BindReadOnlyPaths=/usr\nNoExecPaths=-/usr/missing", false },
                { "BindReadOnlyPaths=/usr\nNoExecPaths=/usr\nExecPaths=/usr/bin /usr/lib", false },
        };
        static const char lack[] = "# not enforced by systemd: Symlink= (systemd does not create the symlink /link)";
        PlanFixture *f = *state;
        char *tool = arguments[0];

        arguments[0] = (char *) "/usr/bin/env"; /* of this machine */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *lines = NULL;
                const char *text;
                Buffer out;

                assert_true(asprintf(&lines, "RootDirectory=none\nSymlink=/link:usr\nSymlink=/lib:usr/lib\n"
                                     "Symlink=/lib64:usr/lib64\n%s", cases[i].lines) > 0);
                buffer_init(&out);
                text = export_text(f, &out, lines, false, 0);
                (cases[i].is_shown ? expect_in : expect_not_in)(lines, text, "\nBindReadOnlyPaths=-/usr:/link\n");
                (cases[i].is_shown ? expect_not_in : expect_in)(lines, text, lack);
                buffer_deinit(&out);
        }
        arguments[0] = tool;
}

/* Each comment also gives a notice, which names the policy's line. */
static void test_notices(void **state) {
        PlanFixture *f = *state;
        Buffer out;

        buffer_init(&out);
        export_text(f, &out, "UMask=0\nPrivateNetwork=no", false, 0);
        expect_in("notice", log_text(&f->log),
                  "notice: test.conf:2: not enforced by systemd: PrivateNetwork=: the service can reach the host's abstract unix sockets");
        expect_in("comment", buffer_text(&out), "# not enforced by systemd: PrivateNetwork= (the service can reach the host's abstract unix sockets");
        buffer_deinit(&out);
}

/* A service could implement nothing of these. */
static void test_refused(void **state) {
        PlanFixture *f = *state;
        Buffer out;

        buffer_init(&out);
        expect_text("stacked", export_text(f, &out, "RootDirectory=%h/root:%h/other", false, -EOPNOTSUPP), "");
        expect_in("stacked", log_text(&f->log), "error: test.conf:1: RootDirectory=: ");
        buffer_deinit(&out);
}

/* systemd would take the escapes of these characters literally. */
static void test_control_characters(void **state) {
        static const struct {
                const char *policy, *message; /* NULL: no error */
        } cases[] = {
                { "BindPaths=%h/data:/srv/a\\nb", "error: test.conf:1: BindPaths=: cannot be exported: systemd allows no control characters here" },
                { "UMask=0\nTemporaryFileSystem=/srv/a\\tb", "error: test.conf:2: TemporaryFileSystem=: cannot" },
                { "InaccessiblePaths=-/srv/a\\x7f", "error: test.conf:1: InaccessiblePaths=: cannot" },
                { "NoExecPaths=-/srv/a\\nb", "error: test.conf:1: NoExecPaths=: cannot" },
                { "Environment=A=a\\nb", NULL },
                { "SetCredential=a:b\\nc", NULL },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *text;
                Buffer out;

                buffer_init(&out);
                text = export_text(f, &out, cases[i].policy, false, cases[i].message ? -EINVAL : 0);
                expect_number(cases[i].policy, *text != 0, !cases[i].message);
                if (cases[i].message)
                        expect_in(cases[i].policy, log_text(&f->log), cases[i].message);
                buffer_deinit(&out);
        }
}

/* The unit could not have such a root. */
static void test_root_of_fd(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX], argument[32];
        Bindings b = {};
        Buffer out;
        int fd = open(temp_path(path, f->dir, "root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        f->request.bindings = &b;
        snprintf(argument, sizeof(argument), "tree=fd:%d", fd);
        assert_int_equal(bindings_add_argument(&b, "--bind", argument, &(Report) {}), 0);
        buffer_init(&out);
        expect_text("fd", export_text(f, &out, "RootDirectory=tree", false, -EOPNOTSUPP), "");
        expect_in("fd", log_text(&f->log), "error: test.conf:1: RootDirectory=: cannot be exported: the root is a file descriptor");
        buffer_deinit(&out);
        close(fd);
        bindings_deinit(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = { IN_PLAN(test_lines), IN_PLAN(test_empty_root), IN_PLAN(test_hidden_target),
                                            IN_PLAN(test_notices), IN_PLAN(test_refused),
                                            IN_PLAN(test_control_characters), IN_PLAN(test_root_of_fd) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
