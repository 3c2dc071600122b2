/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/hint.h"

#include "util/strv.h"

char *plan_optional_hint(const Plan *plan, const char *const *names) {
        _cleanup_free_ char *joined = strv_join((char *const *) names, " ");
        bool several = names[0] && names[1];
        const char *quote = several && plan->typed ? "\"" : "";

        if (!joined)
                return NULL;
        return format(" (%s%sOptional=%s%s runs without %s)", plan_option(plan), quote, joined, quote,
                      several ? "them" : "it");
}

char *plan_show_hint(const Plan *plan, const char *path) {
        return plan->typed ? format("-v %s:ro shows it", path) :
                             format("the line BindReadOnlyPaths=%s shows it", path);
}
