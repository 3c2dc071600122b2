/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check [--syntax] [--within A] POLICY...: tests whether policies are valid and work on this host. */
#include <errno.h>

#include "cmd/start/policy-file.h"
#include "cmd/verb/compared.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "plan/plan.h"

static bool has_valid_syntax(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};

        return loaded_init(&loaded, spec, NULL, NULL, report) >= 0;
}

enum { STATUS_NOT_WITHIN = 1 };

/* Reports each line of the policy that allows more than outer does. Returns an exit status. */
static int check_within(const Compared *outer, const char *name, Report *report) {
        _cleanup_(differences_deinit) Differences more = {};
        _cleanup_(compared_deinit) Compared inner = {};

        if (compared_load(&inner, name, false, report) < 0)
                return PLAN_FAILED;
        if (report_if_oom(report, differences_find(&more, inner.permit, outer->permit)) < 0)
                return PLAN_FAILED;
        for (size_t i = 0; i < more.n; i++) {
                _cleanup_free_ char *text = difference_text(&more.items[i], outer->name);

                report_error(report, EPERM, "%s: %s", more.items[i].origin ?: name, text ?: more.items[i].directive);
        }
        return more.n > 0 ? STATUS_NOT_WITHIN : 0;
}

static int check_all_within(const char *bound, char *const *policies, Report *report) {
        _cleanup_(compared_deinit) Compared outer = {};
        int status = 0;

        if (compared_load(&outer, bound, false, report) < 0)
                return PLAN_FAILED;
        for (char *const *policy = policies; *policy; policy++) {
                int result = check_within(&outer, *policy, report);

                status = result > status ? result : status;
        }
        return status;
}

static int run(const CommandLine *line, Report *report) {
        const char *within = command_line_get(line, ARG_WITHIN);
        bool syntax = command_line_has(line, ARG_SYNTAX);
        int status = 0;

        if (within)
                return check_all_within(within, line->arguments, report);
        for (char **policy = line->arguments; *policy; policy++)
                if (!(syntax ? has_valid_syntax(*policy, report) : policy_file_check(*policy, NULL, report)))
                        status = PLAN_FAILED;
        return status;
}

static const Option options[] = {
        { ARG_SYNTAX, "syntax", "test only the lines, and not whether they work here" },
        { ARG_WITHIN, "within", "test only whether the policies allow no more than policy A",
          { "A", ARGUMENT_POLICY | ARGUMENT_INSTANCE } },
        {},
};
static const Argument arguments[] = { { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_check = {
        .name = "check",
        .help = "test whether policies are valid and work here",
        .details = "Prints nothing and returns 0 if the policies are valid and this host can enforce them. With\n"
                   "--syntax, the program or policy may be for another host, as in the build of a program that\n"
                   "carries its policy. With --within A, prints each line that allows more than A, and returns 1 if\n"
                   "it finds one; A and the policies may then also be running instances.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
