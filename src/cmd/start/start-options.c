/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/start-options.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/start/argument.h"
#include "cmd/start/detach.h"
#include "cmd/start/here.h"
#include "plan/request.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/text.h"

static int add_override(StartOptions *o, const char *option, char *assignment, Report *report) {
        Override *line = assignment ? ARRAY_APPEND(o->overrides, o->n_overrides) : NULL;

        if (!line) {
                free(assignment);
                return report_oom(report);
        }
        *line = (Override) { .option = option, .assignment = assignment };
        return 0;
}

static int add_binding(StartOptions *o, const char *argument, Report *report) {
        char **slot = ARRAY_APPEND(o->bindings, o->n_bindings);

        if (!slot)
                return report_oom(report);
        *slot = argument_bind(argument);
        return *slot ? 0 : report_oom(report);
}

/* --here. A home directory has keys and configurations that most commands have no need of, so it, and what is above it,
 * must be named with -v. */
static int add_here(StartOptions *o, const char *options, Report *report) {
        _cleanup_free_ char *here = realpath(".", NULL);
        const char *reason;

        if (!here)
                return report_error(report, errno, "--here: cannot use the working directory: %s", strerror(errno));
        reason = too_much_to_show(here);
        if (reason)
                return report_error(report, EINVAL, "--here: %s %s; change to a directory of the work, or use -v",
                                    here, reason);
        return add_override(o, "--here", argument_here(options), report);
}

/* A word without a slash is the name of a volume, which needs a destination. A new user means a directory. */
static int add_volume(StartOptions *o, const char *volume, Report *report) {
        const char *name = volume + (*volume == '?'), *colon = strchr(name, ':');
        _cleanup_free_ char *source = colon ? strndup(name, (size_t) (colon - name)) : strdup(name);

        if (source && volume_name_is_valid(source) && (!colon || !strchr("/.~", colon[1])) && access(source, F_OK) == 0)
                return report_error(report, EINVAL,
                                    "-v %s: %s would be the name of a volume; for the path here, type -v ./%s", volume,
                                    source, name);
        return add_override(o, "--volume", argument_volume(volume), report);
}

static int set_jobs(StartOptions *o, const char *argument, Report *report) {
        enum { JOBS_MAX = 1024 };
        uint64_t n;

        if (parse_u64_range(argument, 1, JOBS_MAX, &n) < 0)
                return report_error(report, EINVAL, "--jobs: %s is not a number from 1 to %d", argument, JOBS_MAX);
        o->jobs = (unsigned) n;
        return 0;
}

/* The options that only set a variable. */
static void take_flag(StartOptions *o, int option) {
        const struct {
                int option, value, *variable;
        } table[] = {
                { ARG_USER, MANAGER_USER, &o->manager }, { ARG_SYSTEM, MANAGER_SYSTEM, &o->manager },
                { ARG_NO_SCOPE, true, &o->no_scope },    { ARG_DRY_RUN, true, &o->dry_run },
                { ARG_JSON, true, &o->json },            { ARG_QUIET, true, &o->quiet },
                { ARG_HAND_OVER, true, &o->hand_over },  { 'd', true, &o->detach },
                { ARG_VERBOSE, true, &o->verbose },      { ARG_OWN, true, &o->own },
                { ARG_BATCH, true, &o->batch },          { ARG_WHY, true, &o->why },
                { ARG_TIGHTEN, true, &o->record.tighten }, { ARG_PERMISSIVE, true, &o->record.permissive },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].option == option)
                        *table[i].variable = table[i].value;
}

