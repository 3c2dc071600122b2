/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl import UNIT|FILE: makes a policy of a service's hardening lines. To test it, makes a plan as isoctl check
 * does, and leaves out what fails, until there is a plan. */
#include <errno.h>
#include <stdio.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/verb/import-drop-in.h"
#include "cmd/verb/import-text.h"
#include "cmd/verb/verb.h"
#include "convert/import.h"
#include "convert/import-strict.h"
#include "convert/unit-find.h"
#include "lib/load.h"
#include "plan/request.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* The file name in a trial's origins. The line is the index of the item, from 1, so that an error leads back to its
 * item. */
static const char trial_file[] = "the unit";

/* The attempts to make a plan of the items. After each, the first error is corrected. */
typedef struct Trial {
        Import *import;
        Report report;
        bool root;        /* the caller is root */
        bool tried_users; /* the attempt without a user namespace has been made */
        bool oom;
} Trial;

static int assign(Policy *policy, const ImportItem *item, unsigned line, Report *report) {
        _cleanup_free_ char *value = import_item_value(item), *text = NULL;

        text = value ? format("%s%s", item->inverted ? "~" : "", value) : NULL;
        if (!text)
                return -ENOMEM;
        return policy_assign(policy, (Origin) { trial_file, line }, NULL, directive_table[item->id].name, text, report);
}

static int assign_all(Policy *policy, const Import *import, Report *report) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++)
                if (!import->items[i].dropped)
                        r = assign(policy, &import->items[i], (unsigned) i + 1, report);
        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                if (import->optional[id])
                        r = policy_assign(policy, (Origin) {}, NULL, "Optional", directive_table[id].name, report);
        return r;
}

static ImportItem *find_command(Import *import) {
        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == D_ExecStart && !import->items[i].dropped)
                        return &import->items[i];
        return NULL;
}

/* Replaces the command's name by the path that was found: systemd has another PATH. */
static int name_command(Import *import, const Plan *plan) {
        ImportItem *item = find_command(import);
        size_t n = item ? strcspn(item->text, " ") : 0;
        char *text;

        if (!item || memchr(item->text, '/', n) || strpbrk(plan->executable, " %$'\"\\"))
                return 0;
        text = format("%s%s", plan->executable, item->text + n);
        if (!text)
                return -ENOMEM;
        free(item->text);
        item->text = text;
        return 0;
}

/* Tries to make the plan once. Returns 0 or an exit status. */
static int try_once(Loaded *l, Trial *t, const char *name) {
        _cleanup_(plan_freep) Plan *plan = NULL;
        int status;
        PlanRequest request = { .policy = name, .read_image = true, .only_plan = true };
        Specifiers specifiers = l->policy->specifiers;

        if (l->image > 0)
                fd_close(l->image);
        l->image = 0;
        policy_free(l->policy);
        l->policy = policy_new(&specifiers);
        if (!l->policy || assign_all(l->policy, t->import, &t->report) == -ENOMEM) {
                t->oom = true;
                return PLAN_FAILED;
        }
        if (t->report.n_errors > 0)
                return PLAN_FAILED;
        status = loaded_plan(l, NULL, 0, &request, &plan, &t->report);
        if (status == 0 && name_command(t->import, plan) < 0)
                t->oom = true;
        return status;
}

static bool is_capability(DirectiveId id) {
        return id == D_CapabilityBoundingSet || id == D_AmbientCapabilities;
}

/* The host's capabilities have no effect in a user namespace, and a service has no user namespace of its own. */
static int try_without_users(Trial *t) {
        t->tried_users = true;
        return import_open(t->import, D_PrivateUsers, "no",
                           "the unit does not set PrivateUsers=, and capabilities have no effect in a user namespace");
}

static ImportItem *find_item(const Trial *t) {
        const Origin *origin = &t->report.first.origin;

        return origin->file && streq(origin->file, trial_file) && origin->line > 0 && origin->line <= t->import->n_items
                       ? &t->import->items[origin->line - 1]
                       : NULL;
}

