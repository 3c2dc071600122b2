/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun: runs a command in a sandbox that is a unit of systemd. */
#include <errno.h>
#ifdef ISORUN_STATIC
#include <nss.h>
#endif
#include <signal.h>
#include <stdio.h>

#include "cmd/batch/main.h"
#include "cmd/command-line.h"
#include "cmd/program.h"
#include "cmd/show/plan.h"
#include "cmd/start/detach.h"
#include "cmd/start/permissive.h"
#include "cmd/start/program-policy.h"
#include "cmd/start/record.h"
#include "cmd/start/start-options.h"
#include "cmd/start/start.h"
#include "lib/load.h"
#include "lib/rehearse.h"
#include "lib/start.h"
#include "lib/surroundings.h"
#include "plan/request.h"
#include "plan/unit/name.h"
#include "sandbox/limits/grace.h"
#include "sandbox/systemd/bus.h"
#include "util/clock.h"
#include "util/process.h"

static StartOptions arg = { .manager = MANAGER_AUTO };
static int arg_detached; /* in the service: the socket of the isorun --detach that waits */

static int help(Report *report) {
        keep_output_error();
        printf("isorun [OPTIONS] [--] COMMAND [ARGUMENT...]\n"
               "\n"
               "Runs COMMAND in a sandbox that is a systemd unit.\n"
               "\n");
        options_print(isorun_syntax.options, stdout);
        printf("\n"
               "The exit status is that of COMMAND, or 128+N if signal N ended it. It is 125 if isorun failed\n"
               "before it started COMMAND, 126 if COMMAND cannot be executed, and 127 if it was not found.\n"
               "isorun(1) has details; isorun.policy(5) describes policies.\n");
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

/* Begins what takes long and only a scope needs, while the plan is made. A rehearsal makes a process. */
static void begin_ahead(Loaded *l, const PlanRequest *request) {
        PlanRequest named = *request;
        PlanUnit unit;

        named.name = l->name;
        if (arg.dry_run || rehearse_is_needed(&l->rehearsal) || plan_unit(&l->host, &named, &unit) < 0)
                return;
        free(unit.name);
        if (unit.holder != HOLDER_SCOPE || policy_get(l->policy, D_Pool))
                return;
        bus_library_begin();
        if (!arg.detach)
                grace_begin(&l->host);
}

/* Reads the policy of a start, without that of the program which narrows it. */
static int load_policy(Loaded *l, const ProgramPolicy *program, PlanRequest *request, Report *report) {
        const char *spec = arg.policy ?: program->spec;
        int r, q;

        r = program_policy_load(l, program, spec, arg.name, request->arguments, report);
        if (r < 0 && !l->policy)
                return r;
        q = arg.record.permissive ? permissive_apply(l->policy, report) : 0;
        if (q >= 0)
                q = start_options_apply(&arg, l->policy, report);
        if (q >= 0 && arg.record.permissive)
                q = permissive_check(l->policy, report);
        request->policy = program->administrator ?: spec ?: "default";
        return r < 0 ? r : q;
}

/* Reads the effective policy. A policy with the command's name is the administrator's for it only if the command
 * carries a policy, or if it says Program=ignore. Returns 0 or -errno, reported. */
static int choose_policy(Loaded *l, ProgramPolicy *program, PlanRequest *request, Report *report) {
        const char *command = request->arguments ? request->arguments[0] : NULL;
        const ProgramUse use = arg.own ? PROGRAM_USE_OWN : PROGRAM_USE_INSTALLED;
        const EffectiveOverrides overrides = { start_options_apply, &arg };
        int r = 0;

        if (command && start_options_takes_program(&arg))
                r = program_policy_find(&l->rehearsal, command, use, program, report);
        if (r >= 0)
                r = load_policy(l, program, request, report);
        if (r >= 0 && (arg.policy || program->administrator))
                r = program_policy_narrow(l, command, use, &overrides, program, report);
        if (r < 0 || !program->administrator || program->spec || effective_ignores_program(l->policy))
                return r;
        if (arg.own)
                return report_error(report, ENODATA, "--own: %s carries no policy", command);
        program_policy_deinit(program);
        loaded_deinit(l);
        return load_policy(l, program, request, report);
}

static int show_plan(const Plan *plan, Policy *policy, Report *report) {
        if (surroundings_add(policy, plan, report) < 0)
                return PLAN_FAILED;
        return print_plan(plan, policy, arg.json, arg.verbose ? FORM_WHOLE : FORM_SUMMARY, report);
}

/* Returns 0, or the exit status for a failure, which is reported. */
static int make_plan(Loaded *l, ProgramPolicy *program, PlanRequest *request, Plan **ret, Report *report) {
        int status;

        if (arg.record.file && !arg.dry_run && (request->record = record_begin(&arg.record, report)) < 0)
                return PLAN_FAILED;
        if (choose_policy(l, program, request, report) < 0)
                return PLAN_FAILED;
        request->program_device = program->device;
        request->program_inode = program->inode;
        report_own_step(report, "the policy is read");
        begin_ahead(l, request);
        status = loaded_plan(l, arg.bindings, arg.n_bindings, request, ret, report);
        return !status && arg.record.permissive && permissive_check_plan(*ret, report) < 0 ? PLAN_FAILED : status;
}

static bool is_notified_by(const char *notifier) {
        return arg.notify && streq(arg.notify, notifier);
}

/* The whole command line, and the command with its arguments, or NULL. */
typedef struct Words {
        int argc;
        char **argv, **command;
        Rehearsal rehearsal;
} Words;

/* Ends with all memory in use. To free it first, isorun would touch most pages of its heap again, and the kernel would
 * copy each of them before, because the process inside has them, too. */
_Noreturn static void leave(int status) {
        detach_end(arg_detached, status);
        exit(status);
}

/* A StartTry. userdata is Words. Returns only if it has started nothing, or for another try. */
static int run_once(void *userdata, bool last_try, Report *report) {
        const Words *words = userdata;
        _cleanup_(loaded_deinit) Loaded loaded = { .rehearsal = words->rehearsal };
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .arguments = words->command, .need_command = true, .typed = true,
                                .no_scope = arg.no_scope, .need_terminal = arg.pty,
                                .manager = (ManagerChoice) arg.manager,
                                .notify_exec = is_notified_by("exec"), .notify_fork = is_notified_by("fork"),
                                .hand_over = arg.hand_over, .watch = arg.why, .detached = arg_detached,
                                .read_image = !arg.dry_run, .only_plan = arg.dry_run };
        int status = make_plan(&loaded, &program, &request, &plan, report);

        if (status)
                return arg.dry_run ? status : start_refused(&loaded, &request, status, report);
        if (arg.dry_run) {
                keep_output_error();
                leave(show_plan(plan, loaded.policy, report));
        }

        report_own_step(report, "the plan is made");
        if (arg.detach && !arg_detached)
                return detach_start(plan, words->argc, words->argv, report);
        if (!plan->watched && !plan->log_denials)
                plan_forget_rules(plan);
        status = arg.record.file ? record_start(plan, &arg.record, last_try, report)
                                 : start_plan(plan, last_try, report);
        if (status != -EEXIST)
                leave(status);
        return status;
}

