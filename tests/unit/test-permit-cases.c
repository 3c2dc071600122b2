/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the algebra of policies says about policies that a reader can check, and about stages. */
#include "sample.h"

#include "plan/permit/stages.h"
#include "plan/permit/write.h"

/* Pairs of policies that a reader can judge. inner: the first is within the second; outer: the second is within the
 * first. */
static void test_pairs(_unused_ void **test) {
        static const struct {
                const char *a, *b;
                bool inner, outer;
        } pairs[] = {
                { "", "", true, true },
                { "MemoryMax=64M", "MemoryMax=1G", true, false },
                { "MemoryMax=64M", "", true, false },
                { "MemoryMax=10%", "MemoryMax=1K", false, true },
                { "TasksMax=10%", "TasksMax=5", false, false },
                { "MemoryMax=64M\nOptional=MemoryMax", "MemoryMax=64M", false, true },
                { "MemoryMax=64M\nOptional=MemoryMax", "", true, false },
                { "LimitCORE=0", "", true, false },
                { "LimitCORE=infinity", "", false, true },
                { "LimitMEMLOCK=1M", "", false, false },
                { "PrivateNetwork=no", "", false, true },
                { "PrivateUsers=full", "", false, false },
                { "PrivateUsers=identity", "PrivateUsers=self", true, true },
                { "User=nobody", "", true, false },
                { "User=nobody\nGroup=docker", "User=nobody", false, false },
                { "SystemCallFilter=@system-service", "SystemCallFilter=@system-service\nSystemCallFilter=bpf", true,
                  false },
                { "SystemCallFilter=~@mount", "SystemCallFilter=@system-service", false, true },
                { "SystemCallFilter=~@mount", "SystemCallFilter=mount", false, false },
                { "SystemCallFilter=@keyring @system-service", "SystemCallFilter=@system-service", false, true },
                { "Nesting=yes\nRestrictNamespaces=yes\nSystemCallFilter=@system-service",
                  "SystemCallFilter=@system-service", false, true },
                { "CapabilityBoundingSet=CAP_KILL", "AmbientCapabilities=CAP_KILL CAP_CHOWN", true, false },
                { "RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=AF_UNIX", false, true },
                { "IPAddressDeny=any\nIPAddressAllow=10.1.0.0/16", "IPAddressDeny=any\nIPAddressAllow=10.0.0.0/8",
                  true, false },
                { "IPAddressDeny=10.1.0.0/16\nIPAddressAllow=10.0.0.0/8", "", true, true }, /* Allow wins */
                { "DevicePolicy=closed", "DeviceAllow=/dev/kvm rw", true, false },
                { "DeviceAllow=/dev/kvm r", "DeviceAllow=/dev/kvm rw", true, false },
                { "PassEnvironment=A", "PassEnvironment=*", true, false },

                /* Places. */
                { "BindReadOnlyPaths=/usr/lib", "", true, true }, /* the root shows it anyway */
                { "BindReadOnlyPaths=/etc/ssl/private", "", false, true }, /* there, it hides it */
                { "BindReadOnlyPaths=/etc/passwd:/etc/group", "", false, false },
                { "BindPaths=/etc", "", false, true },
                { "RootDirectory=none\nBindReadOnlyPaths=/usr /etc", "", true, false },
                { "RootDirectory=none\nBindReadOnlyPaths=/home/ada", "", false, false },
                { "BindReadOnlyPaths=/srv/a", "BindPaths=/srv", true, false },
                { "BindReadOnlyPaths=/srv/a:/srv/b", "BindPaths=/srv", false, false },
                { "BindPaths=/srv", "BindReadOnlyPaths=/srv", false, true },
                { "Volume=/srv:/srv:overlay", "BindPaths=/srv", true, false },
                { "BindPaths=/srv\nReadOnlyPaths=/srv/a", "BindPaths=/srv", true, false },
                { "ReadOnlyPaths=/dev", "", true, false },
                { "ReadOnlyPaths=/", "ReadOnlyPaths=/dev", true, false },
                { "ReadOnlyPaths=/", "ReadOnlyPaths=/ /dev /run /tmp /var/tmp /var", true, true },
                { "ReadOnlyPaths=/\nTemporaryFileSystem=/tmp", "ReadOnlyPaths=/", false, true },
                { "BindPaths=/srv\nReadOnlyPaths=-/srv/a", "BindPaths=/srv\nReadOnlyPaths=/srv/a", false, true },
                { "BindPaths=/srv\nReadOnlyPaths=./a", "BindPaths=/srv", true, false },
                { "BindPaths=/srv\nInaccessiblePaths=/srv/a", "BindPaths=/srv", true, false },
                { "BindReadOnlyPaths=/var/lib:/x",
                  "BindReadOnlyPaths=/var/lib:/x\nBindReadOnlyPaths=/var/lib/mysql:/x/mysql",
                  true, false }, /* a secret that only the second names */
                { "Volume=/srv:/srv:ro,hide=*.key", "Volume=/srv:/srv:ro", false, false },
                { "Volume=/srv:/srv:ro,hide=*.key\nBindReadOnlyPaths=/srv/a", "Volume=/srv:/srv:ro,hide=*.key",
                  false, false },
                { "Volume=data:/srv", "Volume=/data:/srv", false, false },
                { "TemporaryFileSystem=/etc", "", true, false },
                { "TemporaryFileSystem=/tmp:size=1G", "", false, true },
                { "File=/etc/motd:x", "", true, false },
                { "PrivateTmp=no", "", false, true },
                { "NoExecPaths=/\nExecPaths=/usr", "", true, false },
                { "NoExecPaths=/\nExecPaths=/usr", "MemoryDenyWriteExecute=yes", false, false },
                { "MemoryDenyWriteExecute=yes\nExecPaths=/tmp", "MemoryDenyWriteExecute=yes", false, true },
                { "LoadCredential=a:/etc/a", "", false, true },
                { "GrantPaths=/mnt/in", "GrantPaths=/mnt/in:rw", true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                Sample a, b;

                sample_lines(&a, pairs[i].a);
                sample_lines(&b, pairs[i].b);
                expect_number(pairs[i].a, permit_within(a.permit, b.permit), pairs[i].inner);
                expect_number(pairs[i].a, permit_within(b.permit, a.permit), pairs[i].outer);
                sample_free(&a);
                sample_free(&b);
        }
}

#define WIDER "the stage x permits more than the policy, but a stage can only narrow: "

/* A stage that permits more than its policy is an error, and so is one that Landlock could not enforce. */
/* promise P50 */
static void test_stages(_unused_ void **test) {
        static const struct {
                const char *policy, *stage, *error; /* NULL: none */
        } pairs[] = {
                { "", "SystemCallFilter=~execve", NULL },
                { "", "SystemCallFilter=@basic-io", NULL },
                { "", "SystemCallFilter=kcmp read", "SystemCallFilter=: " WIDER "kcmp" },
                { "SystemCallFilter=@system-service", "SystemCallFilter=kcmp read", NULL },
                { "", "SystemCallFilter=bpf kexec_load", "SystemCallFilter=: " WIDER "bpf kexec_load" },
                { "", "SystemCallFilter=~execve\nSystemCallFilter=bpf", "SystemCallFilter=: " WIDER "bpf" },
                { "", "RestrictAddressFamilies=~AF_NETLINK", NULL },
                { "", "RestrictAddressFamilies=AF_UNIX AF_PACKET", "RestrictAddressFamilies=: " WIDER "AF_PACKET" },
                { "", "RestrictNamespaces=no", "RestrictNamespaces=: " WIDER },
                { "RestrictNamespaces=no", "RestrictNamespaces=~user", NULL },
                { "", "MemoryDenyWriteExecute=yes", NULL },
                { "MemoryDenyWriteExecute=yes", "MemoryDenyWriteExecute=no", "MemoryDenyWriteExecute=: " WIDER "no" },
                { "", "LockPersonality=no", "LockPersonality=: " WIDER "no" },
                { "", "CapabilityBoundingSet=", NULL },
                { "CapabilityBoundingSet=CAP_KILL", "CapabilityBoundingSet=~CAP_KILL", NULL },
                { "AmbientCapabilities=CAP_KILL", "CapabilityBoundingSet=CAP_KILL", NULL },
                { "CapabilityBoundingSet=CAP_KILL", "CapabilityBoundingSet=CAP_CHOWN", WIDER "cap_chown" },
                { "PrivateUsers=full", "CapabilityBoundingSet=", NULL },
                { "ConnectTo=a.example:443 b.example:80", "ConnectTo=a.example:443", NULL },
                { "ConnectTo=a.example:443=10.0.0.1:443", "ConnectTo=a.example:443", NULL },
                { "ConnectTo=a.example:443", "ConnectTo=", NULL },
                { "ConnectTo=a.example:53/udp a.example:53", "ConnectTo=a.example:53/udp", NULL },
                { "ConnectTo=a.example:53=10.0.0.1:1", "ConnectTo=a.example:53/udp",
                  "ConnectTo=: " WIDER "a.example:53/udp" },
                { "ConnectTo=a.example:53/udp=10.0.0.1:1", "ConnectTo=a.example:53", "ConnectTo=: " WIDER "a.example:53" },
                { "ConnectTo=a.example:443", "ConnectTo=a.example:80", "ConnectTo=: " WIDER "a.example:80" },
                { "ConnectTo=a.example:443", "ConnectTo=a.example:443=10.0.0.1:1", "ConnectTo=: " WIDER },
                { "", "ReadOnlyPaths=/\nReadWritePaths=/tmp /tmp/x", NULL },
                { "", "InaccessiblePaths=/\nReadOnlyPaths=/usr\nReadWritePaths=/run", NULL },
                { "", "ReadOnlyPaths=/\nReadWritePaths=/usr", "ReadWritePaths=: " WIDER "/usr is read-only" },
                { "BindPaths=/srv/data", "ReadOnlyPaths=/\nReadWritePaths=/srv/data", NULL },
                { "", "ReadOnlyPaths=/usr", "ReadOnlyPaths=: the paths of a stage begin with ReadOnlyPaths=/" },
                { "", "ReadWritePaths=/", "ReadWritePaths=: the paths of a stage begin with ReadOnlyPaths=/" },
                { "", "ReadOnlyPaths=/\nInaccessiblePaths=/etc",
                  "InaccessiblePaths=: a stage cannot take /etc away from / (ReadOnlyPaths=)" },
                { "", "ReadOnlyPaths=/ ./x", "ReadOnlyPaths=: not an absolute path: \"./x\"" },
                { "", "NoExecPaths=/\nExecPaths=/usr/bin", NULL },
                { "", "NoExecPaths=/tmp", "NoExecPaths=: a stage cannot take /tmp away: write NoExecPaths=/" },
                { "", "ExecPaths=/usr", "ExecPaths=: add NoExecPaths=/" },
                { "NoExecPaths=/\nExecPaths=/usr", "NoExecPaths=/\nExecPaths=/tmp",
                  "Paths=: " WIDER "/tmp: executable" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_free_ char *text = format("[Sandbox]\n%s\n[Stage.x]\n%s\n", pairs[i].policy, pairs[i].stage);
                _cleanup_(policy_freep) Policy *policy = test_policy();
                Log log;

                log_init(&log);
                expect_result(text, test_read(policy, &log, text), 0);
                expect_result(text, permit_check_stages(policy, &log.report), pairs[i].error ? -EBADMSG : 0);
                expect_in(text, log_text(&log), pairs[i].error ?: "");
                log_deinit(&log);
        }
}

/* What cannot be in a stage at all. */
static void test_stage_lines(_unused_ void **test) {
        static const struct {
                const char *text, *error;
        } cases[] = {
                { "[Stage.x]\nUser=root\n", "test.conf:2: User=: not a directive of stages" },
                { "[Stage.x]\nNoNewPrivileges=yes\n", "test.conf:2: NoNewPrivileges=: not a directive of stages" },
                { "[Stage.x]\nRestrictRealtime=maybe\n", "test.conf:2: RestrictRealtime=: not a boolean" },
                { "[Stage.a b]\nRestrictRealtime=yes\n", "test.conf:2: not the name of a stage" },
                { "[Stage.]\nRestrictRealtime=yes\n", "test.conf:2: not the name of a stage" },
                { "[Sandbox]\nReadWritePaths=/tmp\n", "test.conf:2: ReadWritePaths=: write BindPaths=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(policy_freep) Policy *policy = test_policy();
                Log log;

                log_init(&log);
                expect_result(cases[i].text, test_read(policy, &log, cases[i].text), -EBADMSG);
                expect_in(cases[i].text, log_text(&log), cases[i].error);
                log_deinit(&log);
        }
}

/* What does not compare is an error that names both lines. */
static void test_clash(_unused_ void **test) {
        static const struct {
                const char *a, *b, *error;
        } pairs[] = {
                { "User=www-data", "User=nobody", "test.conf:2: User=: www-data and nobody (test.conf:2) contradict" },
                { "BindPaths=/a:/x", "BindPaths=/b:/x",
                  "test.conf:2: BindPaths=: /x: /a:/x and /b:/x (test.conf:2) contra" },
                { "Environment=A=1", "Environment=A=2",
                  "test.conf:2: Environment=: A: A=1 and A=2 (test.conf:2) contradict" },
                { "TasksMax=5", "TasksMax=10%",
                  "test.conf:2: TasksMax=: 5 and 10% (test.conf:2) cannot be compared" },
                { "AllowedCPUs=0-1", "AllowedCPUs=2", "AllowedCPUs=: the policies have no number in common" },
                { "Slice=a.slice", "", "a.slice and a policy that does not set it (built-in) contradict" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_(permit_freep) Permit *ab = NULL;
                _cleanup_free_ char *text = NULL;
                Sample a, b;
                Log log;

                log_init(&log);
                sample_lines(&a, pairs[i].a);
                sample_lines(&b, pairs[i].b);
                ab = meet(a.permit, b.permit);
                expect_result(pairs[i].a, permit_write(ab, &text, &log.report), -EINVAL);
                expect_in(pairs[i].a, log_text(&log), pairs[i].error);
                sample_free(&a);
                sample_free(&b);
                log_deinit(&log);
        }
}

/* A size and a share of the machine's memory: the lower one on this machine. */
static void test_memory(_unused_ void **test) {
        static const struct {
                const char *a, *b;
                uint64_t least, most;
        } pairs[] = {
                { "MemoryMax=1M", "MemoryMax=50%", 1024 * 1024, 1024 * 1024 },
                { "MemoryMax=50%", "MemoryMax=1M", 1024 * 1024, 1024 * 1024 },
                { "MemoryMax=4E", "MemoryMax=50%", 2 * 1024 * 1024, UINT64_C(1) << 60 },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_(permit_freep) Permit *ab = NULL;
                _cleanup_free_ char *text = NULL;
                const Value *value;
                Sample a, b, both;
                Log log;

                log_init(&log);
                sample_lines(&a, pairs[i].a);
                sample_lines(&b, pairs[i].b);
                ab = meet(a.permit, b.permit);
                expect_result(pairs[i].a, permit_write(ab, &text, &log.report), 0);
                sample_read(&both, text);
                value = &policy_get(both.policy, D_MemoryMax)->value;
                assert_false(value->relative);
                assert_in_range((uint64_t) value->number, pairs[i].least, pairs[i].most);
                sample_free(&both);
                sample_free(&a);
                sample_free(&b);
                log_deinit(&log);
        }
}

/* A symlink in a source does not lead to more: /etc/link leads to a secret here. */
static int resolve_link(const char *path, char **ret) {
        *ret = strdup(streq(path, "/etc/link") ? "/etc/shadow" : path);
        return *ret ? 0 : -ENOMEM;
}

static void test_link(_unused_ void **test) {
        Sample plain, linked;
        Log log;

        log_init(&log);
        sample_read(&plain, "");
        sample_read(&linked, "[Sandbox]\nBindReadOnlyPaths=/etc/link\n");
        assert_true(permit_within(linked.permit, plain.permit));
        permit_free(linked.permit);
        assert_int_equal(permit_new(&linked.permit, linked.policy, resolve_link, &log.report), 0);
        assert_false(permit_within(linked.permit, plain.permit));
        sample_free(&linked);
        sample_free(&plain);
        log_deinit(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pairs),
                cmocka_unit_test(test_stages),
                cmocka_unit_test(test_stage_lines),
                cmocka_unit_test(test_clash),
                cmocka_unit_test(test_memory),
                cmocka_unit_test(test_link),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
