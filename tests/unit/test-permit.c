/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The algebra of policies: its laws, for random policies and for each row of the table. */
#include "plan-fixture.h"
#include "sample.h"

#include "plan/permit/write.h"
#include "policy/lines.h"

static uint32_t seed = 4711;

static unsigned below(unsigned n) {
        return next_random(&seed) % n;
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
        { D_PrivateUsers, { "self", "identity", "no", "full", "subordinate" } },
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

        return many && *many ? (unsigned) atoi(many) : otherwise;
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_laws),
                cmocka_unit_test(test_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
