/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The algebra of policies: its laws for random policies, and what it says about some that a reader can check. */
#include "helper.h"

#include "plan/permit/permit.h"
#include "plan/permit/read.h"
#include "plan/permit/stages.h"
#include "plan/permit/write.h"
#include "policy/lines.h"

/* A policy with its permit. */
typedef struct Sample {
        Policy *policy;
        Permit *permit;
        char text[4096];
} Sample;

static void sample_read(Sample *sample, const char *text) {
        Log log;

        log_init(&log);
        *sample = (Sample) { .policy = test_policy() };
        snprintf(sample->text, sizeof(sample->text), "%s", text);
        if (test_read(sample->policy, &log, text) < 0 || policy_complete(sample->policy, &log.report) < 0)
                fail_msg("%s\nin:\n%s", log_text(&log), text);
        assert_int_equal(permit_new(&sample->permit, sample->policy, NULL, &log.report), 0);
        log_deinit(&log);
}

/* Lines without sections. */
static void sample_lines(Sample *sample, const char *lines) {
        _cleanup_free_ char *copy = strdup(lines);
        char text[2048] = "", *position = copy;

        for (char *line; (line = strsep(&position, "\n"));) {
                _cleanup_free_ char *key = strndup(line, strcspn(line, "="));
                const Directive *d = directive_find(key);
                size_t n = strlen(text);

                if (d)
                        snprintf(text + n, sizeof(text) - n, "[%s]\n%s\n", section_names[d->section], line);
        }
        sample_read(sample, text);
}

static void sample_free(Sample *sample) {
        permit_free(sample->permit);
        policy_free(sample->policy);
}

/* Random numbers, the same in each run. */
static uint64_t state = 88172645463325252u;

static unsigned below(unsigned n) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (unsigned) (state >> 33) % n;
}

