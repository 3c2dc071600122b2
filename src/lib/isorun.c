/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of libisorun, which include/isorun/isorun.h describes. All that they need of a call is in an
 * Isolation. */
#include <arpa/inet.h>
#include <errno.h>
#include <isorun/isorun.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/effective.h"
#include "lib/measure.h"
#include "lib/self.h"
#include "lib/start.h"
#include "plan/deny/stage.h"
#include "plan/request.h"
#include "sandbox/deny/narrow.h"
#include "sandbox/outside/around.h"
#include "sandbox/wire/signals.h"
#include "util/library.h"
#include "util/process.h"
#include "util/strv.h"

enum { PROCESS_NAME_MAX = 16 }; /* PR_GET_NAME */

typedef struct Isolation {
        isorun_log_fn log;
        void *userdata;
        char *const *arguments;
        const char *script; /* as the caller named it; NULL: the program is this process's own file */
        unsigned flags;
        const char *stage; /* of isorun_restrict() */
        Self self;
        Notes notes;
        Loaded loaded; /* for the next try; without a policy: not yet read */
        bool service; /* this process is the main process of a service */
        Outcome outcome;
        bool may_execute; /* this process may become the installed isorun */
} Isolation;

/* A ReportSink. */
static void pass_on(void *userdata, Severity severity, const char *line) {
        static const int priorities[] = { [SEVERITY_NOTICE] = LOG_NOTICE, [SEVERITY_ERROR] = LOG_ERR,
                                          [SEVERITY_TOLD] = LOG_NOTICE, [SEVERITY_STEP] = LOG_DEBUG };
        const Isolation *i = userdata;

        if (i->log)
                i->log(i->userdata, priorities[severity], line);
}

/* Finds the program's file and its policy. Returns 0 or -errno, reported. */
static int find(Isolation *i, Report *report) {
        int r;

        r = i->script ? self_open_script(i->script, &i->self, report) : self_open(&i->self, report);
        if (r >= 0)
                r = notes_read(i->self.fd, i->self.path, &i->notes, report);
        if (r != -ENODATA)
                return r;
        return report_error(report, ENODATA, "%s carries no policy (%s)", i->self.path,
                            i->script ? "comments with isorun: at its beginning put one in"
                                      : "ISORUN_POLICY() of isorun/policy.h puts one in");
}

/* Finds the program's policy, and whether this process is isolated by it. Returns 1 or 0, with the reason in missing,
 * or -errno, reported. */
static int measure_self(Isolation *i, Loaded *loaded, char missing[static MISSING_MAX], Report *report) {
        int r = self_check(report);

        if (r >= 0)
                r = find(i, report);
        if (r < 0)
                return r;
        if (!measure_is_worthwhile()) {
                snprintf(missing, MISSING_MAX, "no_new_privs is not set, or no system call filter is loaded");
                return 0;
        }
        r = effective_init(loaded, &i->notes, i->self.path, report);
        if (r >= 0)
                r = policy_complete(loaded->policy, report);
        return r < 0 ? r : measure(loaded->policy, &loaded->host, missing, report);
}

/* The first peer whose name has to be looked up outside. A program that cannot load libraries cannot do that. */
static const PlanPeer *find_named_peer(const Plan *plan) {
        for (size_t i = 0; i < plan->n_peers; i++) {
                const PlanPeer *p = &plan->peers[i];
                struct in6_addr address;

                if (!p->is_socket && inet_pton(AF_INET, p->target, &address) != 1 &&
                    inet_pton(AF_INET6, p->target, &address) != 1)
                        return p;
        }
        return NULL;
}

static int check_peers(const Plan *plan, Report *report) {
        const PlanPeer *p = library_can_load() ? NULL : find_named_peer(plan);

        if (!p)
                return 0;
        return report_error_at(report, p->origin, "ConnectTo", EOPNOTSUPP,
                               "this program is linked statically, so it cannot look up %s: install isorun, which does "
                               "so for it, or write HOST:PORT=ADDRESS:PORT", p->target);
}

