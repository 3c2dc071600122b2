/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every type of value: what it accepts, the result, and what it refuses. */
#include "helper.h"

#include <errno.h>
#include <sys/resource.h>

#include "value-cases.h"

static const Case policy_cases[] = {
        /* string */
        { "Description", "A %u's 100%% \"x\"", "A ada's 100% \"x\"" },
        { "Description", "%h %t %i %U", "/home/ada /run/user/1000 web-1 1000" },
        { "Description", "50%", NULL },
        { "Description", "%q", NULL },
        { "Description", "%n", NULL }, /* has no value here */
        { "Description", "%v", NULL },
        { "Description", "%", NULL },
        /* directive_names */
        { "Optional", "Nice", "Nice n=D_Nice" },
        { "Optional", "nice", NULL },
        { "Optional", "TasksMax Nonsense", NULL },
        { "Optional", "'TasksMax", NULL },
        /* command */
        { "ExecStart", "/bin/sh -c 'a b'", "/bin/sh -c 'a b' [/bin/sh|-c|a b]" },
        { "ExecStart", "echo $$HOME %u", "echo $$HOME %u [echo|$HOME|ada]" },
        { "ExecStart", "echo ''", "echo '' [echo|]" },
        { "ExecStart", "echo $HOME", NULL },
        { "ExecStart", "echo ${HOME}", NULL },
        { "ExecStart", "echo a${HOME", NULL },
        { "ExecStart", "echo $", NULL },
        { "ExecStart", "echo a$ b$c $$(d) e$(f)", "echo a$ b$c $$(d) e$(f) [echo|a$|b$c|$(d)|e$(f)]" },
        { "ExecStart", "find \\; ';' 'a\\'b' \\w", "find \\; ';' 'a\\'b' \\w [find|;|;|a'b|\\w]" },
        { "ExecStart", "a ;", "a ; [a]" },
        { "ExecStart", "; a", "; a [a]" },
        { "ExecStart", "-/bin/false", NULL },
        { "ExecStart", "@/bin/false x", NULL },
        { "ExecStart", "''", NULL },
        { "ExecStart", "a ; b", NULL },
        { "ExecStart", "a 'b", NULL },
        { "ExecStart", "a 100%", NULL },
};

static const Case limit_cases[] = {
        { "LimitNOFILE", "10:20", "10:20 n=10 m=20" },
        { "LimitNOFILE", "7", "7 n=7 m=7" },
        { "LimitNOFILE", "0:infinity", "0:infinity m=-1" },
        { "LimitNOFILE", "infinity", "infinity n=-1 m=-1" },
        { "LimitNOFILE", "20:10", NULL },
        { "LimitNOFILE", "1K", NULL },
        { "LimitNOFILE", ":", NULL },
        { "LimitNOFILE", "1:2:3", NULL },
        { "LimitNOFILE", "-1", NULL },
        { "LimitAS", "1K:2K", "1K:2K n=1024 m=2048" },
        { "LimitAS", "1x", NULL },
        { "LimitCPU", "10", "10 n=10 m=10" },
        { "LimitCPU", "2min", "2min n=120 m=120" },
        { "LimitCPU", "1ms", "1ms n=1 m=1" },                                   /* rounded up: 0 would kill */
        { "LimitCPU", "18446744073709s", "18446744073709s n=18446744073709 m=18446744073709" },
        { "LimitCPU", "fast", NULL },
        { "LimitRTTIME", "500", "500 n=500 m=500" },
        { "LimitRTTIME", "1ms", "1ms n=1000 m=1000" },
        { "LimitRTTIME", "x", NULL },
        { "LimitNICE", "+5", "+5 n=15 m=15" },
        { "LimitNICE", "+19:-20", "+19:-20 n=1 m=40" },
        { "LimitNICE", "30", "30 n=30 m=30" },
        { "LimitNICE", "41", NULL },
        { "LimitNICE", "+20", NULL },
        { "LimitNICE", "-21", NULL },
};