/* Values from which the random policies are made. There are few paths and names, so that the policies meet in them. */
static const struct {
        DirectiveId id;
        const char *values[12];
} choices[] = {
        { D_Optional, { "MemoryMax", "TasksMax CPUQuota", "PrivateNetwork" } },
        { D_ExecStart, { "/bin/true", "/bin/false" } },
        { D_Pool, { "builds", "tests" } },
        { D_Slice, { "a.slice", "a-b.slice" } },
        { D_MemoryMax, { "64M", "1G", "50%", "10%", "infinity" } },
        { D_MemoryLow, { "1M", "0", "10%" } },
        { D_TasksMax, { "10", "20", "1%", "infinity" } },
        { D_CPUQuota, { "10%", "150%" } },
        { D_CPUQuotaPeriodSec, { "10ms", "200ms" } },
        { D_CPUWeight, { "idle", "50", "500" } },
        { D_AllowedCPUs, { "0-3", "2 5", "7" } },
        { D_IODeviceWeight, { "/dev/sda 50", "/dev/sdb 10" } },
        { D_IOReadBandwidthMax, { "/dev/sda 5M", "/dev/sda 1M", "/dev/sdb 2M" } },
        { D_IPAddressAllow, { "10.0.0.0/8", "10.1.0.0/16 ::1", "localhost", "any" } },
        { D_IPAddressDeny, { "any", "10.1.2.0/24", "fe80::/10", "192.168.0.0/16" } },
        { D_DevicePolicy, { "auto", "closed", "strict" } },
        { D_DeviceAllow, { "/dev/fuse rw", "/dev/fuse r", "char-pts rw", "/dev/kvm" } },
        { D_RuntimeMaxSec, { "1h", "10s" } },
        { D_TimeoutStopSec, { "1h", "10s" } },
        { D_OOMPolicy, { "stop", "kill" } },
        { D_KillMode, { "mixed", "process", "none", "control-group" } },
        { D_KillSignal, { "SIGQUIT", "SIGTERM" } },
        { D_SendSIGKILL, { "yes", "no" } },
        { D_Delegate, { "yes", "no", "cpu memory" } },
        { D_BindsTo, { "data.mount", "a.service b.service" } },
        { D_PartOf, { "a.target", "b.target" } },
        { D_Wants, { "a.service", "b.service a.service" } },
        { D_After, { "a.service", "b.service" } },
        { D_RootDirectory, { "/", "none", "/srv/debian", "/usr:/srv/top", "base" } },
        { D_BindLibraries, { "yes", "no" } },
        { D_BindPaths, { "/srv:/srv", "/data/a:/srv/a", "/etc:/etc", "/usr/lib:/x" } },
        { D_BindReadOnlyPaths, { "/usr", "/etc/ssl/private", "/etc/ssl:/a", "-/opt", "/srv/a:/srv/a", "/data:/a/b" } },
        { D_Volume, { "data:/srv:ro", "data:/srv/a", "/srv:/a:overlay,size=1M", "/srv:/a:ro,hide=*.key",
          "/srv:/srv:norbind",
                      "/dev/kvm:/dev/kvm:dev", "/srv:/srv:noexec", "/etc/ssl/private:/a/private:ro" } },
        { D_TemporaryFileSystem, { "/a", "/tmp:mode=1777,size=16M", "/srv:ro", "/a/b:noexec,size=10%%,nr_inodes=10" } },
        { D_File, { "/etc/motd:Hello", "/etc/motd:Bye", "/a/b:x" } },
        { D_Symlink, { "/a:b", "/a:c" } },
        { D_Directory, { "/a", "/b" } },
        { D_SetCredential, { "token:x", "token:y" } },
        { D_LoadCredential, { "token:/etc/token", "token", "key:/etc/key" } },
        { D_InaccessiblePaths, { "/a", "/srv/a", "-/etc/motd", "/usr/share" } },
        { D_ReadOnlyPaths, { "/srv/a", "/", "-/a", "./x", "/dev", "/tmp" } },
        { D_NoExecPaths, { "/", "/a", "/srv" } },
        { D_ExecPaths, { "/usr", "/srv/a", "/a/b" } },
        { D_GrantPaths, { "/mnt/in:rw", "/mnt/in", "/mnt/out" } },
        { D_PrivateTmp, { "yes", "no" } },
        { D_PrivateDevices, { "yes", "no" } },
        { D_PrivateNetwork, { "yes", "no" } },
        { D_PrivateUsers, { "self", "identity", "no", "full" } },
        { D_ProtectHome, { "yes", "no", "read-only", "tmpfs" } },
        { D_ProtectHostname, { "yes", "no" } },
        { D_ProtectProc, { "default", "noaccess", "invisible", "ptraceable" } },
        { D_Nesting, { "yes", "no" } },
        { D_User, { "www-data", "nobody" } },
        { D_Group, { "www-data", "nogroup" } },
        { D_WorkingDirectory, { "/srv", "~" } },
        { D_Environment, { "A=1", "A=2 B=1", "B=2" } },
        { D_PassEnvironment, { "X", "Y X", "*" } },
        { D_UnsetEnvironment, { "LANG", "TERM LANG" } },
        { D_UMask, { "0077", "0022" } },
        { D_LimitCORE, { "0", "infinity", "1M" } },
        { D_LimitNOFILE, { "10:20", "15", "5:infinity" } },
        { D_LimitMEMLOCK, { "64K", "1M" } },
        { D_Nice, { "5", "-5", "0" } },
        { D_CapabilityBoundingSet, { "CAP_CHOWN CAP_KILL", "~CAP_SYS_ADMIN", "CAP_NET_ADMIN" } },
        { D_AmbientCapabilities, { "CAP_KILL", "CAP_NET_BIND_SERVICE" } },
        { D_SystemCallFilter, { "@system-service", "~@mount", "mount keyctl", "~openat2:ENOSYS ptrace",
          "memfd_create" } },
        { D_SystemCallErrorNumber, { "EACCES", "ENOSYS" } },
        { D_SystemCallArchitectures, { "native", "x86", "x86-64 x32" } },
        { D_RestrictAddressFamilies, { "AF_UNIX", "~AF_PACKET AF_ALG", "none", "AF_INET AF_INET6" } },
        { D_RestrictNamespaces, { "yes", "no", "~user", "mnt net" } },
        { D_MemoryDenyWriteExecute, { "yes", "no" } },
        { D_RestrictSUIDSGID, { "yes", "no" } },
        { D_Terminal, { "private", "shared" } },
        { D_StandardInput, { "null", "inherit", "file:/srv/in" } },
        { D_StandardOutput, { "null", "journal", "file:/srv/out", "append:/srv/out" } },
};

static void sample_random(Sample *sample) {
        char text[4096];
        size_t n = 0;

        text[0] = '\0';
        for (unsigned lines = below(14); lines > 0; lines--) {
                unsigned row = below(ELEMENTSOF(choices)), values = 0;
                const Directive *d = &directive_table[choices[row].id];

                while (values < ELEMENTSOF(choices[row].values) && choices[row].values[values])
                        values++;
                n += (size_t) snprintf(text + n, sizeof(text) - n, "[%s]\n%s=%s\n", section_names[d->section], d->name,
                                       choices[row].values[below(values)]);
        }
        sample_read(sample, text);
}

