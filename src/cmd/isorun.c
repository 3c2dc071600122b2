/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun: runs a command in a sandbox that is a unit of systemd. */
#include <errno.h>
#ifdef ISORUN_STATIC
#include <nss.h>
#endif
#include <sched.h>
#include <signal.h>
#include <stdio.h>

#include "cmd/batch/batch.h"
#include "cmd/command-line.h"
#include "cmd/program.h"
#include "cmd/show/plan.h"
#include "cmd/start/argument.h"
#include "cmd/start/detach.h"
#include "cmd/start/here.h"
#include "cmd/start/program-policy.h"
#include "cmd/start/record.h"
#include "cmd/start/start.h"
#include "lib/load.h"
#include "lib/rehearse.h"
#include "lib/start.h"
#include "lib/surroundings.h"
#include "plan/request.h"
#include "plan/unit/name.h"
#include "sandbox/limits/grace.h"
#include "sandbox/systemd/bus.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/library.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

/* A policy line from the command line. They are applied in their order. */
typedef struct Override {
        const char *option;
        char *assignment; /* "KEY=VALUE" */
} Override;

static const char *arg_policy;
static int arg_own;
static const char *arg_name;
static int arg_manager = MANAGER_AUTO;
static int arg_no_scope;
static int arg_hand_over;
static const char *arg_notify;
static int arg_pty;
static int arg_batch;
static int arg_why;
static RecordOptions arg_record;
static unsigned arg_jobs;
static int arg_dry_run;
static int arg_detach;
static int arg_detached; /* in the service: the socket of the isorun --detach that waits */
static int arg_json;
static int arg_quiet;
static int arg_verbose;
static Override *arg_overrides;
static size_t arg_n_overrides;
static char **arg_bindings; /* NAME=SOURCE */
static size_t arg_n_bindings;

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

static int add_override(const char *option, char *assignment, Report *report) {
        Override *o = assignment ? ARRAY_APPEND(arg_overrides, arg_n_overrides) : NULL;

        if (!o) {
                free(assignment);
                return report_oom(report);
        }
        *o = (Override) { .option = option, .assignment = assignment };
        return 0;
}

static int add_binding(const char *argument, Report *report) {
        char **slot = ARRAY_APPEND(arg_bindings, arg_n_bindings);

        if (!slot)
                return report_oom(report);
        *slot = argument_bind(argument);
        return *slot ? 0 : report_oom(report);
}

/* --here. A home directory has keys and configurations that most commands have no need of, so it, and what is above it,
 * must be named with -v. */
static int add_here(const char *options, Report *report) {
        _cleanup_free_ char *here = realpath(".", NULL);
        const char *reason;

        if (!here)
                return report_error(report, errno, "--here: cannot use the working directory: %s", strerror(errno));
        reason = too_much_to_show(here);
        if (reason)
                return report_error(report, EINVAL, "--here: %s %s; change to a directory of the work, or use -v",
                                    here, reason);
        return add_override("--here", argument_here(options), report);
}

/* A word without a slash is the name of a volume, which needs a destination. A new user means a directory. */
static int add_volume(const char *volume, Report *report) {
        const char *name = volume + (*volume == '?'), *colon = strchr(name, ':');
        _cleanup_free_ char *source = colon ? strndup(name, (size_t) (colon - name)) : strdup(name);

        if (source && volume_name_is_valid(source) && (!colon || !strchr("/.~", colon[1])) && access(source, F_OK) == 0)
                return report_error(report, EINVAL,
                                    "-v %s: %s would be the name of a volume; for the path here, type -v ./%s", volume,
                                    source, name);
        return add_override("--volume", argument_volume(volume), report);
}

static int set_jobs(const char *argument, Report *report) {
        enum { JOBS_MAX = 1024 };
        uint64_t n;

        if (parse_u64_range(argument, 1, JOBS_MAX, &n) < 0)
                return report_error(report, EINVAL, "--jobs: %s is not a number from 1 to %d", argument, JOBS_MAX);
        arg_jobs = (unsigned) n;
        return 0;
}

