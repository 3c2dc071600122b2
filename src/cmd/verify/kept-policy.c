/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/kept-policy.h"

#include <errno.h>

#include "cmd/verify/promise.h"

/* An empty value stands for an empty default: policy/lines.h. */
enum { NAME, VALUE, ORIGIN_FILE, ORIGIN_LINE };

static int cannot(const char *name, int error, const char *why, Report *report) {
        return report_error(report, error, "%s: isoctl cannot understand its policy: %s", name, why);
}

/* given: whether the instance has told of the directive. */
static int read_setting(Policy *policy, const char *name, const Promise *p, bool given[static _DIRECTIVE_MAX],
                        Report *report) {
        const Directive *d = directive_find(promise_value(p, NAME));
        const uint64_t line = promise_number_of(p, ORIGIN_LINE);
        Origin origin = {};

        if (promise_is(p, "no-line"))
                return report_error(report, EOPNOTSUPP, "%s: its policy cannot be told: no line means the same as its "
                                    "%s=", name, promise_value(p, NAME));
        if (!promise_is(p, "setting") || !d || line > INT32_MAX ||
            (!*promise_value(p, VALUE) && (!d->fallback || *d->fallback)))
                return cannot(name, EPROTO, strerror(EPROTO), report);
        if (*promise_value(p, ORIGIN_FILE)) {
                origin = (Origin) { policy_file(policy, promise_value(p, ORIGIN_FILE)), (unsigned) line };
                if (!origin.file)
                        return report_oom(report);
        }
        given[directive_id(d)] = true;
        return policy_assign(policy, origin, NULL, promise_value(p, NAME), promise_value(p, VALUE), report);
}

/* A complete policy sets each directive that has a default. Without this check, the default would be taken for the
 * instance's value. */
static int check_complete(const bool given[static _DIRECTIVE_MAX], const char *name, Report *report) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (directive_table[id].fallback && !given[id])
                        return cannot(name, EPROTO, directive_table[id].name, report);
        return 0;
}

int kept_policy_read(Policy *policy, const char *name, const char *text, Report *report) {
        _cleanup_(promises_deinit) Promises lines = {};
        bool given[_DIRECTIVE_MAX] = {};
        int r = promises_parse(text, &lines);

        if (r == -ENOMEM)
                return report_oom(report);
        if (r < 0)
                return cannot(name, -r, strerror(-r), report);
        for (size_t i = 0; r >= 0 && i < lines.n; i++)
                r = read_setting(policy, name, &lines.items[i], given, report);
        if (r >= 0)
                r = check_complete(given, name, report);
        return r < 0 ? r : policy_complete(policy, report);
}