static Permit *meet(const Permit *a, const Permit *b) {
        Permit *permit;

        assert_int_equal(permit_meet(&permit, a, b), 0);
        return permit;
}

static bool same_grain(const Grain *a, const Grain *b) {
        return grain_within(a, b) && grain_within(b, a) && a->clash == b->clash && a->mode == b->mode;
}

static int compare(void *userdata, _unused_ const char *key, const Grain *a, const Grain *b) {
        *(bool *) userdata = *(bool *) userdata && same_grain(a, b);
        return 0;
}

/* Whether both are the same, also in what is not compared. */
static bool same(const Permit *a, const Permit *b) {
        bool result = true;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                facet_visit(&a->facets[id], &b->facets[id], compare, &result);
        return result;
}

#define LAW(condition)                                                                                          \
        do {                                                                                                    \
                if (!(condition))                                                                               \
                        fail_msg("%s does not hold for\n[a]\n%s\n[b]\n%s\n[c]\n%s", #condition, s[0].text, s[1].text, \
                                 s[2].text);                                                                    \
        } while (0)

static void check_laws(const Sample s[static 3]) {
        const Permit *a = s[0].permit, *b = s[1].permit, *c = s[2].permit;
        _cleanup_(permit_freep) Permit *ab = meet(a, b), *ba = meet(b, a), *bc = meet(b, c), *aa = meet(a, a);
        _cleanup_(permit_freep) Permit *left = meet(ab, c), *right = meet(a, bc);

        LAW(permit_within(a, a));
        LAW(same(aa, a));
        LAW(same(ab, ba));
        LAW(same(left, right));
        LAW(permit_within(ab, a) && permit_within(ab, b));
        /* The greatest of all that are within both. */
        LAW(!(permit_within(c, a) && permit_within(c, b)) || permit_within(c, ab));
        LAW(permit_within(a, b) == permit_within(a, ab));
        /* Transitive: ab is within a, so it is within what a is within. */
        LAW(!permit_within(a, c) || permit_within(ab, c));
}

/* A policy that is written from a meet permits no more than each of both. Returns whether there is one, and counts
 * those that permit as much as the meet. */
static bool check_written(const Sample s[static 3], unsigned *exact) {
        _cleanup_(permit_freep) Permit *ab = meet(s[0].permit, s[1].permit);
        _cleanup_free_ char *text = NULL;
        Sample again;
        Log log;
        int r;

        log_init(&log);
        r = permit_write(ab, &text, &log.report);
        if (r >= 0) {
                sample_read(&again, text);
                LAW(permit_within(again.permit, s[0].permit) && permit_within(again.permit, s[1].permit));
                *exact += permit_within(ab, again.permit);
                sample_free(&again);
        } else if (strstr(log_text(&log), "no line of a policy"))
                fail_msg("%s\n[a]\n%s\n[b]\n%s", log_text(&log), s[0].text, s[1].text);
        log_deinit(&log);
        return r >= 0;
}

static unsigned how_many(unsigned otherwise) {
        const char *many = getenv("PERMIT_POLICIES");

        return many ? (unsigned) atoi(many) : otherwise;
}

static void test_laws(_unused_ void **test) {
        unsigned within = 0;

        for (unsigned i = 0, n = how_many(15000); i < n; i += 3) {
                Sample s[3];

                for (unsigned k = 0; k < 3; k++)
                        sample_random(&s[k]);
                check_laws(s);
                within += permit_within(s[0].permit, s[1].permit);
                for (unsigned k = 0; k < 3; k++)
                        sample_free(&s[k]);
        }
        assert_true(within > 0); /* otherwise, some laws have said nothing */
}

static void test_written(_unused_ void **test) {
        unsigned written = 0, exact = 0, n = how_many(4000);

        for (unsigned i = 0; i < n; i += 2) {
                Sample s[3] = {};

                sample_random(&s[0]);
                sample_random(&s[1]);
                written += check_written(s, &exact);
                sample_free(&s[0]);
                sample_free(&s[1]);
        }
        print_message("# %u pairs, %u written, %u of them exact\n", n / 2, written, exact);
        assert_true(written > n / 20 && exact > written / 2);
}

