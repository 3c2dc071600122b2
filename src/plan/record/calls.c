/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/calls.h"

#include <errno.h>

#include "plan/deny/watch.h"
#include "plan/record/setting.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/strv.h"
#include "util/text.h"

enum {
        GROUP_CALLS_MIN = 2, /* a single call is named */
        CALLS_SHOWN = 4,     /* in the comment of a group */
};

/* These have nearly all calls. */
static const char *const broad_groups[] = { "@system-service", "@known" };

typedef struct Choice {
        const Plan *plan;
        const Record *record;
        bool *left; /* by the place in syscall_numbers: wanted, and in no line yet */
        bool is_permissive;
        CallsLines lines;
} Choice;

static const char *name_of(size_t place) {
        return syscall_numbers[place].name;
}

static const RecordCount *count_of(const Choice *c, size_t place) {
        return record_called(c->record, syscall_numbers[place].number);
}

/* Where a run allows nearly all calls, no group opens more than programs usually need. */
static bool is_usual(const SyscallGroup *group) {
        static const char *const rare[] = { "@keyring", "@resources" };
        const SyscallGroup *usual = syscall_group_find("@system-service");

        for (size_t i = 0; i < n_syscall_numbers; i++) {
                if (!syscall_group_has(group, name_of(i)))
                        continue;
                if (!syscall_group_has(usual, name_of(i)))
                        return false;
                for (size_t j = 0; j < ELEMENTSOF(rare); j++)
                        if (syscall_group_has(syscall_group_find(rare[j]), name_of(i)))
                                return false;
        }
        return true;
}

/* A call that this machine does not have is no reason against a group. */
static bool is_allowed_whole(const Choice *c, const SyscallGroup *group) {
        if (c->is_permissive && !is_usual(group))
                return false;
        for (size_t i = 0; i < n_syscall_numbers; i++)
                if (plan_find_call(c->plan, name_of(i)) && !plan_allows_call(c->plan, name_of(i)) &&
                    syscall_group_has(group, name_of(i)))
                        return false;
        return true;
}

/* Returns how many used calls of the group are in no line yet, and how many calls it has. */
static size_t count_left(const Choice *c, const SyscallGroup *group, size_t *ret_all) {
        size_t left = 0;

        *ret_all = 0;
        for (size_t i = 0; i < n_syscall_numbers; i++) {
                const bool has = syscall_group_has(group, name_of(i));

                left += has && c->left[i] && count_of(c, i);
                *ret_all += has;
        }
        return left;
}

static CallsLine *add_line(Choice *c, const char *word) {
        CallsLine *line = ARRAY_APPEND(c->lines.items, c->lines.n);

        if (line)
                line->word = word;
        return line;
}

static int describe(CallsLine *line, char *const *names) {
        const size_t n = strv_length(names);
        _cleanup_text_ Text text = {};

        for (size_t i = 0; i < n && i < CALLS_SHOWN; i++) {
                text_add(&text, i > 0 ? ", " : "");
                text_add(&text, names[i]);
        }
        if (n > CALLS_SHOWN) {
                _cleanup_free_ char *more = format(" and %zu more", n - CALLS_SHOWN);

                text_add(&text, more ?: "");
        }
        line->calls = text_finish(&text);
        return line->calls ? 0 : -ENOMEM;
}

static int add_group(Choice *c, const SyscallGroup *group) {
        CallsLine *line = add_line(c, group->name);
        _cleanup_strv_free_ char **names = NULL;
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n_syscall_numbers; i++) {
                if (!c->left[i] || !syscall_group_has(group, name_of(i)))
                        continue;
                c->left[i] = false;
                if (!count_of(c, i))
                        continue;
                record_count_add(&line->count, count_of(c, i));
                r = strv_push(&names, name_of(i));
        }
        return r < 0 ? r : names ? describe(line, names) : 0;
}

