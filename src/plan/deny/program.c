/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filter as one program of BPF.
 *
 * The program looks at the architecture, and then finds the call's number in a binary tree. At the leaves are the
 * answers, and for a call with argument rules their tests, in the plan's order; the first rule that is true gives the
 * answer. The depth matters: the kernel runs the program once for each number when it loads it, and then at each call
 * that it does not always allow. */
#include "plan/deny/program.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#include "policy/value/names.h"

/* Where the halves of an argument are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the offsets are those of little endian");
enum { LOW = 0, HIGH = 4 };

#define X32_BIT UINT32_C(0x40000000) /* __X32_SYSCALL_BIT */

/* Numbers with one leaf of the tree: from first to before the next range's first. */
typedef struct Range {
        uint32_t first;
        uint32_t action; /* SECCOMP_RET_*, if no rule is true */
        const PlanArgumentRule *const *rules;
        size_t n_rules;
} Range;

typedef struct Ranges {
        Range *items;
        size_t n;
} Ranges;

static uint32_t deny(int error) {
        return SECCOMP_RET_ERRNO | (uint32_t) error;
}

static size_t at(unsigned argument, size_t half) {
        return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + half;
}

/* Whether (half of argument & mask) == value. */
static Label test_half(Assembler *a, size_t offset, uint32_t mask, uint32_t value, Label yes, Label no) {
        const bool one_bit = value == mask && (mask & (mask - 1)) == 0;
        Label test;

        if (value & ~mask)
                return no;
        if (!mask)
                return yes;
        test = one_bit ? assemble_if(a, BPF_JSET, mask, yes, no) : assemble_if(a, BPF_JEQ, value, yes, no);
        if (!one_bit && mask != UINT32_MAX)
                test = assemble_and(a, mask, test);
        return assemble_load(a, offset, test);
}

static Label test_masked(Assembler *a, unsigned argument, uint64_t mask, uint64_t value, Label yes, Label no) {
        const Label low = test_half(a, at(argument, LOW), (uint32_t) mask, (uint32_t) value, yes, no);

        return test_half(a, at(argument, HIGH), (uint32_t) (mask >> 32), (uint32_t) (value >> 32), low, no);
}

/* Whether argument < value, or argument > value if greater. */
static Label test_order(Assembler *a, unsigned argument, uint64_t value, bool greater, Label yes, Label no) {
        const uint32_t high = (uint32_t) (value >> 32), low = (uint32_t) value;
        Label halves;

        halves = greater ? assemble_if(a, BPF_JGT, low, yes, no) : assemble_if(a, BPF_JGE, low, no, yes);
        halves = assemble_load(a, at(argument, LOW), halves);
        halves = assemble_if(a, BPF_JEQ, high, halves, greater ? no : yes);
        halves = assemble_if(a, BPF_JGT, high, greater ? yes : no, halves);
        return assemble_load(a, at(argument, HIGH), halves);
}

static Label test_argument(Assembler *a, const PlanArgumentRule *r, Label yes, Label no) {
        switch (r->test) {
        case ARGUMENT_MASKED_EQUAL:
                return test_masked(a, r->argument, r->mask, r->value, yes, no);
        case ARGUMENT_EQUAL:
                return test_masked(a, r->argument, UINT64_MAX, r->value, yes, no);
        case ARGUMENT_NOT_EQUAL:
                return test_masked(a, r->argument, UINT64_MAX, r->value, no, yes);
        case ARGUMENT_LESS:
        case ARGUMENT_GREATER:
                return test_order(a, r->argument, r->value, r->test == ARGUMENT_GREATER, yes, no);
        case ARGUMENT_ANY:
                break;
        }
        return yes;
}

/* The conditions that a rule has besides its test. */
static Label test_more(Assembler *a, const PlanArgumentRule *r, Label yes, Label no) {
        if (r->set_argument)
                yes = test_masked(a, r->set_argument, UINT64_MAX, 0, no, yes);
        return r->flags ? test_masked(a, r->flags_argument, r->flags, r->flags, yes, no) : yes;
}

/* Whether a rule only looks at one of the lower 32 bits. */
static bool is_bit(const PlanArgumentRule *r) {
        return r->test == ARGUMENT_MASKED_EQUAL && r->mask == r->value && r->value && r->value <= UINT32_MAX &&
               (r->value & (r->value - 1)) == 0;
}

/* Whether one instruction can test the bits of both rules. */
static bool are_bits(const PlanArgumentRule *a, const PlanArgumentRule *b) {
        return is_bit(a) && is_bit(b) && a->argument == b->argument && a->error == b->error && a->flags == b->flags &&
               a->flags_argument == b->flags_argument && a->set_argument == b->set_argument;
}

/* Writes the last of n rules, with those before it that look at other bits of the same argument. Sets n to the number
 * of rules that are left. */
static Label write_rule(Assembler *a, const PlanArgumentRule *const *rules, size_t *n, Label no) {
        const PlanArgumentRule *last = rules[--*n];
        Label yes = test_more(a, last, assemble_return(a, deny(last->error)), no);
        uint32_t bits = is_bit(last) ? (uint32_t) last->value : 0;

        while (*n > 0 && are_bits(rules[*n - 1], last))
                bits |= (uint32_t) rules[--*n]->value;
        if (!bits)
                return test_argument(a, last, yes, no);
        return assemble_load(a, at(last->argument, LOW), assemble_if(a, BPF_JSET, bits, yes, no));
}

