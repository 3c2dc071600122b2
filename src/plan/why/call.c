/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the filter answers to a system call. */
#include "plan/why/call.h"

#include <errno.h>
#include <sys/socket.h>

#include "plan/why/answer.h"
#include "policy/value/names.h"
#include "util/landlock.h"

/* Whether the rule denies a call with these arguments: 1, 0, or -1 if that depends on arguments that are not known. */
static int rule_matches(const PlanArgumentRule *r, const WhyQuestion *q) {
        const uint64_t *a = q->arguments;
        uint64_t value;

        if (r->test == ARGUMENT_ANY)
                return 1;
        if (r->argument >= q->n_arguments || (r->flags && r->flags_argument >= q->n_arguments) ||
            (r->set_argument && r->set_argument >= q->n_arguments))
                return -1;
        if ((r->flags && (a[r->flags_argument] & r->flags) != r->flags) || (r->set_argument && !a[r->set_argument]))
                return 0;
        value = a[r->argument];
        switch (r->test) {
        case ARGUMENT_MASKED_EQUAL:
                return (value & r->mask) == r->value;
        case ARGUMENT_EQUAL:
                return value == r->value;
        case ARGUMENT_NOT_EQUAL:
                return value != r->value;
        case ARGUMENT_LESS:
                return value < r->value;
        default:
                return value > r->value;
        }
}

/* Whether a word of SystemCallFilter= is the call, or a group with it. */
static bool word_has(const char *word, const char *call) {
        const SyscallGroup *group = word[0] == '@' ? syscall_group_find(word) : NULL;

        return group ? syscall_group_has(group, call) : streq(word, call);
}

/* The line of SystemCallFilter= that decides about a call: the last that names it, or else the first, which decides
 * about all calls that no line names. */
static Origin find_origin(const Plan *plan, const char *call) {
        const SettingList *list = &plan->source->settings[D_SystemCallFilter];

        for (size_t i = list->n; i > 0; i--)
                if (list->items[i - 1].value.words && word_has(list->items[i - 1].value.words[0], call))
                        return list->items[i - 1].origin;
        return list->n > 0 ? list->items[0].origin : (Origin) {};
}

/* Whether the filter denies AF_UNIX because nothing else keeps abstract sockets shut: plan/deny/filter.c. */
static bool denies_unix_for_abstract(const Plan *plan) {
        return plan->landlock_abi < LANDLOCK_ABI_SCOPE && !policy_is_true(plan->source, D_PrivateNetwork) &&
               !policy_is_true(plan->source, D_AbstractSockets) &&
               !plan->source->settings[D_RestrictAddressFamilies].items[0].origin.file;
}

/* Lines that remove the rules of a directive. */
static int allow_reason(const Plan *plan, WhyAnswer *a, const PlanArgumentRule *rule, const WhyQuestion *q) {
        static const struct {
                DirectiveId reason;
                const char *line, *opens;
        } lines[] = {
                { D_RestrictNamespaces, "RestrictNamespaces=no",
                  "namespaces of all kinds, and so more code of the kernel" },
                { D_RestrictRealtime, "RestrictRealtime=no", "realtime scheduling, which can take whole processors" },
                { D_RestrictSUIDSGID, "RestrictSUIDSGID=no", "set-user-ID files on writable volumes" },
                { D_LockPersonality, "LockPersonality=no", "other execution domains, with less protection of memory" },
                { D_ProtectHostname, "ProtectHostname=no", "names of the host in the instance" },
                { D_MemoryDenyWriteExecute, "MemoryDenyWriteExecute=no", "code that is made at run time" },
        };

        if (rule->reason == D_RestrictAddressFamilies && q->n_arguments > 0 && q->arguments[0] == AF_UNIX &&
            denies_unix_for_abstract(plan))
                return answer_allow(a, why_opens_abstract, "AbstractSockets=yes");
        if (rule->reason == D_RestrictAddressFamilies && q->n_arguments > 0)
                for (const NamedNumber *f = address_families; f->name; f++)
                        if (f->number == (int) q->arguments[0])
                                return answer_allow(a, "all sockets of this family", "RestrictAddressFamilies=%s",
                                                    f->name);
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                if (lines[i].reason == rule->reason)
                        return answer_allow(a, lines[i].opens, "%s", lines[i].line);
        return 0;
}

/* Whether a rule of another directive denies the call, too. */
static bool has_other_reason(const Plan *plan, const PlanArgumentRule *rule, const WhyQuestion *q) {
        for (size_t i = 0; i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *other = &plan->argument_rules[i];

                if (other->reason != rule->reason && streq(other->name, q->object) && rule_matches(other, q) != 0)
                        return true;
        }
        return false;
}

static int answer_rule(const Plan *plan, const PlanArgumentRule *rule, const WhyQuestion *q, WhyAnswer *a) {
        const bool fixed = rule->reason == _DIRECTIVE_MAX;
        int r;

        if (!rule->error)
                r = answer_allowed(a, "%s does nothing with these arguments, and returns 0", q->object);
        else
                r = answer_denied(a, rule->error, BY_FILTER, "the filter denies %s with %s%s", q->object,
                                  rule->test == ARGUMENT_ANY ? "any arguments" : "these arguments",
                                  fixed ? ", in every instance" : "");
        if (!fixed)
                answer_directive(a, plan, rule->reason);
        /* One line would not do. */
        if (r < 0 || !rule->error || has_other_reason(plan, rule, q))
                return r;
        return allow_reason(plan, a, rule, q);
}

static int answer_call(const Plan *plan, const PlanCall *call, const WhyQuestion *q, WhyAnswer *a) {
        int r;

        if (!call->error)
                return answer_allowed(a, "the filter allows %s; whether the kernel does is another question",
                                      q->object);
        r = answer_denied(a, call->error, BY_FILTER, "the filter denies %s, whatever its arguments", q->object);
        answer_origin(a, find_origin(plan, q->object));
        return r < 0 ? r : answer_allow(a, "this call, for all programs inside", "SystemCallFilter=%s", q->object);
}

int why_call(const Plan *plan, const WhyQuestion *q, WhyAnswer *a) {
        const PlanCall *call = plan_find_call(plan, q->object);
        const PlanArgumentRule *perhaps = NULL;

        if (!call)
                return syscall_is_listed(q->object)
                               ? answer_denied(a, ENOSYS, BY_FILTER, "this machine has no %s", q->object) : -EINVAL;
        for (size_t i = 0; !call->error && i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *rule = &plan->argument_rules[i];
                const int matches = streq(rule->name, q->object) ? rule_matches(rule, q) : 0;

                if (matches > 0)
                        return answer_rule(plan, rule, q, a);
                if (matches < 0 && rule->error && !perhaps)
                        perhaps = rule;
        }
        if (!perhaps)
                return answer_call(plan, call, q, a);
        if (perhaps->reason != _DIRECTIVE_MAX)
                answer_directive(a, plan, perhaps->reason);
        return answer_depends(a, "the filter denies %s with some arguments: ask for %s(ARGUMENT,…)", q->object,
                              q->object);
}