/* Whether the policy has lines that only a unit or a cgroup holds. */
static bool has_limits(const Policy *policy) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (directive_table[id].section == SECTION_SCOPE && policy->settings[id].n > 0)
                        return true;
        return policy_get(policy, D_Pool);
}

/* A program that cannot load libsystemd cannot ask for a unit or for the limits of its service. Without limits, it
 * starts without a unit; with limits, in a cgroup that is delegated to it, even as the main process of a service. */
static void choose_holder(Loaded *l, PlanRequest *request) {
        if (library_can_load())
                return;
        l->host.system_manager = l->host.user_manager = false;
        request->no_scope = !has_limits(l->policy);
        if (request->no_scope || request->hand_over)
                return;
        free(l->host.unit);
        l->host.unit = NULL;
}

static int try_loaded(Isolation *i, bool last_try, Report *report) {
        _cleanup_(plan_freep) Plan *plan = NULL;
        Loaded *loaded = &i->loaded;
        PlanRequest request = { .policy = i->self.path, .arguments = i->arguments, .need_command = true,
                                .hand_over = i->flags & ISORUN_HAND_OVER, .read_image = true,
                                .program = i->self.path, .program_fd = i->self.fd };
        int status = PLAN_FAILED;

        if (around_check_filter(report) >= 0 &&
            (loaded->policy || effective_init(loaded, &i->notes, i->self.path, report) >= 0)) {
                choose_holder(loaded, &request);
                status = loaded_plan(loaded, NULL, 0, &request, &plan, report);
        }
        if (status == 0 && check_peers(plan, report) < 0)
                status = PLAN_FAILED;
        if (status)
                return start_refused(loaded, &request, status, report);
        i->service = plan->holder == HOLDER_SERVICE;
        return start_run(plan, last_try, report, &i->outcome);
}

static void unload(Isolation *i) {
        const Rehearsal known = i->loaded.rehearsal;

        loaded_deinit(&i->loaded);
        i->loaded = (Loaded) { .rehearsal = known };
}

/* A StartTry. */
static int try_once(void *userdata, bool last_try, Report *report) {
        int r = try_loaded(userdata, last_try, report);

        unload(userdata);
        return r;
}

/* isoctl takes a process for isorun, or for a reaper, only if it has this name, which no other process can give it:
 * PR_SET_NAME in prctl(2), comm in proc(5). The first process inside inherits it. */
static void take_name(char before[static PROCESS_NAME_MAX]) {
        (void) prctl(PR_GET_NAME, before);
        (void) prctl(PR_SET_NAME, "isorun");
}

/* Returns 0 when the program has run, or -errno, reported. */
static int start(Isolation *i, Report *report) {
        char name[PROCESS_NAME_MAX] = "";
        sigset_t mask, forwarded;

        take_name(name);
        (void) sigprocmask(SIG_BLOCK, NULL, &mask);
        (void) start_repeat(try_once, i, false, report);
        (void) prctl(PR_SET_NAME, name);
        /* If the program has run, these signals were meant for it. */
        signals_forwarded(&forwarded);
        while (i->outcome.progress != PROGRESS_STARTING && sigtimedwait(&forwarded, NULL, &(struct timespec) {}) > 0)
                ;
        (void) sigprocmask(SIG_SETMASK, &mask, NULL);
        if (i->outcome.progress == PROGRESS_ENDED)
                return 0;
        if (i->outcome.progress == PROGRESS_RUNNING)
                return -ECHILD;
        return report->first.error ? -report->first.error : -EIO;
}

/* The installed isorun, if the policy has limits or peers and this program can load no libraries for them. Returns 0 or
 * -errno, reported; *ret is NULL if isorun is not needed or not installed, and constant. */