static int add_call(Choice *c, size_t place, const char *reason) {
        CallsLine *line = add_line(c, name_of(place));

        if (!line)
                return -ENOMEM;
        c->left[place] = false;
        line->reason = reason;
        if (count_of(c, place))
                line->count = *count_of(c, place);
        return 0;
}

/* Those of the quiet groups that the policy allows. */
static int add_quiet(Choice *c) {
        int r = 0;

        for (const char *const *name = watch_quiet_groups; r >= 0 && *name; name++) {
                const SyscallGroup *group = syscall_group_find(*name);

                if (is_allowed_whole(c, group)) {
                        r = add_group(c, group);
                        if (r >= 0)
                                c->lines.items[c->lines.n - 1].reason = "not watched: most programs use them";
                        continue;
                }
                for (size_t i = 0; r >= 0 && i < n_syscall_numbers; i++)
                        if (syscall_group_has(group, name_of(i)) && plan_allows_call(c->plan, name_of(i)))
                                r = add_call(c, i, "not watched");
        }
        return r;
}

static bool is_broad(const SyscallGroup *group) {
        for (size_t i = 0; i < ELEMENTSOF(broad_groups); i++)
                if (streq(broad_groups[i], group->name))
                        return true;
        return false;
}

/* The group with most of the calls that are left; of two, the one with fewer calls. */
static const SyscallGroup *find_best(const Choice *c) {
        const SyscallGroup *best = NULL;
        size_t best_left = GROUP_CALLS_MIN - 1, best_all = 0;

        for (const SyscallGroup *g = syscall_groups; g->name; g++) {
                size_t all, left = count_left(c, g, &all);

                if (left < best_left || left < GROUP_CALLS_MIN || (left == best_left && all >= best_all))
                        continue;
                if (is_broad(g) || !is_allowed_whole(c, g))
                        continue;
                best = g;
                best_left = left;
                best_all = all;
        }
        return best;
}

/* Why a call stays that was not used, or NULL. */
static const char *reason_of(const Plan *plan, const char *name) {
        if (!plan_allows_call(plan, name))
                return NULL;
        for (size_t i = 0; i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *rule = &plan->argument_rules[i];

                if (rule->test == ARGUMENT_ANY && rule->error == ENOSYS && streq(rule->name, name))
                        return "returns ENOSYS, so that programs use an older call";
        }
        return watch_hides(name) ? "cannot be watched, and the policy of the run allows it" : NULL;
}

static int compare_lines(const void *a, const void *b) {
        return strcmp(((const CallsLine *) a)->word, ((const CallsLine *) b)->word);
}

static int choose(Choice *c) {
        const SyscallGroup *group;
        int r = add_quiet(c);
        const size_t n_quiet = c->lines.n;

        while (r >= 0 && (group = find_best(c)))
                r = add_group(c, group);
        for (size_t i = 0; r >= 0 && i < n_syscall_numbers; i++)
                if (c->left[i])
                        r = add_call(c, i, count_of(c, i) ? NULL : reason_of(c->plan, name_of(i)));
        if (r >= 0 && c->lines.n > n_quiet + 1)
                qsort(c->lines.items + n_quiet, c->lines.n - n_quiet, sizeof(CallsLine), compare_lines);
        return r;
}

int record_make_calls(const Plan *plan, const Record *record, CallsLines *ret) {
        _cleanup_free_ bool *left = calloc(n_syscall_numbers, sizeof(*left));
        Choice c = { .plan = plan, .record = record, .left = left,
                     .is_permissive = policy_is_permissive(plan->source) };
        int r = left ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n_syscall_numbers; i++)
                left[i] = plan_allows_call(plan, name_of(i)) && (count_of(&c, i) || reason_of(plan, name_of(i)));
        if (r >= 0)
                r = choose(&c);
        if (r < 0)
                calls_lines_deinit(&c.lines);
        else
                *ret = c.lines;
        return r;
}

void calls_lines_deinit(CallsLines *lines) {
        for (size_t i = 0; i < lines->n; i++)
                free(lines->items[i].calls);
        free(lines->items);
        *lines = (CallsLines) {};
}