/* The options that only set a variable. */
static void take_flag(int option) {
        const struct {
                int option, value, *variable;
        } table[] = {
                { ARG_USER, MANAGER_USER, &arg_manager }, { ARG_SYSTEM, MANAGER_SYSTEM, &arg_manager },
                { ARG_NO_SCOPE, true, &arg_no_scope },    { ARG_DRY_RUN, true, &arg_dry_run },
                { ARG_JSON, true, &arg_json },            { ARG_QUIET, true, &arg_quiet },
                { ARG_HAND_OVER, true, &arg_hand_over },  { 'd', true, &arg_detach },
                { ARG_VERBOSE, true, &arg_verbose },      { ARG_OWN, true, &arg_own },
                { ARG_BATCH, true, &arg_batch },          { ARG_WHY, true, &arg_why },
                { ARG_TIGHTEN, true, &arg_record.tighten },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].option == option)
                        *table[i].variable = table[i].value;
}

static int take_option(const GivenOption *option, Report *report) {
        const char *argument = option->argument;

        switch (option->value) {
        case ARG_POLICY:
                arg_policy = argument;
                return 0;
        case ARG_RECORD:
                arg_record.file = argument;
                return 0;
        case 'p':
                return add_override("-p", argument_assignment(argument), report);
        case 'v':
                return add_volume(argument, report);
        case ARG_HERE:
                return add_here(argument, report);
        case 'C':
                return add_override("-C", argument_directory(argument), report);
        case 'E':
                if (!strchr(argument, '=') && !getenv(argument))
                        report_notice(report, "-E: %s is not set, so the program does not get it (-E %s=VALUE sets it)",
                                      argument, argument);
                return add_override("-E", argument_variable(argument), report);
        case ARG_NET:
                return add_override("--net", strdup("PrivateNetwork=no"), report);
        case ARG_NO_NET:
                return add_override("--no-net", strdup("PrivateNetwork=yes"), report);
        case 'c':
                return add_override("--connect", format("ConnectTo=%s", argument), report);
        case ARG_TIMEOUT:
                return add_override("--timeout", format("RuntimeMaxSec=%s", argument), report);
        case ARG_POOL:
                return add_override("--pool", format("Pool=%s", argument), report);
        case ARG_BIND:
                return add_binding(argument, report);
        case ARG_ROOT:
                return add_override("--root", argument_root(argument), report);
        case 'j':
                return set_jobs(argument, report);
        case ARG_NAME:
                arg_name = argument;
                return 0;
        case ARG_NOTIFY:
                arg_notify = argument;
                return 0;
        case ARG_PTY:
                arg_pty = true;
                return add_override("--pty", strdup("Terminal=private"), report);
        default:
                take_flag(option->value);
                return 0;
        }
}

static int check_batch(bool has_command, Report *report) {
        const struct {
                bool given;
                const char *option;
        } others[] = {
                { arg_detach, "--detach" },   { arg_hand_over, "--hand-over" }, { arg_pty, "--pty" },
                { arg_notify, "--notify" },   { arg_why, "--why" },             { arg_record.file, "--record" },
                { arg_dry_run, "--dry-run" },     { arg_verbose, "--verbose" },
                { has_command, "a command" },
        };

        if (!arg_batch)
                return arg_jobs ? report_error(report, EINVAL, "--jobs needs --batch") : 0;
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (others[i].given)
                        return report_error(report, EINVAL, "--batch cannot be combined with %s", others[i].option);
        return 0;
}

