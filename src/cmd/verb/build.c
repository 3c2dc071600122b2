/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl build --root DIR|NAME -- COMMAND...: runs a command in a root directory that it can write to. Later instances
 * use that directory as their root. No other verb or program makes a root writable. */
#include <errno.h>
#include <stdio.h>

#include "cmd/show/form.h"
#include "cmd/show/plan.h"
#include "cmd/start/argument.h"
#include "cmd/start/start.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "lib/rehearse.h"
#include "lib/start.h"
#include "plan/request.h"
#include "util/strv.h"

typedef struct Options {
        char **assignments;     /* pairs: the option, then its assignment */
        char *const *arguments; /* the command */
        const char *name;
        bool dry_run, json;
        PlanForm form;
        Rehearsal rehearsal;
} Options;

static int add(Options *o, const char *option, char *assignment, Report *report) {
        int r = strv_push(&o->assignments, option);

        if (r < 0)
                free(assignment);
        else
                r = strv_consume(&o->assignments, assignment);
        return r < 0 ? report_oom(report) : 0;
}

static int parse(Options *o, const CommandLine *line, Report *report) {
        int r = 0;

        *o = (Options) { .arguments = line->rest, .name = command_line_get(line, ARG_NAME),
                         .dry_run = command_line_has(line, ARG_DRY_RUN), .json = command_line_has(line, ARG_JSON),
                         .form = form_of(line) };
        for (size_t i = 0; r >= 0 && i < line->n_options; i++) {
                const char *argument = line->options[i].argument;

                switch (line->options[i].value) {
                case ARG_ROOT:
                        r = add(o, "--root", argument_root(argument), report);
                        break;
                case 'p':
                        r = add(o, "-p", argument_assignment(argument), report);
                        break;
                case 'v':
                        r = add(o, "--volume", argument_volume(argument), report);
                        break;
                }
        }
        return r;
}

/* The differences from the default policy. A build needs the network, and the rights to install packages. Set-user-id
 * programs and passwords in the tree belong to the tree, so they are allowed. */
static int assign_defaults(const Loaded *l, Report *report) {
        static const char *const table[][2] = {
                { "PrivateNetwork", "no" },
                { "RestrictAddressFamilies", "" },
                { "InaccessiblePaths", "" },
                { "ProtectHome", "no" },
                { "RestrictSUIDSGID", "no" },
                { "SystemCallFilter", "chroot" },
                { "CapabilityBoundingSet", "" },
                { "CapabilityBoundingSet", "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID "
                                           "CAP_SETUID CAP_SYS_CHROOT" },
        };
        const Origin origin = { .file = "isoctl build" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(table); i++)
                r = policy_assign(l->policy, origin, NULL, table[i][0], table[i][1], report);
        /* File capabilities that root sets are also valid on the host, so only users get CAP_SETFCAP. */
        if (r >= 0 && l->host.uid != 0)
                r = policy_assign(l->policy, origin, NULL, "CapabilityBoundingSet", "CAP_SETFCAP", report);
        return r;
}

static int assign(const Loaded *l, const Options *o, Report *report) {
        int r = assign_defaults(l, report);

        for (char **a = o->assignments; a && *a; a += 2) {
                int q = policy_assign_argument(l->policy, a[0], a[1], report);

                r = q < 0 ? q : r;
        }
        return r;
}

/* A StartTry. */
static int build_once(void *userdata, bool last_try, Report *report) {
        const Options *o = userdata;
        _cleanup_(loaded_deinit) Loaded loaded = { .rehearsal = o->rehearsal };
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = "default", .arguments = o->arguments, .need_command = true,
                                .typed = true, .writable_root = true, .read_image = true, .only_plan = o->dry_run };
        int status = PLAN_FAILED;

        if (loaded_init(&loaded, NULL, o->name, o->arguments, report) >= 0 && assign(&loaded, o, report) >= 0)
                status = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        if (status)
                return o->dry_run ? status : start_refused(&loaded, &request, status, report);
        report_notice(report, "the command can write to the tree %s", plan->mounts[0].source.path);
        return o->dry_run ? print_plan(plan, loaded.policy, o->json, o->form, report)
                          : start_plan(plan, last_try, report);
}

/* A Look. */
static void look_at_options(void *userdata, Report *silent) {
        Options o;

        (void) parse(&o, userdata, silent);
}

static int run(const CommandLine *line, Report *report) {
        Rehearsal rehearsal = {};
        int status = PLAN_FAILED;
        Options o = {};

        if (start_allowed(report) >= 0 && rehearse(&rehearsal, look_at_options, (void *) line, report) >= 0 &&
            parse(&o, line, report) >= 0) {
                o.rehearsal = rehearsal;
                status = start_repeat(build_once, &o, o.name, report);
        }
        strv_free(o.assignments);
        return status;
}

static const Option options[] = {
        { ARG_ROOT, "root", "the tree, or its name in a table of volumes", { "DIR|NAME", ARGUMENT_DIRECTORY },
          .required = true },
        { 'p', "property", "add a line at the end of the policy", { "KEY=VALUE", ARGUMENT_ASSIGNMENT } },
        { 'v', "volume", "show a host path inside", { "SRC:DEST[:ro|rw]", ARGUMENT_FILE } },
        { ARG_NAME, "name", "the instance's name (the unit is isorun-NAME.scope)", { "NAME" } },
        { ARG_DRY_RUN, "dry-run", "print a summary of the plan; change nothing" },
        FORM_OPTIONS,
        { ARG_JSON, "json", "with --dry-run: print the plan as JSON" },
        {},
};
static const Argument arguments[] = { { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_REPEATED | ARGUMENT_DASHES }, {} };

const Verb verb_build = {
        .name = "build",
        .help = "run a command that can write to its root",
        .details = "Runs COMMAND in a sandbox whose root is the tree in DIR. COMMAND can write to the tree, and sees\n"
                   "no other files of the host. It has the host's network, unless you add -p PrivateNetwork=yes.\n"
                   "\n"
                   "COMMAND runs as root. If you are not root, it is root only in the tree, and your subordinate ids\n"
                   "(/etc/subuid) become the ids of the tree's other users. Without subordinate ids, the tree has no\n"
                   "other users. COMMAND resolves host names with the tree's /etc/resolv.conf.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
