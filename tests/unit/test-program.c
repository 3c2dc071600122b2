/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter that isorun writes, compared with the one that libseccomp compiles from the same plan, and with the plan.
 *
 * The random policies are always the same. FILTER_POLICIES in the environment is their number. */
#include "bpf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "plan/deny/filter.h"
#include "plan/deny/program.h"
#include "policy/policy-load.h"
#include "policy/value/names.h"
#include "util/array.h"

enum {
        POLICIES_DEFAULT = 100,
        PLANS = 40,             /* random plans that no policy makes */
        NUMBERS = 1024,         /* beyond all system calls of Linux */
        VALUES = 16,            /* of an argument, around the bounds of a rule */
        DRAWS = 24,             /* random sets of arguments for a call with rules */
};

static uint32_t seed;

static uint32_t draw(uint32_t n) {
        return next_random(&seed) % n;
}

/* Makes the part of a plan that the filter is. Returns build_filter()'s result. */
static int make_filter(PlanFixture *f) {
        Builder b = { .plan = calloc(1, sizeof(Plan)), .policy = f->policy, .host = &f->host, .request = &f->request,
                      .report = &f->log.report };

        assert_non_null(b.plan);
        b.plan->source = f->policy;
        f->plan = b.plan;
        return build_filter(&b);
}

static void new_policy(PlanFixture *f) {
        plan_reset(f);
        f->policy = policy_new(&f->specifiers);
        assert_non_null(f->policy);
        log_init(&f->log);
        buffer_init(&f->shown);
}

/* Comparing */

typedef struct Pair {
        const char *what; /* the policy */
        Filter own, other;
        uint64_t compared;
} Pair;

static void compare(Pair *p, uint32_t architecture, uint32_t number, const uint64_t arguments[6]) {
        struct seccomp_data data = { .nr = (int) number, .arch = architecture };
        uint32_t own, other;

        memcpy(data.args, arguments, sizeof(data.args));
        own = bpf_ask(&p->own, &data, NULL);
        other = bpf_ask(&p->other, &data, NULL);
        p->compared++;
        if (own != other)
                fail_msg("%s\ncall %u of %#x (%#llx, %#llx, %#llx, %#llx): %#x, libseccomp %#x", p->what, number,
                         architecture, (unsigned long long) arguments[0], (unsigned long long) arguments[1],
                         (unsigned long long) arguments[2], (unsigned long long) arguments[3], own, other);
}