/* ISORUN_LOG=debug is for an isorun whose command line the user cannot change. */
static bool wants_steps(void) {
        const char *log = getenv("ISORUN_LOG");

        return (arg.verbose && !arg.dry_run) || (log && streq(log, "debug"));
}

static int version(Report *report) {
        puts("isorun " ISORUN_VERSION);
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

/* A Look. --root and --here look up their paths. */
static void look_at_options(void *userdata, Report *silent) {
        (void) start_options_take(&arg, userdata, silent);
}

/* Call this before the first use of getpwnam(3) and such. In a program that is linked statically, they then read only
 * /etc/passwd and /etc/group, because the other sources of nsswitch.conf(5) are libraries. */
static void limit_names(void) {
#ifdef ISORUN_STATIC
        (void) __nss_configure_lookup("passwd", "files");
        (void) __nss_configure_lookup("group", "files");
        (void) __nss_configure_lookup("initgroups", "files");
        (void) __nss_configure_lookup("hosts", "files dns"); /* both are in libc: for the names of peers */
#endif
}

int main(int argc, char *argv[]) {
        Report report = { .sink = print_report, .userdata = &arg.quiet };
        _cleanup_(command_line_deinit) CommandLine line = {};
        Words words = {};
        uint64_t begun = clock_usec(CLOCK_MONOTONIC);
        int status = PLAN_FAILED;

        if (start_allowed(&report) < 0)
                return PLAN_FAILED;
        limit_names();
        arg_detached = detach_begin(&argc, &argv, &report);
        if (arg_detached < 0 || command_line_parse(&line, &isorun_syntax, argc, argv, &report) < 0)
                return PLAN_FAILED;
        if (command_line_has(&line, 'h'))
                return help(&report);
        if (command_line_has(&line, ARG_VERSION))
                return version(&report);
        /* Without --name, each try has another random name, so there is no need to wait before the next. */
        arg.quiet = command_line_has(&line, ARG_QUIET);
        if (rehearse(&words.rehearsal, look_at_options, &line, &report) >= 0 &&
            start_options_take(&arg, &line, &report) >= 0) {
                report.begun = wants_steps() ? begun : 0;
                /* With --detach, the isorun in the service repeats the notices. */
                arg.quiet = arg.quiet || (arg.detach && !arg_detached);
                words.argc = argc;
                words.argv = argv;
                words.command = *line.rest ? line.rest : NULL;
                status = arg.batch ? batch_main(&arg, &report) : start_repeat(run_once, &words, arg.name, &report);
        }
        detach_end(arg_detached, status);
        start_options_deinit(&arg);
        if (arg.batch && (status == 128 + SIGINT || status == 128 + SIGQUIT))
                process_die_of(status - 128);
        return status;
}
