/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl logs [-f] [-n LINES] NAME... [-- OPTION...]: runs journalctl for the units of the instances. */
#include <errno.h>
#include <unistd.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/options.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Query {
        char **options; /* journalctl and its options, with --unit= and --user-unit= */
        char **matches; /* fields of other users' units and of instances in pools, for which journalctl has no option */
        bool units;
} Query;

static void query_deinit(Query *q) {
        strv_free(q->options);
        strv_free(q->matches);
}

/* Adds the matches of journalctl --user-unit=: the lines of the unit, and its manager's lines about the unit. */
static int add_matches(char ***matches, const char *unit, uid_t uid) {
        static const char *const fields[] = { "_SYSTEMD_USER_UNIT", "USER_UNIT" };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if ((*matches && strv_push(matches, "+") < 0) || strv_pushf(matches, "%s=%s", fields[i], unit) < 0 ||
                    strv_pushf(matches, "_UID=%u", uid) < 0)
                        return -ENOMEM;
        return 0;
}

static int add_unit(Query *q, const char *unit, bool of_user, uid_t uid) {
        if (of_user && uid != geteuid())
                return add_matches(&q->matches, unit, uid);
        q->units = true;
        return strv_pushf(&q->options, of_user ? "--user-unit=%s" : "--unit=%s", unit);
}

/* Adds an instance in a pool. journald notes the cgroup of each line; isorun writes its records from outside of it. */
static int add_pooled(Query *q, const Instance *i) {
        static const char *const places[] = { "", "/inside", "/inside/payload", "/isorun" };

        for (size_t k = 0; k < ELEMENTSOF(places); k++)
                if ((q->matches && strv_push(&q->matches, "+") < 0) ||
                    strv_pushf(&q->matches, "_SYSTEMD_CGROUP=%s%s", i->cgroup, places[k]) < 0)
                        return -ENOMEM;
        if (strv_push(&q->matches, "+") < 0 ||
            strv_pushf(&q->matches, "ISORUN_UNIT=%s", i->pool) < 0 ||
            strv_pushf(&q->matches, "ISORUN_INSTANCE=%s", i->name) < 0)
                return -ENOMEM;
        return strv_pushf(&q->matches, "_UID=%u", i->of_user ? i->uid : 0);
}

/* Adds an instance that does not run. Only its name is known, which may also be a unit's. */
static int add_ended(Query *q, const char *text) {
        uid_t named, uid = geteuid();
        const char *name = instance_split_user(text, &named);
        bool of_user = name != text ? named != 0 : arg_whose == WHOSE_USER || (arg_whose == WHOSE_ANY && uid != 0);
        bool is_unit = endswith(name, ".scope") || endswith(name, ".service");
        _cleanup_free_ char *unit = is_unit ? strdup(name) : format("isorun-%s.scope", name),
                            *service = is_unit ? NULL : format("isorun-%s.service", name); /* of isorun --detach */

        if (name != text)
                uid = named;
        if (!unit || (!is_unit && !service) || add_unit(q, unit, of_user, uid) < 0)
                return -ENOMEM;
        return service ? add_unit(q, service, of_user, uid) : 0;
}

static int add_instance(Query *q, const Instance *i, Report *report) {
        if (i->pool)
                return add_pooled(q, i) < 0 ? report_oom(report) : 0;
        if (!i->unit)
                return report_error(report, EOPNOTSUPP, "%s has no unit, so it has no separate journal", i->name);
        return add_unit(q, i->unit, i->of_user, i->uid) < 0 ? report_oom(report) : 0;
}

static int add_name(Query *q, const InstanceList *list, char *name, Report *report) {
        _cleanup_(selection_deinit) Selection selection = {};
        int r;

        if (!instances_has(list, name))
                return add_ended(q, name) < 0 ? report_oom(report) : 0;
        r = instances_select(&selection, list, (char *[]) { name, NULL }, true, report);
        for (size_t i = 0; r >= 0 && i < selection.n; i++)
                r = add_instance(q, selection.items[i], report);
        return r < 0 ? r : selection.n > 0 ? 0 : -ENOENT;
}

static int begin(Query *q, const CommandLine *line, Report *report) {
        const char *lines = command_line_get(line, 'n');

        if (strv_push(&q->options, "journalctl") < 0 || (!arg_pager && strv_push(&q->options, "--no-pager") < 0) ||
            (command_line_has(line, 'f') && strv_push(&q->options, "--follow") < 0) ||
            (lines && strv_pushf(&q->options, "--lines=%s", lines) < 0))
                return report_oom(report);
        return 0;
}

static int append(char ***words, char *const *more) {
        int r = 0;

        for (; r >= 0 && more && *more; more++)
                r = strv_push(words, *more);
        return r;
}

static int execute(Query *q, char *const *rest, Report *report) {
        if (q->units && q->matches)
                return report_error(report, EOPNOTSUPP,
                                    "logs: isoctl cannot show units together with instances in pools or of other "
                                    "users: name them in separate commands");
        if (append(&q->options, rest) < 0 || append(&q->options, q->matches) < 0)
                return report_oom(report);
        execvp(q->options[0], q->options);
        return report_error(report, errno, "cannot run journalctl: %s", strerror(errno));
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(query_deinit) Query q = {};
        int r;

        r = begin(&q, line, report);
        if (r >= 0)
                r = instances_find(&list, report);
        for (char **name = line->arguments; r >= 0 && *name; name++)
                r = add_name(&q, &list, *name, report);
        if (r >= 0)
                (void) execute(&q, line->rest, report);
        return PLAN_FAILED;
}

static const Option options[] = {
        { 'f', "follow", "also show new lines as they are written" },
        { 'n', "lines", "show at most this many lines", { "LINES" } },
        {},
};
static const Argument arguments[] = {
        { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED },
        { "OPTION", ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_logs = {
        .name = "logs",
        .help = "show what instances wrote to the journal",
        .details = "Runs journalctl for the units of the instances (journalctl --unit= and --user-unit=), with -f, -n\n"
                   "and each OPTION. An OPTION is an option of journalctl. NAME may be an instance that has ended.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