/* Changes or drops the item that failed. Returns 1, 0 if the policy needs the item, or -ENOMEM. */
static int mend_item(Trial *t, ImportItem *item) {
        const ReportedError *error = &t->report.first;
        int r;

        if (t->root && is_capability(item->id) && error->error == EPERM && !t->import->seen[D_PrivateUsers] &&
            !t->tried_users) {
                r = try_without_users(t);
                return r < 0 ? r : 1;
        }
        if (error->error == EOPNOTSUPP && !t->import->optional[item->id]) {
                t->import->optional[item->id] = true;
                return 1;
        }
        r = import_replace(t->import, item);
        if (r != 0 || !(item->opened || import_may_drop(t->import, item)))
                return r;
        r = import_drop(t->import, item, error->text);
        return r < 0 ? r : 1;
}

/* Drops the command, which is missing here or cannot be executed. Returns 1, 0 if there is no command, or -ENOMEM. */
static int drop_command(Trial *t) {
        ImportItem *item = find_command(t->import);
        int r = item ? import_drop(t->import, item, t->report.first.text) : 0;

        return r < 0 ? r : item != NULL;
}

/* Corrects the first error of a trial. Returns 0, or -errno, reported, if that is not possible. */
static int mend(Trial *t, int status, Report *report) {
        const ReportedError *error = &t->report.first;
        ImportItem *item = find_item(t);
        int r = 0;

        if (item)
                r = mend_item(t, item);
        else if (!error->key && status != PLAN_FAILED)
                r = drop_command(t);
        if (r < 0)
                return report_oom(report);
        if (r > 0)
                return 0;
        return item ? report_error_at(report, item->origin, directive_table[item->id].name, EINVAL, "%s", error->text)
                    : report_error(report, EINVAL, "%s",
                                   error->error ? error->text : "isoctl cannot convert this unit to a policy");
}

/* A trial takes a millisecond, and its items each some microseconds. */
enum { TRIALS_MAX = 200, TRIAL_ITEMS = 200, ITEMS_MAX = 90000 };

/* Tries until there is a plan. That ends, because each failure drops an item or makes a directive optional, or removes
 * the user namespace once. */
static int fit(Loaded *l, Import *import, Report *report) {
        Trial t = { .import = import, .root = l->host.uid == 0 };
        int r = 0, status = PLAN_FAILED;

        for (size_t n = 0, items = 0; r >= 0 && status != 0; n++) {
                items += TRIAL_ITEMS + import->n_items;
                if (n > 0 && (n >= TRIALS_MAX || items > ITEMS_MAX))
                        return report_error(report, E2BIG, "more than %zu lines of the unit fail on this host", n);
                t.report = (Report) {};
                status = try_once(l, &t, import->unit);
                if (t.oom)
                        r = report_oom(report);
                else if (status != 0)
                        r = mend(&t, status, report);
        }
        return r;
}

/* Reads all files of the unit. Reports only the first mistake, because a file that is not a unit has many. */
static int read_all(Import *import, const UnitFiles *files, Report *report) {
        Report silent = {};
        int result = 0;

        for (char **path = files->paths; *path && result >= 0; path++) {
                _cleanup_free_ char *text = NULL;
                size_t size;

                if (import->wraps && streq(path_name(*path), DROP_IN_NAME))
                        continue;
                result = text_file_read(*path, &text, &size);
                if (result < 0)
                        return report_error(report, -result, "%s: %s", *path, text_file_strerror(-result));
                result = import_read(import, *path, text, size, &silent);
        }
        if (silent.n_errors > 0)
                return report_error_at(report, silent.first.origin, NULL, EBADMSG, "%s", silent.first.text);
        if (result >= 0 && import->n_lines == 0)
                return report_error(report, EINVAL, "%s: the section [Service] is missing or empty", files->paths[0]);
        return result;
}

static void say_notes(const Import *import, Report *report) {
        for (size_t i = 0; i < import->n_notes; i++) {
                const ImportNote *n = &import->notes[i];

                if (n->outcome == IMPORT_LEFT_OUT)
                        report_notice_at(report, n->origin, n->key, "left out: %s", n->reason);
                else if (n->outcome == IMPORT_REPLACED)
                        report_notice_at(report, n->origin, n->key, "replaced: %s", n->reason);
        }
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (import->optional[id])
                        report_notice(report, "%s= is added to Optional=: this host cannot enforce it",
                                      directive_table[id].name);
}

#define WEAKER \
        "without this line, the policy would be weaker than the unit (to import the other lines, remove this one " \
        "from a copy)"

