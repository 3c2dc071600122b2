/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/lacking.h"

#include <errno.h>

#include "plan/builder.h"
#include "plan/hint.h"
#include "util/strv.h"

static void group_clear(LackingGroup *g) {
        g->names = strv_free(g->names);
        g->reasons = strv_free(g->reasons);
}

/* with_lines: the message names the line of each. */
static int group_add(LackingGroup *g, Origin origin, const char *name, const char *reason, bool with_lines) {
        int r;

        if (!g->names)
                g->origin = origin;
        if (with_lines && origin.line != g->origin.line)
                r = strv_pushf(&g->names, "=, line %u: %s", origin.line, name);
        else
                r = strv_pushf(&g->names, "%s%s", g->names ? "=, " : "", name);
        return r < 0 || strv_contains(g->reasons, reason) ? r : strv_push(&g->reasons, reason);
}

static void report_optional(Lacking *l) {
        LackingGroup *g = &l->optional;
        _cleanup_free_ char *names = g->names ? strv_join(g->names, "") : NULL,
                            *reasons = g->reasons ? strv_join(g->reasons, "; ") : NULL;

        if (names && reasons)
                report_notice_at(l->report, g->origin, names, "not enforced: %s", reasons);
        else if (g->names)
                report_oom(l->report);
        group_clear(g);
}

/* The hint is at the end of the last message alone, for all of them. */
static void report_required(Lacking *l, bool last) {
        LackingGroup *g = &l->required;
        _cleanup_free_ char *names = g->names ? strv_join(g->names, "") : NULL,
                            *reasons = g->reasons ? strv_join(g->reasons, "; ") : NULL,
                            *hint = l->refused && last ? plan_optional_hint(l->plan, (const char *const *) l->refused)
                                                       : strdup("");

        if (names && reasons && l->explain)
                report_notice_at(l->report, g->origin, names, BUILD_REFUSED_HERE "%s", reasons);
        else if (names && reasons && hint)
                report_error_at(l->report, g->origin, names, EOPNOTSUPP, "%s%s%s", l->refusal, reasons, hint);
        else if (g->names)
                report_oom(l->report);
        group_clear(g);
}

int lacking_add(Lacking *l, const PlanProperty *p, const char *reason) {
        LackingGroup *g = p->optional ? &l->optional : &l->required;
        const Origin origin = p->settings->items[0].origin;
        int r = 0;

        if (g->names && g->origin.file != origin.file) {
                if (p->optional)
                        report_optional(l);
                else
                        report_required(l, false);
        }
        if (!p->optional)
                r = strv_push(&l->refused, p->directive->name);
        if (r >= 0)
                r = group_add(g, origin, p->directive->name, reason, !p->optional);
        if (r < 0)
                return report_oom(l->report);
        return p->optional || l->explain ? 0 : -EOPNOTSUPP;
}

void lacking_report(Lacking *l) {
        report_required(l, true);
        report_optional(l);
        l->refused = strv_free(l->refused);
}