/* Values that change what a policy permits, where those for plans would not. The comments say why. */
static const char *example(DirectiveId id) {
        static const struct {
                DirectiveId id;
                const char *value;
        } substitutes[] = {
                { D_Optional, "PrivateNetwork" }, /* for a limit that the policy does not set, it changes nothing */
                { D_SendSIGKILL, "no" }, /* "yes" is what systemd does without the line */
                { D_IPAddressAllow, "10.0.0.0/8\nIPAddressDeny=any" }, /* the same */
        };

        for (size_t i = 0; i < ELEMENTSOF(substitutes); i++)
                if (substitutes[i].id == id)
                        return substitutes[i].value;
        return plan_example(id);
}

/* Each row of the table says how its values compare, and the code does what it says: with the example of a row, a
 * policy does not permit the same as without. */
static void test_table(_unused_ void **test) {
        Sample plain;

        sample_read(&plain, "");
        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++) {
                char text[1024];
                Sample sample;

                if (d->order == ORDER_MISSING)
                        fail_msg("%s= has no order", d->name);
                if (d->order == ORDER_PART && directive_table[d->part_of].order == ORDER_PART)
                        fail_msg("%s= is a part of a part", d->name);
                if (d->order == ORDER_FREE)
                        continue;
                snprintf(text, sizeof(text), "[%s]\n%s=%s\n", section_names[d->section], d->name,
                         example(directive_id(d)));
                sample_read(&sample, text);
                if (same(sample.permit, plain.permit))
                        fail_msg("%s=%s changes nothing", d->name, example(directive_id(d)));
                sample_free(&sample);
        }
        sample_free(&plain);
}

/* A PolicyLineVisit. */
static int take_line(void *userdata, const Directive *d, const char *value, Origin origin) {
        Log log;
        int r;

        log_init(&log);
        r = *value ? policy_assign(userdata, origin, NULL, d->name, value, &log.report) : 0;
        expect_text(d->name, log_text(&log), "");
        log_deinit(&log);
        return r;
}

/* The lines of a policy make the same policy again. */
static void check_lines(const Sample *sample) {
        Sample again = { .policy = test_policy() };
        const Directive *bad = NULL;
        Report silent = {};
        int r = policy_lines(sample->policy, take_line, again.policy, &bad);

        if (r < 0)
                fail_msg("%d at %s= of\n%s", r, bad ? bad->name : "?", sample->text);
        assert_int_equal(policy_complete(again.policy, &silent), 0);
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const SettingList *a = &sample->policy->settings[id], *b = &again.policy->settings[id];

                expect_number(directive_table[id].name, b->n, a->n);
                for (size_t i = 0; i < a->n; i++)
                        expect_text(directive_table[id].name, b->items[i].value.text, a->items[i].value.text);
        }
        assert_int_equal(permit_new(&again.permit, again.policy, NULL, &silent), 0);
        if (!same(again.permit, sample->permit))
                fail_msg("other lines than\n%s", sample->text);
        sample_free(&again);
}

/* promise P52 */
static void test_lines(_unused_ void **test) {
        static const char *const odd[] = {
                "Environment='A=100%% b' \"C=\\t\\\"\"", "SystemCallFilter=~@mount kill:EACCES",
                "SystemCallFilter=@basic-io\nSystemCallFilter=~read", "RestrictNamespaces=no", "RestrictNamespaces=yes",
                "RestrictAddressFamilies=none", "InaccessiblePaths=-'/a b' /c", "BindPaths=-/a:/b:noexec '/c\\:d:/e'",
                "Volume=data:/x:ro,hide=*.key", "CapabilityBoundingSet=~CAP_CHOWN", "IPAddressDeny=any",
                "ConnectTo=a:80,443/udp *.b:1=10.0.0.1:2", "File=/etc/x:a%%b\\n'c", "ExecStart=/bin/sh -c 'a  $$b;'",
        };

        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                Sample sample;

                sample_lines(&sample, odd[i]);
                check_lines(&sample);
                sample_free(&sample);
        }
        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++) {
                _cleanup_free_ char *text = format("[%s]\n%s=%s\n", section_names[d->section], d->name,
                                                   plan_example(directive_id(d)));
                Sample sample;

                sample_read(&sample, text);
                check_lines(&sample);
                sample_free(&sample);
        }
        for (unsigned i = 0; i < 300; i++) {
                Sample sample;

                sample_random(&sample);
                check_lines(&sample);
                sample_free(&sample);
        }
}

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
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_pairs),
                cmocka_unit_test(test_stages),
                cmocka_unit_test(test_stage_lines),
                cmocka_unit_test(test_clash),
                cmocka_unit_test(test_memory),
                cmocka_unit_test(test_link),
                cmocka_unit_test(test_laws),
                cmocka_unit_test(test_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
