/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/finding.h"

#include "util/array.h"
#include "util/text.h"

const char *verdict_name(Verdict verdict) {
        static const char *const names[] = {
                [VERDICT_HOLDS] = "holds",   [VERDICT_STRICTER] = "stricter", [VERDICT_ABSENT] = "absent",
                [VERDICT_UNSEEN] = "unseen", [VERDICT_UNREAD] = "unread",     [VERDICT_BROKEN] = "broken",
        };

        return names[verdict];
}

void findings_deinit(Findings *findings) {
        for (size_t i = 0; i < findings->n; i++) {
                free(findings->items[i].part);
                free(findings->items[i].details);
                free(findings->items[i].origin);
        }
        free(findings->items);
        *findings = (Findings) {};
}

void finding_add(Findings *findings, Verdict verdict, const char *part, const char *origin, const char *format, ...) {
        Finding *f = ARRAY_APPEND(findings->items, findings->n);
        va_list ap;

        if (!f) {
                findings->oom = true;
                return;
        }
        va_start(ap, format);
        *f = (Finding) { .verdict = verdict, .part = strdup(part), .details = formatv(format, ap),
                         .origin = strdup(origin) };
        va_end(ap);
        if (!f->part || !f->details || !f->origin)
                findings->oom = true;
}

size_t findings_count(const Findings *findings, Verdict verdict) {
        size_t n = 0;

        for (size_t i = 0; i < findings->n; i++)
                n += findings->items[i].verdict == verdict;
        return n;
}
