/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/builder.h"

#include <errno.h>

#include "plan/hint.h"

int build_error(Builder *b, const Setting *setting, DirectiveId id, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = report_error_atv(b->report, setting->origin, directive_table[id].name, error, format, ap);
        va_end(ap);
        return r;
}

bool build_may_lack(Builder *b, DirectiveId id, Origin origin, const char *reason) {
        const char *name = directive_table[id].name;
        _cleanup_free_ char *hint = NULL;

        if (policy_optional(b->policy, id)) {
                report_notice_at(b->report, origin, name, "not enforced: %s", reason);
                return true;
        }
        if (b->request->explain) {
                report_notice_at(b->report, origin, name, BUILD_REFUSED_HERE "%s", reason);
                return true;
        }

        hint = plan_optional_hint(b->plan, (const char *[]) { name, NULL });
        report_error_at(b->report, origin, name, EOPNOTSUPP, "cannot be enforced: %s%s", reason, hint ?: "");
        return false;
}