static int take_options(const CommandLine *line, Report *report) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < line->n_options; i++)
                r = take_option(&line->options[i], report);
        if (r >= 0 && arg_detach && (arg_hand_over || arg_pty))
                r = report_error(report, EINVAL, "--detach cannot be combined with %s",
                                 arg_pty ? "--pty" : "--hand-over");
        if (r >= 0 && arg_own && (arg_policy || !*line->rest))
                r = report_error(report, EINVAL, arg_policy ? "--own cannot be combined with --policy"
                                                            : "--own needs a command, whose policy it uses");
        if (r >= 0)
                r = record_check(&arg_record, arg_why,
                                 arg_detach ? "--detach" : arg_hand_over ? "--hand-over" : NULL, report);
        if (r >= 0 && arg_json && !arg_dry_run)
                r = report_error(report, EINVAL, "--json prints a plan, so it needs --dry-run");
        return r < 0 ? r : check_batch(line->rest && *line->rest, report);
}

static int apply_overrides(Policy *policy, Report *report) {
        int result = 0;

        for (size_t i = 0; i < arg_n_overrides; i++) {
                int r = policy_assign_argument(policy, arg_overrides[i].option, arg_overrides[i].assignment, report);

                if (r < 0)
                        result = r;
        }
        return result;
}

/* An EffectiveOverrides. */
static int apply_command_line(Policy *policy, Report *report) {
        int r = apply_overrides(policy, report);

        return r >= 0 && arg_detach ? detach_redirect(policy, report) : r;
}

/* Begins what takes long and only a scope needs, while the plan is made. A rehearsal makes a process. */
static void begin_ahead(Loaded *l, const PlanRequest *request) {
        PlanRequest named = *request;
        PlanUnit unit;

        named.name = l->name;
        if (arg_dry_run || rehearse_is_needed(&l->rehearsal) || plan_unit(&l->host, &named, &unit) < 0)
                return;
        free(unit.name);
        if (unit.holder != HOLDER_SCOPE || policy_get(l->policy, D_Pool))
                return;
        bus_library_begin();
        if (!arg_detach)
                grace_begin(&l->host);
}

static bool is_overridden(const char *beginning) {
        for (size_t i = 0; i < arg_n_overrides; i++)
                if (startswith(arg_overrides[i].assignment, beginning))
                        return true;
        return false;
}

/* With another root, the command is another file than on the host. */
static bool asks_program(void) {
        return !arg_policy && (arg_own || !is_overridden("RootDirectory=")) && !is_overridden("Program=ignore");
}

/* Reads the policy of a start, without that of the program which narrows it. */
static int load_policy(Loaded *l, const ProgramPolicy *program, PlanRequest *request, Report *report) {
        const char *spec = arg_policy ?: program->spec;
        int r, q;

        r = program_policy_load(l, program, spec, arg_name, request->arguments, report);
        if (r < 0 && !l->policy)
                return r;
        q = apply_command_line(l->policy, report);
        request->policy = program->administrator ?: spec ?: "default";
        return r < 0 ? r : q;
}

/* Reads the effective policy. A policy with the command's name is the administrator's for it only if the command
 * carries a policy, or if it says Program=ignore. Returns 0 or -errno, reported. */
static int choose_policy(Loaded *l, ProgramPolicy *program, PlanRequest *request, Report *report) {
        const char *command = request->arguments ? request->arguments[0] : NULL;
        const ProgramUse use = arg_own ? PROGRAM_USE_OWN : PROGRAM_USE_INSTALLED;
        int r = 0;

        if (command && asks_program())
                r = program_policy_find(&l->rehearsal, command, use, program, report);
        if (r >= 0)
                r = load_policy(l, program, request, report);
        if (r >= 0 && (arg_policy || program->administrator))
                r = program_policy_narrow(l, command, use, apply_command_line, program, report);
        if (r < 0 || !program->administrator || program->spec || effective_ignores_program(l->policy))
                return r;
        if (arg_own)
                return report_error(report, ENODATA, "--own: %s carries no policy", command);
        program_policy_deinit(program);
        loaded_deinit(l);
        return load_policy(l, program, request, report);
}