static void compare_numbers(Pair *p) {
        static const uint64_t arguments[][6] = { {},
                                                 { 1, 1, 1, 1, 1, 1 },
                                                 { -1ULL, -1ULL, -1ULL, -1ULL, -1ULL, -1ULL } };
        static const uint32_t more[] = { 0x3fffffff, 0x40000000, 0x40000001, 0x40000200, 0x7fffffff, 0x80000000,
                                         0xfffffffe, 0xffffffff };
        static const uint32_t foreign[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
                                                  AUDIT_ARCH_ARM, 0 };

        for (size_t i = 0; i < ELEMENTSOF(arguments); i++) {
                for (uint32_t number = 0; number < NUMBERS; number++)
                        compare(p, NATIVE_ARCHITECTURE, number, arguments[i]);
                for (size_t k = 0; k < ELEMENTSOF(more); k++)
                        compare(p, NATIVE_ARCHITECTURE, more[k], arguments[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(foreign); i++)
                for (uint32_t number = 0; number < 8; number++)
                        compare(p, foreign[i], number, arguments[0]);
}

/* Values at which one of the rule's tests may change its result. */
static void values_of(const PlanArgumentRule *r, uint64_t ret[static VALUES]) {
        const uint64_t v = r->value, m = r->mask ?: UINT64_MAX, values[VALUES] = {
                v, v - 1, v + 1, v | ~m, (v - 1) | ~m, v ^ (m & -m), v ^ (UINT64_C(1) << 31), v ^ (UINT64_C(1) << 32),
                v ^ (UINT64_C(1) << 63), v << 32, (v + 1) << 32 | (uint32_t) v, ~v, ~m, m, 0, UINT64_MAX,
        };

        memcpy(ret, values, sizeof(values));
}

static void values_of_flags(uint64_t flags, uint64_t ret[static VALUES]) {
        for (size_t i = 0; i < VALUES; i++)
                ret[i] = (i & 1 ? flags : flags & (flags - 1)) | (i & 2 ? UINT64_C(1) << 32 : 0) |
                         (i & 4 ? ~flags : 0) | (i & 8 ? UINT64_C(1) << 63 : 0);
}

/* Sets the arguments that a rule looks at, each to one of the values around its bounds. */
static void draw_arguments(const PlanArgumentRule *r, uint64_t arguments[static 6]) {
        uint64_t values[VALUES];

        values_of(r, values);
        arguments[r->argument] = values[draw(VALUES)];
        if (r->flags) {
                values_of_flags(r->flags, values);
                arguments[r->flags_argument] = values[draw(VALUES)];
        }
        if (r->set_argument)
                arguments[r->set_argument] = draw(2) ? 0 : UINT64_C(1) << draw(64);
}

/* Every value around the bounds of each rule with the rest of it true, then draws from the bounds of all rules of its
 * call. Runs ask for each. */
static void each_argument(const Plan *plan, void (*ask)(void *, uint32_t, const uint64_t[6]), void *userdata) {
        for (size_t i = 0; i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *r = &plan->argument_rules[i];
                uint64_t values[VALUES];

                values_of(r, values);
                for (size_t k = 0; k < VALUES; k++) {
                        uint64_t arguments[6] = {};

                        arguments[r->flags_argument] = r->flags;
                        if (r->set_argument)
                                arguments[r->set_argument] = 1;
                        arguments[r->argument] = values[k];
                        ask(userdata, (uint32_t) r->number, arguments);
                }
                for (size_t k = 0; k < DRAWS; k++) {
                        uint64_t arguments[6] = {};

                        for (size_t n = 0; n < plan->n_argument_rules; n++)
                                if (plan->argument_rules[n].number == r->number && draw(2))
                                        draw_arguments(&plan->argument_rules[n], arguments);
                        ask(userdata, (uint32_t) r->number, arguments);
                }
        }
}

static void compare_native(void *userdata, uint32_t number, const uint64_t arguments[6]) {
        compare(userdata, NATIVE_ARCHITECTURE, number, arguments);
}

/* Compares the plan's program with libseccomp's two. Returns the number of calls that were compared. */
static uint64_t compare_plan(PlanFixture *f, const char *what) {
        Pair p = { .what = what };

        expect_result(what, filter_get(f->plan, &p.own, &f->log.report), 0);
        expect_number(what, p.own.n, 1);
        expect_result(what, filter_compile(f->plan, &p.other), 0);
        expect_number(what, p.other.n, 2);
        compare_numbers(&p);
        each_argument(f->plan, compare_native, &p);
        filter_deinit(&p.own);
        filter_deinit(&p.other);
        return p.compared;
}

static int is_policy(const struct dirent *entry) {
        return endswith(entry->d_name, ".conf");
}

/* promise P20 */
static void test_shipped(void **state) {
        PlanFixture *f = *state;
        struct dirent **entries;
        int n = scandir(POLICIES, &entries, is_policy, alphasort);

        assert_true(n >= 6);
        for (int i = 0; i < n; i++) {
                char path[PATH_MAX], *nowhere[] = { NULL };

                snprintf(path, sizeof(path), "%s/%s", POLICIES, entries[i]->d_name);
                for (uid_t uid = 0; uid <= 1000; uid += 1000) {
                        plan_set_uid(f, uid);
                        new_policy(f);
                        expect_result(path, policy_load(f->policy, path, nowhere, &f->log.report), 0);
                        expect_result(path, policy_complete(f->policy, &f->log.report), 0);
                        expect_result(path, make_filter(f), 0);
                        compare_plan(f, path);
                }
                free(entries[i]);
        }
        free(entries);
}

/* Random policies */

static const char *one_of(const char *const *words, size_t n) {
        return words[draw((uint32_t) n)];
}
#define ONE_OF(...) one_of((const char *const[]) { __VA_ARGS__ }, ELEMENTSOF(((const char *const[]) { __VA_ARGS__ })))

static void write_call(FILE *f) {
        const SyscallGroup *known = syscall_group_find("@known");
        size_t n = 0;

        while (known->members[n])
                n++;
        if (draw(4) > 0)
                fprintf(f, " %s", syscall_member_name(known->members[draw((uint32_t) n)]));
        else {
                for (n = 0; syscall_groups[n].name; n++)
                        ;
                fprintf(f, " %s", syscall_groups[draw((uint32_t) n)].name);
        }
        if (draw(4) == 0)
                fprintf(f, ":%s", ONE_OF("EPERM", "EACCES", "ENOSYS", "ENOENT", "EAGAIN", "4094"));
}

static void write_calls(FILE *f) {
        const char *begin = ONE_OF("@system-service", "@default", "@known", "~@mount", "@known @keyring", "~@clock");

        fprintf(f, "SystemCallFilter=%s\n", begin);
        for (uint32_t lines = draw(6); lines > 0; lines--) {
                fprintf(f, "SystemCallFilter=%s", draw(2) ? "~read" : "write");
                for (uint32_t calls = draw(12); calls > 0; calls--)
                        write_call(f);
                fputc('\n', f);
        }
        if (draw(2))
                fprintf(f, "SystemCallErrorNumber=%s\n", ONE_OF("EPERM", "EACCES", "ENOSYS", "EINVAL", "4094"));
}

static void write_families(FILE *f) {
        size_t n = 0;

        while (address_families[n].name)
                n++;
        if (draw(8) == 0) {
                fputs("RestrictAddressFamilies=none\n", f);
                return;
        }
        fprintf(f, "RestrictAddressFamilies=%s%s", draw(2) ? "~" : "", address_families[draw((uint32_t) n)].name);
        for (uint32_t more = draw(10); more > 0; more--)
                fprintf(f, " %s", address_families[draw((uint32_t) n)].name);
        fputc('\n', f);
}

static void write_namespaces(FILE *f) {
        fprintf(f, "RestrictNamespaces=%s", ONE_OF("yes\n", "no\n", "~user", "net", "~time", "uts"));
        if (ftell(f) > 0 && draw(2))
                fputs("\nRestrictNamespaces=ipc mnt", f);
        fputc('\n', f);
}

static void write_policy(FILE *f) {
        static const DirectiveId switches[] = { D_ProtectHostname, D_RestrictRealtime, D_RestrictSUIDSGID,
                                                D_MemoryDenyWriteExecute, D_LockPersonality, D_PrivateNetwork };

        if (draw(8))
                write_calls(f);
        if (draw(2))
                write_families(f);
        if (draw(2))
                write_namespaces(f);
        for (size_t i = 0; i < ELEMENTSOF(switches); i++)
                if (draw(2))
                        fprintf(f, "%s=%s\n", directive_table[switches[i]].name, draw(2) ? "yes" : "no");
        if (draw(4) == 0)
                fprintf(f, "LimitCORE=%s\n", ONE_OF("0", "infinity"));
        if (draw(4) == 0)
                fputs("Nesting=yes\n", f);
}

static unsigned personality_number;
static unsigned random_personality(void) {
        return personality_number;
}

/* promise P20 */
static void test_random_policies(void **state) {
        const char *asked = getenv("FILTER_POLICIES");
        unsigned n = asked && *asked ? (unsigned) atoi(asked) : POLICIES_DEFAULT, good = 0;
        PlanFixture *f = *state;
        uint64_t compared = 0;

        f->host.get_personality = random_personality;
        for (unsigned i = 0; i < n; i++) {
                Buffer lines;

                seed = i + 1;
                buffer_init(&lines);
                write_policy(lines.f);
                plan_set_uid(f, draw(2) ? 0 : 1000);
                f->host.landlock_abi = draw(2) ? 7 : 5;
                personality_number = draw(2) ? 0 : UINT32_MAX >> draw(32);
                new_policy(f);
                plan_assign(f, buffer_text(&lines));
                if (make_filter(f) == 0) {
                        compared += compare_plan(f, buffer_text(&lines));
                        good++;
                }
                buffer_deinit(&lines);
        }
        print_message("# %u of %u policies, %llu calls\n", good, n, (unsigned long long) compared);
        assert_true(good > n / 2);
}

/* Random plans, as no policy makes them. */

typedef struct Case {
        const Plan *plan;
        Filter filter;
        const char *what;
} Case;

static void compare_planned(void *userdata, uint32_t number, const uint64_t arguments[6]) {
        const Case *c = userdata;
        struct seccomp_data data = { .nr = (int) number, .arch = NATIVE_ARCHITECTURE };
        uint32_t got, expected = bpf_planned(c->plan, number, arguments);

        memcpy(data.args, arguments, sizeof(data.args));
        got = bpf_ask(&c->filter, &data, NULL);
        if (got != expected)
                fail_msg("%s: call %u (%#llx, %#llx, %#llx): %#x, planned %#x", c->what, number,
                         (unsigned long long) arguments[0], (unsigned long long) arguments[1],
                         (unsigned long long) arguments[2], got, expected);
}

static void add_call(Plan *plan, int number, int error) {
        PlanCall *call = ARRAY_APPEND(plan->calls, plan->n_calls);

        assert_non_null(call);
        *call = (PlanCall) { .name = "call", .number = number, .error = error };
}

static void add_rule(Plan *plan, PlanArgumentRule rule) {
        PlanArgumentRule *r = ARRAY_APPEND(plan->argument_rules, plan->n_argument_rules);

        assert_non_null(r);
        *r = rule;
        r->name = "call";
}

/* A bound near the edges of the halves, or any. */
static uint64_t draw_value(void) {
        switch (draw(4)) {
        case 0:
                return draw(64);
        case 1:
                return UINT64_C(1) << draw(64);
        case 2:
                return (UINT64_C(1) << 32) - 2 + draw(4);
        default:
                return (uint64_t) draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
        }
}

static PlanArgumentRule draw_rule(int number) {
        PlanArgumentRule r = { .number = number, .argument = draw(6), .test = (ArgumentTest) draw(ARGUMENT_ANY),
                               .value = draw_value(), .mask = draw(2) ? UINT32_MAX : draw_value(),
                               .error = (int) draw(5) };
        uint64_t bit;

        bit = UINT64_C(1) << draw(3);
        if (draw(3) == 0) /* one bit, next to others */
                return (PlanArgumentRule) { .number = number, .test = ARGUMENT_MASKED_EQUAL, .mask = bit, .value = bit,
                                            .error = (int) draw(2), .set_argument = draw(3) == 0 };
        if (draw(3) == 0)
                r.mask = r.value;
        if (draw(20) == 0)
                r.test = ARGUMENT_ANY;
        if (draw(3) == 0) {
                r.flags = draw_value();
                r.flags_argument = draw(6);
        }
        if (draw(4) == 0)
                r.set_argument = 1 + draw(5);
        return r;
}

static void draw_plan(Plan *plan, unsigned n_rules) {
        const int n_calls = 1 + (int) draw(400);

        for (int i = 0, number = (int) draw(3); i < n_calls; i++, number += 1 + (draw(4) ? 0 : (int) draw(5)))
                add_call(plan, number, draw(2) ? 0 : (int) draw(6));
        while (plan->n_argument_rules < n_rules)
                add_rule(plan, draw_rule(plan->calls[draw((uint32_t) plan->n_calls)].number));
}

static void check_plan(const char *what, Plan *plan) {
        Case c = { .plan = plan, .what = what };

        expect_result(what, program_make(plan, &plan->program, &plan->n_program), 0);
        expect_result(what, filter_get(plan, &c.filter, NULL), 0);
        for (uint32_t number = 0; number < NUMBERS; number++)
                compare_planned(&c, number, (const uint64_t[6]) {});
        each_argument(plan, compare_planned, &c);
}

static void test_random_plans(_unused_ void **state) {
        for (unsigned i = 0; i < PLANS; i++) {
                _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(Plan));
                char what[32];

                assert_non_null(plan);
                seed = 1 + i;
                snprintf(what, sizeof(what), "plan %u", i);
                draw_plan(plan, i * 8);
                check_plan(what, plan);
        }
}

/* Rules of one call, each with an errno and two arguments of its own, so that nothing is shared and all is far away. */
static void add_far_rules(Plan *plan, int number, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                add_rule(plan, (PlanArgumentRule) { .number = number, .test = ARGUMENT_EQUAL,
                                                    .value = (uint64_t) (i + 1) << 16 | (i + 1) << 3,
                                                    .flags_argument = 1, .flags = 3 + i, .error = 1 + (int) i });
}

/* Jumps over more than 255 instructions, up to the longest program. One more rule is an error. */
static void test_long(_unused_ void **state) {
        size_t before = 0;
        unsigned n = 0;
        int r = 0;

        for (; r == 0; n += n < 400 ? 40 : 1) {
                _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(Plan));
                char what[32];

                assert_non_null(plan);
                snprintf(what, sizeof(what), "%u rules", n);
                for (int number = 0; number < 300; number += 2)
                        add_call(plan, number, number % 3 ? 0 : number);
                add_far_rules(plan, 100, n / 2);
                add_far_rules(plan, 202, n - n / 2);
                r = program_make(plan, &plan->program, &plan->n_program);
                if (r == 0 && (n < 400 || plan->n_program > BPF_MAXINSNS - 20)) {
                        free(TAKE_PTR(plan->program));
                        check_plan(what, plan);
                }
                if (r == 0) {
                        assert_true(plan->n_program > before && plan->n_program <= BPF_MAXINSNS);
                        before = plan->n_program;
                } else
                        assert_null(plan->program);
        }
        expect_result("too long", r, -E2BIG);
        assert_true(before > BPF_MAXINSNS - 20);
}

