/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/explain.h"

#include <errno.h>
#include <sys/syscall.h>

#include "policy/value/names.h"

const char *explain_call_name(int number) {
        for (size_t i = 0; i < n_syscall_numbers; i++)
                if (syscall_numbers[i].number == number)
                        return syscall_numbers[i].name;
        return NULL;
}

const char *explain_family(int number, const uint64_t arguments[static WHY_ARGUMENTS_MAX]) {
        for (const NamedNumber *f = address_families; number == SYS_socket && f->name; f++)
                if (f->number == (int) arguments[0])
                        return f->name;
        return "";
}

int explain_call(const Plan *plan, int number, const uint64_t arguments[static WHY_ARGUMENTS_MAX], WhyAnswer *ret) {
        WhyQuestion q = { .action = WHY_CALL, .object = explain_call_name(number), .n_arguments = WHY_ARGUMENTS_MAX };

        if (!q.object)
                return -EINVAL;
        memcpy(q.arguments, arguments, sizeof(q.arguments));
        return plan_why(plan, &q, ret);
}

static bool has_origin(const SettingList *list, Origin origin) {
        for (size_t i = 0; i < list->n; i++)
                if (origin_equal(list->items[i].origin, origin))
                        return true;
        return false;
}

/* The directive in "KEY=VALUE", which would allow it, if the line has it, too. */
static const Directive *find_opposite(const Policy *policy, const WhyAnswer *a) {
        const bool is_place = a->mechanism == BY_HIDING || a->mechanism == BY_MOUNT;
        _cleanup_free_ char *key = a->allow && !is_place ? strndup(a->allow, strcspn(a->allow, "=")) : NULL;
        const Directive *d = key ? directive_find(key) : NULL;

        return d && has_origin(&policy->settings[directive_id(d)], a->origin) ? d : NULL;
}

/* All of the command line has the same origin. */
const char *explain_directive(const Policy *policy, const WhyAnswer *a) {
        const Directive *found = find_opposite(policy, a), *any = NULL;
        size_t n = 0;

        for (size_t d = 0; !found && d < _DIRECTIVE_MAX; d++)
                if (has_origin(&policy->settings[d], a->origin)) {
                        any = &directive_table[d];
                        n++;
                }
        found = n == 1 ? any : found;
        return found ? found->name : NULL;
}

/* What denies, before "by web.conf:12 ReadOnlyPaths=". */
static const char *mechanism(const WhyAnswer *a) {
        switch (a->mechanism) {
        case BY_HIDING:
                return "hidden";
        case BY_MOUNT:
                return a->error == EROFS ? "read-only" : "mounted";
        case BY_FILTER:
                return "filtered";
        case BY_NAMESPACE:
                return "kept in a private network";
        default:
                return "denied";
        }
}

char *explain_reason(const Plan *plan, const WhyAnswer *a) {
        _cleanup_free_ char *origin = a->has_origin ? origin_format(a->origin) : NULL;
        const char *directive = a->has_origin ? explain_directive(plan->source, a) : NULL;

        if (!origin)
                return strdup(a->text);
        return format("%s by %s%s%s%s", mechanism(a), origin, directive ? " " : "", directive ?: "",
                      directive ? "=" : "");
}