static int show_plan(const Plan *plan, Policy *policy, Report *report) {
        if (surroundings_add(policy, plan, report) < 0)
                return PLAN_FAILED;
        return print_plan(plan, policy, arg_json, arg_verbose ? FORM_WHOLE : FORM_SUMMARY, report);
}

/* Returns 0, or the exit status for a failure, which is reported. */
static int make_plan(Loaded *l, ProgramPolicy *program, PlanRequest *request, Plan **ret, Report *report) {
        if (arg_record.file && !arg_dry_run && (request->record = record_begin(&arg_record, report)) < 0)
                return PLAN_FAILED;
        if (choose_policy(l, program, request, report) < 0)
                return PLAN_FAILED;
        request->program_device = program->device;
        request->program_inode = program->inode;
        report_own_step(report, "the policy is read");
        begin_ahead(l, request);
        return loaded_plan(l, arg_bindings, arg_n_bindings, request, ret, report);
}

static bool is_notified_by(const char *notifier) {
        return arg_notify && streq(arg_notify, notifier);
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
                                .no_scope = arg_no_scope, .need_terminal = arg_pty,
                                .manager = (ManagerChoice) arg_manager,
                                .notify_exec = is_notified_by("exec"), .notify_fork = is_notified_by("fork"),
                                .hand_over = arg_hand_over, .watch = arg_why, .detached = arg_detached,
                                .read_image = !arg_dry_run, .only_plan = arg_dry_run };
        int status = make_plan(&loaded, &program, &request, &plan, report);

        if (status)
                return arg_dry_run ? status : start_refused(&loaded, &request, status, report);
        if (arg_dry_run) {
                keep_output_error();
                leave(show_plan(plan, loaded.policy, report));
        }

        report_own_step(report, "the plan is made");
        if (arg_detach && !arg_detached)
                return detach_start(plan, words->argc, words->argv, report);
        if (!plan->watched && !plan->log_denials)
                plan_forget_rules(plan);
        status = arg_record.file ? record_start(plan, &arg_record, last_try, report)
                                 : start_plan(plan, last_try, report);
        if (status != -EEXIST)
                leave(status);
        return status;
}

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

/* Where each instance would be a scope, all are in one pool, so that none needs a request to systemd. */
static int add_pool(const Loaded *l, const PlanRequest *request, const char *base, Report *report) {
        _cleanup_free_ char *assignment = format("Pool=%s", base);
        PlanRequest named = *request;
        PlanUnit unit;

        named.name = l->name;
        if (policy_get(l->policy, D_Pool))
                return 0;
        if (!assignment || plan_unit(&l->host, &named, &unit) < 0)
                return report_oom(report);
        free(unit.name);
        for (char *c = assignment; *c; c++)
                if (*c == ':') /* no pool has it in its name */
                        *c = '_';
        return unit.holder == HOLDER_SCOPE ? policy_assign_argument(l->policy, "--batch", assignment, report) : 0;
}

/* All lines have the same policy, so a program cannot bring another one. */
static int check_program(Loaded *l, const Job *job, Report *report) {
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        int r = 0;

        if (asks_program())
                r = program_policy_find(&l->rehearsal, job->argv[0], PROGRAM_USE_INSTALLED, &program, report);
        if (r < 0 || !(program.spec || program.administrator))
                return r;
        return report_error(report, EINVAL,
                            "%s carries its own policy, but all lines of a batch have one policy: --policy %s uses it "
                            "for them", job->argv[0], program.administrator ?: program.spec);
}

/* The lines have one policy, but each program's own can narrow it. */
static int narrow_job(Loaded *l, const Job *job, PlanRequest *request, Report *report) {
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        int r = program_policy_narrow(l, job->argv[0], PROGRAM_USE_NARROW, apply_overrides, &program, report);

        request->program_device = program.device;
        request->program_inode = program.inode;
        return r;
}