static Label write_leaf(Assembler *a, const Range *range) {
        Label next = assemble_return(a, range->action);

        for (size_t n = range->n_rules; n > 0;)
                next = write_rule(a, range->rules, &n, next);
        return next;
}

/* The accumulator has the number. */
static Label write_tree(Assembler *a, const Range *ranges, size_t n) {
        const size_t half = n / 2;
        Label lower, upper;

        if (n == 1)
                return write_leaf(a, ranges);
        upper = write_tree(a, ranges + half, n - half);
        lower = write_tree(a, ranges, half);
        return assemble_if(a, BPF_JGE, ranges[half].first, upper, lower);
}

/* A tracer that cancels a call sets its number to -1. The numbers of x32 come with the architecture of x86_64. */
static void write_head(Assembler *a, Label tree) {
        const Label kill = assemble_return(a, SECCOMP_RET_KILL_PROCESS);
        Label number = tree;

        if (NATIVE_ARCHITECTURE == AUDIT_ARCH_X86_64)
                number = assemble_if(a, BPF_JGE, X32_BIT, assemble_if(a, BPF_JEQ, UINT32_MAX, tree, kill), tree);
        number = assemble_load(a, offsetof(struct seccomp_data, nr), number);
        assemble_load(a, offsetof(struct seccomp_data, arch),
                      assemble_if(a, BPF_JEQ, NATIVE_ARCHITECTURE, number, kill));
}

/* Cuts the rules of a call after the first one that is always true. */
static void cut_rules(Range *range) {
        for (size_t i = 0; i < range->n_rules; i++) {
                const PlanArgumentRule *r = range->rules[i];

                if (r->test == ARGUMENT_ANY && !r->flags && !r->set_argument) {
                        range->action = deny(r->error);
                        range->n_rules = i;
                }
        }
}

static void add_range(Ranges *ranges, Range range) {
        const Range *last = ranges->n ? &ranges->items[ranges->n - 1] : NULL;

        if (!last || last->n_rules || range.n_rules || last->action != range.action)
                ranges->items[ranges->n++] = range;
}

/* Keeps the rules of one call in the plan's order. */
static int compare_rules(const void *a, const void *b) {
        const PlanArgumentRule *x = *(const PlanArgumentRule *const *) a, *y = *(const PlanArgumentRule *const *) b;

        if (x->number != y->number)
                return x->number < y->number ? -1 : 1;
        return x < y ? -1 : x > y;
}

static Range make_range(uint32_t number, const PlanCall *call, const PlanArgumentRule *const *rules, size_t n_rules) {
        Range range = { number, deny(ENOSYS), rules, 0 };

        if (!call)
                return range;
        range.action = call->error ? deny(call->error) : SECCOMP_RET_ALLOW;
        while (!call->error && range.n_rules < n_rules && rules[range.n_rules]->number == call->number)
                range.n_rules++;
        cut_rules(&range);
        return range;
}

/* A call that neither the list of groups nor libseccomp knew at build time returns ENOSYS, as on a kernel that does not
 * have it. libc then uses the older call. n numbers have an element in calls, which is NULL for such a call. The rules
 * are sorted. */
static void make_ranges(const PlanCall *const *calls, size_t n, const PlanArgumentRule *const *rules, size_t n_rules,
                        Ranges *ranges) {
        size_t k = 0;

        for (size_t number = 0; number < n; number++) {
                while (k < n_rules && rules[k]->number < (int) number)
                        k++;
                add_range(ranges, make_range((uint32_t) number, calls[number], rules + k, n_rules - k));
        }
        add_range(ranges, make_range((uint32_t) n, NULL, NULL, 0));
}

/* One more than the highest number of a call. */
static size_t count_numbers(const Plan *plan) {
        int highest = -1;

        for (size_t i = 0; i < plan->n_calls; i++)
                highest = plan->calls[i].number > highest ? plan->calls[i].number : highest;
        return (size_t) (highest + 1);
}

int program_make(const Plan *plan, struct sock_filter **ret, size_t *ret_n) {
        const size_t n = count_numbers(plan);
        _cleanup_free_ const PlanCall **calls = calloc(n + 1, sizeof(*calls));
        _cleanup_free_ const PlanArgumentRule **rules = calloc(plan->n_argument_rules + 1, sizeof(*rules));
        _cleanup_free_ Range *items = calloc(n + 1, sizeof(Range));
        Ranges ranges = { .items = items };
        Assembler a = {};

        if (!calls || !rules || !items)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_calls; i++)
                if (plan->calls[i].number >= 0)
                        calls[plan->calls[i].number] = &plan->calls[i];
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                rules[i] = &plan->argument_rules[i];
        qsort(rules, plan->n_argument_rules, sizeof(*rules), compare_rules);
        make_ranges(calls, n, rules, plan->n_argument_rules, &ranges);
        write_head(&a, write_tree(&a, ranges.items, ranges.n));
        return assemble_finish(&a, ret, ret_n);
}