/* Fills the program up to n instructions that end it. */
static void fill(Assembler *a, size_t n) {
        while (a->n < n)
                assemble_return(a, 100 + (uint32_t) a->n);
}

/* A jump to two labels, each at any distance around the longest one. */
static void test_jumps(_unused_ void **state) {
        for (unsigned between = 0; between <= 270; between += between < 4 || between >= 248 ? 1 : 61)
                for (unsigned after = 0; after <= 270; after += after < 4 || after >= 248 ? 1 : 61)
                        for (uint32_t swap = 0; swap <= 1; swap++) {
                                Assembler a = {};
                                Filter filter = { .n = 1 };
                                size_t n;
                                Label labels[2];

                                labels[0] = assemble_return(&a, 7);
                                fill(&a, a.n + between);
                                labels[1] = assemble_return(&a, 8);
                                fill(&a, a.n + after);
                                assemble_load(&a, 0, assemble_if(&a, BPF_JEQ, 0, labels[swap], labels[!swap]));
                                assert_int_equal(assemble_finish(&a, &filter.code, &n), 0);
                                filter.programs[0] = (struct sock_fprog) { (unsigned short) n, filter.code };
                                for (int number = 0; number <= 1; number++)
                                        assert_int_equal(
                                                bpf_ask(&filter, &(struct seccomp_data) { .nr = number }, NULL),
                                                7 + ((uint32_t) number ^ swap));
                                filter_deinit(&filter);
                        }
}

static int set_up_group(_unused_ void **state) {
        /* Compile even if the kernel has no filters. */
        return seccomp_api_get() < API_KILL_PROCESS ? seccomp_api_set(API_KILL_PROCESS) : 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_shipped),
                IN_PLAN(test_random_policies),
                cmocka_unit_test(test_random_plans),
                cmocka_unit_test(test_long),
                cmocka_unit_test(test_jumps),
        };

        return cmocka_run_group_tests(tests, set_up_group, NULL);
}