/* A BatchPlanner. userdata is the base of the names, or NULL. */
static int plan_job(void *userdata, const Job *job, const char *name, Loaded *l, Plan **ret, Report *report) {
        PlanRequest request = { .policy = arg_policy ?: "default", .arguments = job ? (char *const *) job->argv : NULL,
                                .need_command = job, .typed = true, .read_image = job,
                                .no_scope = arg_no_scope, .measured = true,
                                .manager = (ManagerChoice) arg_manager };
        int r = job ? check_program(l, job, report) : 0;

        if (r >= 0)
                r = loaded_init(l, arg_policy, name, request.arguments, report);
        if (r >= 0)
                r = apply_overrides(l->policy, report);
        if (r >= 0 && job && arg_policy)
                r = narrow_job(l, job, &request, report);
        if (r >= 0 && job)
                r = add_job(l->policy, job, report);
        if (r >= 0)
                r = add_pool(l, &request, userdata ?: l->name, report);
        return r < 0 ? PLAN_FAILED : loaded_plan(l, arg_bindings, arg_n_bindings, &request, ret, report);
}

/* A Report's sink. userdata is the notices so far. */
static void keep_notice(void *userdata, Severity severity, const char *line) {
        if (severity == SEVERITY_NOTICE)
                (void) strv_push(userdata, line);
        print_report(&arg_quiet, severity, line);
}

/* Makes a plan without a command, so that mistakes in the policy are reported once. Returns 0 or an exit status. */
static int check_batch_plan(char **ret_base, char ***ret_notices) {
        Report report = { .sink = keep_notice, .userdata = ret_notices };
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        int status = plan_job(NULL, NULL, arg_name, &loaded, &plan, &report);

        if (status)
                return status;
        *ret_base = strdup(loaded.name);
        return *ret_base ? 0 : (report_oom(&report), PLAN_FAILED);
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

static int run_batch(Report *report) {
        _cleanup_free_ char *base = NULL;
        BatchRequest request = { .jobs = arg_jobs ?: count_processors(), .quiet = arg_quiet, .plan = plan_job };
        JsonLibrary lib;
        int status;

        if (json_library_load(&lib, "--batch", report) < 0)
                return PLAN_FAILED;
        forget_service();
        status = check_batch_plan(&base, &request.notices);
        request.lib = &lib;
        request.userdata = base;
        request.base = base;
        status = status ?: batch_run(&request, report);
        strv_free(request.notices);
        return status;
}

/* ISORUN_LOG=debug is for an isorun whose command line the user cannot change. */
static bool wants_steps(void) {
        const char *log = getenv("ISORUN_LOG");

        return (arg_verbose && !arg_dry_run) || (log && streq(log, "debug"));
}

static void free_arguments(void) {
        for (size_t i = 0; i < arg_n_overrides; i++)
                free(arg_overrides[i].assignment);
        free(arg_overrides);
        for (size_t i = 0; i < arg_n_bindings; i++)
                free(arg_bindings[i]);
        free(arg_bindings);
}

static int version(Report *report) {
        puts("isorun " ISORUN_VERSION);
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

/* A Look. --root and --here look up their paths. */
static void look_at_options(void *userdata, Report *silent) {
        (void) take_options(userdata, silent);
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
        Report report = { .sink = print_report, .userdata = &arg_quiet };
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
        arg_quiet = command_line_has(&line, ARG_QUIET);
        if (rehearse(&words.rehearsal, look_at_options, &line, &report) >= 0 && take_options(&line, &report) >= 0) {
                report.begun = wants_steps() ? begun : 0;
                /* With --detach, the isorun in the service repeats the notices. */
                arg_quiet = arg_quiet || (arg_detach && !arg_detached);
                words.argc = argc;
                words.argv = argv;
                words.command = *line.rest ? line.rest : NULL;
                status = arg_batch ? run_batch(&report) : start_repeat(run_once, &words, arg_name, &report);
        }
        detach_end(arg_detached, status);
        free_arguments();
        if (arg_batch && (status == 128 + SIGINT || status == 128 + SIGQUIT))
                process_die_of(status - 128);
        return status;
}