static int find_installed(Isolation *i, const char **ret, Report *report) {
        static const char *const places[] = { "/usr/local/bin/isorun", "/usr/bin/isorun" };
        const Policy *policy;
        int r;

        *ret = NULL;
        if (library_can_load())
                return 0;
        r = effective_init(&i->loaded, &i->notes, i->self.path, report);
        policy = i->loaded.policy;
        if (r < 0 ||
            !(has_limits(policy) || policy->settings[D_ConnectTo].n > 0 || policy_is_true(policy, D_GrantPeers)))
                return r;
        for (size_t k = 0; k < ELEMENTSOF(places) && !*ret; k++)
                if (access(places[k], X_OK) >= 0)
                        *ret = places[k];
        return 0;
}

/* isorun runs this program under its own policy, and in there, the program finds itself isolated. */
static int use_installed(Isolation *i, const char *isorun, Report *report) {
        _cleanup_strv_free_ char **arguments = NULL;
        int r = strv_push(&arguments, isorun);

        if (r >= 0)
                r = strv_push(&arguments, "--own");
        if (r >= 0 && i->flags & ISORUN_HAND_OVER)
                r = strv_push(&arguments, "--hand-over");
        if (r >= 0)
                r = strv_push(&arguments, "--");
        if (r >= 0)
                r = strv_push(&arguments, i->self.path);
        for (char *const *a = i->arguments + 1; r >= 0 && *a; a++)
                r = strv_push(&arguments, *a);
        if (r < 0)
                return report_oom(report);

        if (i->may_execute) {
                execv(isorun, arguments);
                return report_error(report, errno, "cannot execute %s: %s", isorun, strerror(errno));
        }
        r = process_run(arguments, &i->outcome.wait_status);
        if (r < 0)
                return report_error(report, -r, "cannot execute %s: %s", isorun, strerror(-r));
        i->outcome.progress = PROGRESS_ENDED;
        return 0;
}

/* Whatever the program does with SIGCHLD, the kernel must report how the library's child processes end. Only a process
 * with one thread gets here, so no other thread misses its handler. */
static int start_whatever_sigchld(Isolation *i, const char *isorun, Report *report) {
        const struct sigaction usual = { .sa_handler = SIG_DFL };
        struct sigaction before;
        int r;

        (void) sigaction(SIGCHLD, &usual, &before);
        r = isorun ? use_installed(i, isorun, report) : start(i, report);
        (void) sigaction(SIGCHLD, &before, NULL);
        return r;
}

/* Whether this process may start the program once more: 0, or -errno, reported. */
static int check_start(const Isolation *i, Report *report) {
        int r = self_check_rights(report);

        if (r < 0 || !i->script || access(i->self.path, X_OK) >= 0)
                return r;
        return report_error(report, errno, "the sandbox cannot execute %s: %s (chmod +x makes a script a program)",
                            i->self.path, strerror(errno));
}

/* Finds out whether this process is isolated and, unless only_measure is set, starts an instance if not. */
static int isolate(Isolation *i, bool only_measure, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        char missing[MISSING_MAX] = "";
        const char *isorun = NULL;
        int r;

        r = measure_self(i, &loaded, missing, report);
        if (r == 0 && only_measure)
                report_notice(report, "not isolated: %s", missing);
        if (r != 0 || only_measure)
                return r;
        r = check_start(i, report);
        if (r >= 0)
                r = find_installed(i, &isorun, report);
        if (r >= 0)
                r = start_whatever_sigchld(i, isorun, report);
        if (r < 0 && measure_is_worthwhile())
                report_notice(report,
                              "this process is in another sandbox already, but not in an instance of its policy: %s",
                              missing);
        return r;
}

/* Returns the stage that the caller names, or NULL, reported. */
static const PolicyStage *find_stage(const Isolation *i, const Policy *policy, Report *report) {
        const PolicyStage *stage = policy_find_stage(policy, i->stage);
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *list = NULL;

        for (size_t k = 0; k < policy->n_stages; k++)
                (void) strv_push(&names, policy->stages[k].name);
        list = strv_join(names, ", ");
        if (!stage)
                report_error(report, ENOENT, "the policy of %s has no section [Stage.%s] (it has %s)", i->self.path,
                             i->stage, list && *list ? list : "no stages");
        return stage;
}

