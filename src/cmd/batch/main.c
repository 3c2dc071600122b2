/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/main.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "cmd/batch/batch.h"
#include "cmd/program.h"
#include "cmd/start/argument.h"
#include "cmd/start/program-policy.h"
#include "plan/request.h"
#include "plan/unit/pool.h"
#include "util/strv.h"
#include "util/text.h"

/* Adds what a line of a batch has for its plan alone. */
static int add_job(Policy *policy, const Job *job, Report *report) {
        int r = 0;

        for (const char *const *v = job->volumes; r >= 0 && v && *v; v++) {
                _cleanup_free_ char *assignment = argument_volume(*v);

                r = assignment ? policy_assign_argument(policy, "volumes", assignment, report) : report_oom(report);
        }
        for (char *const *v = job->env; r >= 0 && v && *v; v++) {
                _cleanup_free_ char *assignment = argument_variable(*v);

                r = assignment ? policy_assign_argument(policy, "env", assignment, report) : report_oom(report);
        }
        return r;
}

/* Where each instance would be a scope, or where isorun is in a service with Delegate=yes, all are in one pool, so that
 * none needs a request to systemd. */
static int add_pool(const Loaded *l, const PlanRequest *request, const char *base, Report *report) {
        _cleanup_free_ char *assignment = format("Pool=%s", base);
        int r;

        if (policy_get(l->policy, D_Pool))
                return 0;
        r = assignment ? pool_suits_batch(&l->host, request) : -ENOMEM;
        if (r <= 0)
                return r < 0 ? report_oom(report) : 0;
        for (char *c = assignment; *c; c++)
                if (*c == ':') /* no pool has it in its name */
                        *c = '_';
        return policy_assign_argument(l->policy, "--batch", assignment, report);
}

/* All lines have the same policy, so a program cannot bring another one. */
static int check_program(const StartOptions *o, Loaded *l, const Job *job, Report *report) {
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        int r = 0;

        if (start_options_takes_program(o))
                r = program_policy_find(&l->rehearsal, job->argv[0], PROGRAM_USE_INSTALLED, &program, report);
        if (r < 0 || !(program.spec || program.administrator))
                return r;
        return report_error(report, EINVAL,
                            "%s carries its own policy, but all lines of a batch have one policy: --policy %s uses it "
                            "for them", job->argv[0], program.administrator ?: program.spec);
}

/* The lines have one policy, but each program's own can narrow it. */
static int narrow_job(StartOptions *o, Loaded *l, const Job *job, PlanRequest *request, Report *report) {
        const EffectiveOverrides overrides = { start_options_apply, o };
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        int r = program_policy_narrow(l, job->argv[0], PROGRAM_USE_NARROW, &overrides, &program, report);

        request->program_device = program.device;
        request->program_inode = program.inode;
        return r;
}

/* What the plans of all lines have in common. */
typedef struct Planner {
        StartOptions *options;
        char *base; /* of the instances' names; NULL: not known yet */
} Planner;

/* A BatchPlanner. userdata is a Planner. */
static int plan_job(void *userdata, const Job *job, const char *name, Loaded *l, Plan **ret, Report *report) {
        const Planner *planner = userdata;
        StartOptions *o = planner->options;
        PlanRequest request = { .policy = o->policy ?: "default", .arguments = job ? (char *const *) job->argv : NULL,
                                .need_command = job, .typed = true, .read_image = job,
                                .no_scope = o->no_scope, .measured = true,
                                .manager = (ManagerChoice) o->manager };
        int r = job ? check_program(o, l, job, report) : 0;

        if (r >= 0)
                r = loaded_init(l, o->policy, name, request.arguments, report);
        if (r >= 0)
                r = start_options_apply(o, l->policy, report);
        if (r >= 0 && job && o->policy)
                r = narrow_job(o, l, job, &request, report);
        if (r >= 0 && job)
                r = add_job(l->policy, job, report);
        if (r >= 0)
                r = add_pool(l, &request, planner->base ?: l->name, report);
        return r < 0 ? PLAN_FAILED : loaded_plan(l, o->bindings, o->n_bindings, &request, ret, report);
}

/* The notices of the first plan, which are printed once for all lines. */
typedef struct Notices {
        char **lines;
        int *quiet;
} Notices;

/* A Report's sink. userdata is Notices. */
static void keep_notice(void *userdata, Severity severity, const char *line) {
        Notices *n = userdata;

        if (severity == SEVERITY_NOTICE)
                (void) strv_push(&n->lines, line);
        print_report(n->quiet, severity, line);
}

/* Makes a plan without a command, so that mistakes in the policy are reported once, and chooses the base of the names.
 * Returns 0 or an exit status. */
static int check_plan(Planner *p, Notices *notices) {
        Report report = { .sink = keep_notice, .userdata = notices };
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        int status = plan_job(p, NULL, p->options->name, &loaded, &plan, &report);

        if (status)
                return status;
        p->base = strdup(loaded.name);
        return p->base ? 0 : (report_oom(&report), PLAN_FAILED);
}

/* The instances are not the service that isorun may be the main process of. */
static void forget_service(void) {
        static const char *const names[] = { "SYSTEMD_EXEC_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
                                             "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) unsetenv(names[i]);
}

static unsigned count_processors(void) {
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (unsigned) CPU_COUNT(&set);
}

int batch_main(StartOptions *o, Report *report) {
        Planner planner = { .options = o };
        Notices notices = { .quiet = &o->quiet };
        BatchRequest request = { .jobs = o->jobs ?: count_processors(), .quiet = o->quiet, .plan = plan_job,
                                 .userdata = &planner };
        JsonLibrary lib;
        int status;

        if (json_library_load(&lib, "--batch", report) < 0)
                return PLAN_FAILED;
        forget_service();
        status = check_plan(&planner, &notices);
        request.lib = &lib;
        request.base = planner.base;
        request.notices = notices.lines;
        status = status ?: batch_run(&request, report);
        strv_free(request.notices); /* more have come since */
        free(planner.base);
        return status;
}