static const Case set_cases[] = {
        /* capabilities */
        { "CapabilityBoundingSet", "CAP_CHOWN cap_kill", "CAP_CHOWN; cap_kill n=5" },
        { "CapabilityBoundingSet", "~CAP_KILL", "CAP_KILL n=5 inverted" },
        { "CapabilityBoundingSet", "~", " inverted" },
        { "CapabilityBoundingSet", "CAP_FLY", NULL },
        { "CapabilityBoundingSet", "CHOWN", NULL },
        { "CapabilityBoundingSet", "63", NULL },
        { "CapabilityBoundingSet", "64", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN ~CAP_KILL", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN,CAP_KILL", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN+ep", NULL },
        { "CapabilityBoundingSet", "''", NULL },
        /* system_calls */
        { "SystemCallFilter", "read @clock", "read [read]; @clock [@clock]" },
        { "SystemCallFilter", "~ read:EACCES", "read:EACCES n=13 m=1 inverted [read]" },
        { "SystemCallFilter", "~@clock:1", "@clock:1 n=1 m=1 inverted [@clock]" },
        { "SystemCallFilter", "~", " inverted" },
        { "SystemCallFilter", "fly", NULL },
        { "SystemCallFilter", "@flying", NULL },
        { "SystemCallFilter", "@", NULL },
        { "SystemCallFilter", "read:EWHAT", NULL },
        { "SystemCallFilter", "read:", NULL },
        { "SystemCallFilter", ":EPERM", NULL },
        { "SystemCallFilter", "~chmod:0", NULL }, /* would allow the call */
        { "SystemCallFilter", "chmod:0", NULL },
        { "SystemCallFilter", "~~read", NULL },
        { "SystemCallFilter", "''", NULL },
        /* error_number */
        { "SystemCallErrorNumber", "EACCES", "EACCES n=13" },
        { "SystemCallErrorNumber", "1", "1 n=1" },
        { "SystemCallErrorNumber", "0", NULL },
        { "SystemCallErrorNumber", "kill", NULL },
        { "SystemCallErrorNumber", "4096", NULL },
        /* log_denials */
        { "LogDenials", "yes", "yes n=1" },
        { "LogDenials", "off", "no" },
        { "LogDenials", "audit", "audit n=2" },
        { "LogDenials", "yes+audit", "yes+audit n=3" },
        { "LogDenials", "yes audit", NULL },
        { "LogDenials", "journal", NULL },
        /* architectures */
        { "SystemCallArchitectures", "native", "native" },
        { "SystemCallArchitectures", "x86-64 arm64", "x86-64 n=3221225534; arm64 n=3221225655" },
        { "SystemCallArchitectures", "x86", "x86 n=1073741827" },
        { "SystemCallArchitectures", "pdp11", NULL },
        { "SystemCallArchitectures", "~native", NULL },
        { "SystemCallArchitectures", "''", NULL },
        /* families */
        { "RestrictAddressFamilies", "AF_UNIX AF_INET6", "AF_UNIX n=1; AF_INET6 n=10" },
        { "RestrictAddressFamilies", "~AF_PACKET", "AF_PACKET n=17 inverted" },
        { "RestrictAddressFamilies", "none", "" },
        { "RestrictAddressFamilies", "~", " inverted" },
        { "RestrictAddressFamilies", "AF_MARS", NULL },
        { "RestrictAddressFamilies", "INET", NULL },
        { "RestrictAddressFamilies", "~none", NULL },
        { "RestrictAddressFamilies", "AF_INET none", NULL },
        /* namespaces */
        { "RestrictNamespaces", "yes", "" },
        { "RestrictNamespaces", "0", " inverted" },
        { "RestrictNamespaces", "net ipc", "net n=1073741824; ipc n=134217728" },
        { "RestrictNamespaces", "~user", "user n=268435456 inverted" },
        { "RestrictNamespaces", "mount", NULL },
        { "RestrictNamespaces", "~yes", NULL },
};

static const struct {
        const Case *cases;
        size_t n;
} tables[] = {
        { policy_cases, ELEMENTSOF(policy_cases) },   { scope_cases, ELEMENTSOF(scope_cases) },
        { sandbox_cases, ELEMENTSOF(sandbox_cases) }, { limit_cases, ELEMENTSOF(limit_cases) },
        { set_cases, ELEMENTSOF(set_cases) },
};

static void check_good(const char *what, const Policy *policy, const Case *c) {
        char nice[32];

        snprintf(nice, sizeof(nice), "Nice n=%d", (int) D_Nice);
        expect_values(what, policy, c->directive, streq(c->values, "Nice n=D_Nice") ? nice : c->values);
}

/* An error names the place and the key, and shows part of the text or says what is missing. */
static void check_bad(const char *what, Log *log, const Case *c) {
        char start[128];

        snprintf(start, sizeof(start), "error: test.conf:7: %s=: ", c->directive);
        expect_in(what, log_text(log), start);
        expect_number(what, log->report.n_errors, 1);
}

static void check_case(const Case *c) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        char what[512];
        Log log;

        log_init(&log);
        snprintf(what, sizeof(what), "%s=%s", c->directive, c->text);
        expect_result(what, test_assign(policy, &log, c->directive, c->text), c->values ? 0 : -EBADMSG);
        if (c->values)
                check_good(what, policy, c);
        else
                check_bad(what, &log, c);
        log_deinit(&log);
}

static void check_table(const Case *cases, size_t n) {
        for (size_t i = 0; i < n; i++)
                check_case(&cases[i]);
}

static void test_policy_types(_unused_ void **state) {
        check_table(policy_cases, ELEMENTSOF(policy_cases));
}

static void test_scope_types(_unused_ void **state) {
        check_table(scope_cases, ELEMENTSOF(scope_cases));
}

static void test_sandbox_types(_unused_ void **state) {
        check_table(sandbox_cases, ELEMENTSOF(sandbox_cases));
}

static void test_limits(_unused_ void **state) {
        check_table(limit_cases, ELEMENTSOF(limit_cases));
}

static void test_sets(_unused_ void **state) {
        check_table(set_cases, ELEMENTSOF(set_cases));
}

static bool has_case(const ValueType *type, bool good) {
        for (size_t t = 0; t < ELEMENTSOF(tables); t++)
                for (size_t i = 0; i < tables[t].n; i++) {
                        const Case *c = &tables[t].cases[i];

                        if (directive_find(c->directive)->type == type && !c->values == !good)
                                return true;
                }
        return false;
}

/* A new type needs a case of both kinds. */
static void test_all_types_covered(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];

                if (!has_case(d->type, true) || !has_case(d->type, false))
                        fail_msg("no good or no bad case for %s (%s)", d->type->syntax, d->name);
        }
}

static void check_choice(const Directive *d, const char *choice) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        _cleanup_free_ char *text = NULL;
        Log log;

        log_init(&log);
        assert_true(asprintf(&text, "%s%s", choice, endswith(choice, ":") ? "/a" : "") > 0);
        expect_result(text, test_assign(policy, &log, d->name, text), 0);
        log_deinit(&log);
}

/* Each choice of completion is accepted. */
static void test_choices(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];

                for (const char *const *c = d->type->choices; c && *c; c++)
                        check_choice(d, *c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_policy_types),      cmocka_unit_test(test_scope_types),
                cmocka_unit_test(test_sandbox_types),     cmocka_unit_test(test_limits),
                cmocka_unit_test(test_sets),              cmocka_unit_test(test_all_types_covered),
                cmocka_unit_test(test_choices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