static int take_option(StartOptions *o, const GivenOption *option, Report *report) {
        const char *argument = option->argument;

        switch (option->value) {
        case ARG_POLICY:
                o->policy = argument;
                return 0;
        case ARG_RECORD:
                o->record.file = argument;
                return 0;
        case 'p':
                return add_override(o, "-p", argument_assignment(argument), report);
        case 'v':
                return add_volume(o, argument, report);
        case ARG_HERE:
                return add_here(o, argument, report);
        case 'C':
                return add_override(o, "-C", argument_directory(argument), report);
        case 'E':
                if (!strchr(argument, '=') && !getenv(argument))
                        report_notice(report, "-E: %s is not set, so the program does not get it (-E %s=VALUE sets it)",
                                      argument, argument);
                return add_override(o, "-E", argument_variable(argument), report);
        case ARG_NET:
                return add_override(o, "--net", strdup("PrivateNetwork=no"), report);
        case ARG_NO_NET:
                return add_override(o, "--no-net", strdup("PrivateNetwork=yes"), report);
        case 'c':
                return add_override(o, "--connect", format("ConnectTo=%s", argument), report);
        case ARG_TIMEOUT:
                return add_override(o, "--timeout", format("RuntimeMaxSec=%s", argument), report);
        case ARG_POOL:
                return add_override(o, "--pool", format("Pool=%s", argument), report);
        case ARG_BIND:
                return add_binding(o, argument, report);
        case ARG_ROOT:
                return add_override(o, "--root", argument_root(argument), report);
        case 'j':
                return set_jobs(o, argument, report);
        case ARG_NAME:
                o->name = argument;
                return 0;
        case ARG_NOTIFY:
                o->notify = argument;
                return 0;
        case ARG_PTY:
                o->pty = true;
                return add_override(o, "--pty", strdup("Terminal=private"), report);
        default:
                take_flag(o, option->value);
                return 0;
        }
}

static int check_batch(const StartOptions *o, bool has_command, Report *report) {
        const struct {
                bool given;
                const char *option;
        } others[] = {
                { o->detach, "--detach" },   { o->hand_over, "--hand-over" }, { o->pty, "--pty" },
                { o->notify, "--notify" },   { o->why, "--why" },             { o->record.file, "--record" },
                { o->dry_run, "--dry-run" }, { o->verbose, "--verbose" },     { has_command, "a command" },
        };

        if (!o->batch)
                return o->jobs ? report_error(report, EINVAL, "--jobs needs --batch") : 0;
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (others[i].given)
                        return report_error(report, EINVAL, "--batch cannot be combined with %s", others[i].option);
        return 0;
}

int start_options_take(StartOptions *o, const CommandLine *line, Report *report) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < line->n_options; i++)
                r = take_option(o, &line->options[i], report);
        if (r >= 0 && o->detach && (o->hand_over || o->pty))
                r = report_error(report, EINVAL, "--detach cannot be combined with %s",
                                 o->pty ? "--pty" : "--hand-over");
        if (r >= 0 && o->own && (o->policy || !*line->rest))
                r = report_error(report, EINVAL, o->policy ? "--own cannot be combined with --policy"
                                                           : "--own needs a command, whose policy it uses");
        if (r >= 0)
                r = record_check(&o->record, o->why,
                                 o->detach ? "--detach" : o->hand_over ? "--hand-over" : NULL, report);
        if (r >= 0 && o->json && !o->dry_run)
                r = report_error(report, EINVAL, "--json prints a plan, so it needs --dry-run");
        return r < 0 ? r : check_batch(o, line->rest && *line->rest, report);
}

int start_options_apply(void *userdata, Policy *policy, Report *report) {
        const StartOptions *o = userdata;
        int result = 0;

        for (size_t i = 0; i < o->n_overrides; i++) {
                int r = policy_assign_argument(policy, o->overrides[i].option, o->overrides[i].assignment, report);

                if (r < 0)
                        result = r;
        }
        return result >= 0 && o->detach ? detach_redirect(policy, report) : result;
}

static bool is_overridden(const StartOptions *o, const char *beginning) {
        for (size_t i = 0; i < o->n_overrides; i++)
                if (startswith(o->overrides[i].assignment, beginning))
                        return true;
        return false;
}

/* With another root, the command is another file than on the host. */
bool start_options_takes_program(const StartOptions *o) {
        return !o->policy && (o->own || !is_overridden(o, "RootDirectory=")) && !is_overridden(o, "Program=ignore");
}

void start_options_deinit(StartOptions *o) {
        for (size_t i = 0; i < o->n_overrides; i++)
                free(o->overrides[i].assignment);
        free(o->overrides);
        for (size_t i = 0; i < o->n_bindings; i++)
                free(o->bindings[i]);
        free(o->bindings);
}
