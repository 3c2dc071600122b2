/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/source.h"

#include <errno.h>

#include "plan/show/promises.h"
#include "policy/lines.h"

static int print_line(void *userdata, const Directive *d, const char *value, Origin origin) {
        FILE *f = userdata;

        promise_begin(f, "", "setting");
        promise_text(f, d->name);
        promise_text(f, value);
        promise_text(f, origin.file ?: "");
        promise_number(f, origin.line);
        promise_end(f);
        return 0;
}

int plan_print_source(const Plan *plan, FILE *f) {
        const Directive *bad = NULL;
        int r = policy_lines(plan->source, print_line, f, &bad);

        if (r != -EBADMSG)
                return r;
        promise_begin(f, "", "no-line");
        promise_text(f, bad->name);
        promise_end(f);
        return 0;
}
