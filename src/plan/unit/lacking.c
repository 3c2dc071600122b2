/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/lacking.h"

#include "util/strv.h"

void lacking_add(Lacking *l, const PlanProperty *p, const char *reason) {
        const Origin origin = p->settings->items[0].origin;

        if (l->names && l->origin.file != origin.file)
                lacking_report(l);
        if (!l->names)
                l->origin = origin;
        if (strv_pushf(&l->names, "%s%s", l->names ? "=, " : "", p->directive->name) < 0 ||
            (!strv_contains(l->reasons, reason) && strv_push(&l->reasons, reason) < 0))
                report_notice_at(l->report, origin, p->directive->name, "not enforced: %s", reason);
}

void lacking_report(Lacking *l) {
        _cleanup_free_ char *names = l->names ? strv_join(l->names, "") : NULL,
                            *reasons = l->reasons ? strv_join(l->reasons, "; ") : NULL;

        if (names && reasons)
                report_notice_at(l->report, l->origin, names, "not enforced: %s", reasons);
        l->names = strv_free(l->names);
        l->reasons = strv_free(l->reasons);
}
