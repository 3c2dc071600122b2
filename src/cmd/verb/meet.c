/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl meet POLICY POLICY...: prints a policy that allows only what all of them allow. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/compared.h"
#include "cmd/verb/verb.h"
#include "plan/permit/write.h"

enum { POLICIES_MAX = 16 };

/* The policies, and the permit of the first ones together, which borrows from those before. */
typedef struct Meeting {
        Compared sides[POLICIES_MAX];
        Permit *meets[POLICIES_MAX];
        size_t n;
} Meeting;

static void meeting_deinit(Meeting *m) {
        for (size_t i = m->n; i-- > 0;) {
                permit_free(m->meets[i]);
                compared_deinit(&m->sides[i]);
        }
}

/* Returns the permit of all so far, or NULL, reported. */
static const Permit *add(Meeting *m, const Permit *so_far, const char *name, Report *report) {
        const size_t i = m->n++;

        if (compared_load(&m->sides[i], name, false, report) < 0)
                return NULL;
        if (!so_far)
                return m->sides[i].permit;
        if (permit_meet(&m->meets[i], so_far, m->sides[i].permit) < 0) {
                report_oom(report);
                return NULL;
        }
        return m->meets[i];
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(meeting_deinit) Meeting m = {};
        _cleanup_free_ char *text = NULL;
        const Permit *permit = NULL;

        if (line->n_arguments < 2 || line->n_arguments > POLICIES_MAX) {
                report_error(report, EINVAL, "name 2 to %d policies", POLICIES_MAX);
                return PLAN_FAILED;
        }
        for (char **name = line->arguments; *name; name++) {
                permit = add(&m, permit, *name, report);
                if (!permit)
                        return PLAN_FAILED;
        }
        if (permit_write(permit, &text, report) < 0)
                return PLAN_FAILED;
        fputs("# isoctl meet", stdout);
        for (char **name = line->arguments; *name; name++) {
                putchar(' ');
                for (const char *c = *name; *c; c++)
                        putchar(*c == '\n' ? '?' : *c);
        }
        printf("\n%s", text);
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = { OTHER_ROOT_OPTIONS, {} };
static const Argument arguments[] = { { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_meet = {
        .name = "meet",
        .help = "print a policy that allows only what all of these allow",
        .details = "A policy may also be a running instance of yours or root's. If two lines contradict each other,\n"
                   "and neither allows less, that is an error that names both.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