static int enter_stage(Isolation *i, Report *report) {
        _cleanup_(stage_plan_deinit) StagePlan plan = {};
        _cleanup_(loaded_deinit) Loaded loaded = {}, own = {};
        char missing[MISSING_MAX] = "";
        const PolicyStage *stage;
        int r;

        r = measure_self(i, &loaded, missing, report);
        if (r == 0)
                r = report_error(report, EPERM, "not isolated, so the stage %s changes nothing: %s", i->stage, missing);
        if (r >= 0) /* the administrator's policy has no stages */
                r = loaded_init_notes(&own, &i->notes, i->self.path, report);
        if (r >= 0)
                r = policy_complete(own.policy, report);
        if (r < 0)
                return r;
        stage = find_stage(i, own.policy, report);
        if (!stage)
                return -ENOENT;
        r = stage_plan_init(&plan, own.policy, stage, &own.host, report);
        return r < 0 ? r : narrow(&plan, report);
}

static int run(Isolation *i, bool only_measure) {
        Report report = { .sink = pass_on, .userdata = i };
        int r;

        r = i->stage ? enter_stage(i, &report) : isolate(i, only_measure, &report);
        unload(i);
        notes_deinit(&i->notes);
        self_deinit(&i->self);
        return r;
}

static int check_arguments(int argc, char *const argv[], unsigned flags) {
        const unsigned known = ISORUN_HAND_OVER | ISORUN_SCRIPT;

        return argc < 1 || !argv || !argv[0] || flags & ~known ? -EINVAL : 0;
}

/* Starts an instance, or finds that this process is in one. */
static int start_or_go_on(Isolation *i, int argc) {
        int r = check_arguments(argc, i->arguments, i->flags);

        if (r < 0)
                return r;
        i->script = i->flags & ISORUN_SCRIPT ? i->arguments[0] : NULL;
        return run(i, false);
}

int isorun_run(int argc, char *const argv[], unsigned flags, isorun_log_fn log, void *userdata, int *ret_status) {
        Isolation i = { .log = log, .userdata = userdata, .arguments = argv, .flags = flags, .self.fd = -1 };
        int r = start_or_go_on(&i, argc);

        if (r == 0)
                *ret_status = i.outcome.wait_status;
        return r;
}

int isorun_isolate(int argc, char *const argv[], unsigned flags, isorun_log_fn log, void *userdata) {
        Isolation i = { .log = log, .userdata = userdata, .arguments = argv, .flags = flags, .self.fd = -1,
                        .may_execute = true };
        int r = start_or_go_on(&i, argc);

        if (r == 0)
                _exit(start_end_as(&i.outcome, i.service));
        return r;
}

int isorun_is_isolated(isorun_log_fn log, void *userdata) {
        Isolation i = { .log = log, .userdata = userdata, .self.fd = -1 };

        return run(&i, true);
}

int isorun_is_script_isolated(const char *script, isorun_log_fn log, void *userdata) {
        Isolation i = { .log = log, .userdata = userdata, .script = script, .self.fd = -1 };

        return script ? run(&i, true) : -EINVAL;
}

int isorun_restrict(const char *stage, isorun_log_fn log, void *userdata) {
        Isolation i = { .log = log, .userdata = userdata, .stage = stage, .self.fd = -1 };

        return stage ? run(&i, false) : -EINVAL;
}

int isorun_restrict_script(const char *script, const char *stage, isorun_log_fn log, void *userdata) {
        Isolation i = { .log = log, .userdata = userdata, .script = script, .stage = stage, .self.fd = -1 };

        return script && stage ? run(&i, false) : -EINVAL;
}

const char *isorun_version(void) {
        return ISORUN_VERSION;
}