/* A policy that allows more than its unit is not made. Returns 0, or -EINVAL with all such lines reported. */
static int refuse_weaker(const Import *import, Report *report) {
        int r = 0;

        for (size_t i = 0; i < import->n_notes; i++) {
                const ImportNote *n = &import->notes[i];

                if (n->outcome == IMPORT_REFUSED)
                        r = report_error_at(report, n->origin, n->key, EINVAL, "%s; " WEAKER, n->reason);
        }
        return r;
}

static int find(const char *spec, bool of_user, UnitFiles *ret, Report *report) {
        const UnitUser user = { .config_home = getenv("XDG_CONFIG_HOME"), .home = getenv("HOME"),
                                .runtime = getenv("XDG_RUNTIME_DIR") };
        int r;

        r = unit_find(spec, of_user ? &user : NULL, ret, report);
        if (r >= 0 && ret->manager_error && arg_whose != WHOSE_ANY)
                report_notice(report, "%s; isoctl looked for the unit in systemd's default directories",
                              ret->manager_error);
        return r;
}

int import_text(const char *spec, char **ret, Report *report) {
        _cleanup_(unit_files_deinit) UnitFiles files = {};
        _cleanup_(import_deinit) Import import = {};
        int r;

        import.user = arg_whose == WHOSE_USER || (arg_whose == WHOSE_ANY && geteuid() != 0);
        r = find(spec, import.user, &files, report);
        if (r < 0)
                return r;
        import.unit = files.name;
        r = read_all(&import, &files, report);
        if (r >= 0 && import_convert(&import) < 0)
                r = report_oom(report);
        if (r >= 0)
                r = refuse_weaker(&import, report);
        if (r < 0)
                return r;
        *ret = import_compose(&import);
        return *ret ? 0 : report_oom(report);
}

/* An Import without files; drop_in: for --drop-in. */
static int import_unit(const char *spec, bool drop_in, const char *directory, Report *report) {
        _cleanup_(unit_files_deinit) UnitFiles files = {};
        _cleanup_(import_deinit) Import import = {};
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_free_ char *text = NULL;
        int r;

        import.user = arg_whose == WHOSE_USER || (arg_whose == WHOSE_ANY && geteuid() != 0);
        r = find(spec, import.user, &files, report);
        if (r < 0)
                return r;
        import.unit = files.name;
        import.wraps = drop_in;
        r = read_all(&import, &files, report);
        if (r >= 0 && drop_in && drop_in_prepare(&import, files.paths[0]) < 0)
                r = report_oom(report);
        if (r >= 0 && import_convert(&import) < 0)
                r = report_oom(report);
        if (r >= 0)
                r = refuse_weaker(&import, report);
        if (r >= 0)
                r = loaded_init(&loaded, NULL, NULL, NULL, report);
        if (r >= 0)
                r = fit(&loaded, &import, report);
        if (r < 0)
                return r;
        import_sort(&import);
        say_notes(&import, report);
        text = import_compose(&import);
        if (!text)
                return report_oom(report);
        if (drop_in)
                r = drop_in_write(&import, text, directory, report);
        else
                fputs(text, stdout);
        return r < 0 ? r : flush_output(report);
}

static int run(const CommandLine *line, Report *report) {
        const char *directory = command_line_get(line, 'o');
        bool drop_in = command_line_has(line, ARG_DROP_IN);

        if (directory && !drop_in) {
                report_error(report, EINVAL, "--output needs --drop-in: without it, isoctl prints one policy");
                return PLAN_FAILED;
        }
        return import_unit(line->arguments[0], drop_in, directory, report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_DROP_IN, "drop-in", "keep the unit: make a drop-in that wraps its command, and the policy for it" },
        { 'o', "output", "with --drop-in, write the files below DIR (/ installs them)", { "DIR", ARGUMENT_DIRECTORY } },
        {},
};
static const Argument arguments[] = { { "UNIT|FILE", ARGUMENT_FILE }, {} };

const Verb verb_import = {
        .name = "import",
        .help = "convert a service's hardening lines to a policy",
        .details = "isoctl asks the service manager for the files of UNIT. Comments and notices list the lines that\n"
                   "are left out of the policy. --user: units of a user's service manager.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
