/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl kill [-s SIGNAL] [--kill-whom=all|main] NAME... */
#include <errno.h>
#include <signal.h>

#include "cmd/instance/managed.h"
#include "cmd/instance/pooled.h"
#include "cmd/verb/verb.h"
#include "util/parse.h"

typedef struct KillRequest {
        const char *whom;
        int signal;
} KillRequest;

static int send(Manager *manager, const Instance *instance, void *userdata, Report *report) {
        const KillRequest *request = userdata;

        return manager_kill(manager, instance->unit, instance->name, request->whom, request->signal, report);
}

static int send_in_pool(int cgroup, const Instance *instance, void *userdata, Report *report) {
        const KillRequest *request = userdata;

        if (!streq(request->whom, "all"))
                return report_error(report, EOPNOTSUPP, "%s is no service, so it has no main process", instance->name);
        return pooled_kill(cgroup, instance, request->signal, report);
}

static const char *const targets[] = { "all", "main", NULL };

static int parse(KillRequest *request, const CommandLine *line, Report *report) {
        const char *whom = command_line_get(line, ARG_KILL_WHOM), *signal = command_line_get(line, 's');

        *request = (KillRequest) { .whom = whom ?: "all", .signal = SIGTERM };
        return signal && parse_signal(signal, &request->signal) < 0
                       ? report_error(report, EINVAL, "kill: not a signal (such as SIGTERM): \"%s\"", signal)
                       : 0;
}

static int run(const CommandLine *line, Report *report) {
        KillRequest request;

        return parse(&request, line, report) < 0 ? PLAN_FAILED
                                                 : act_on_instances(line->arguments, send, send_in_pool, &request,
                                                                    false, report);
}

static const Option options[] = {
        { 's', "signal", "the signal (default: SIGTERM)", { "SIGNAL", ARGUMENT_SIGNAL } },
        { ARG_KILL_WHOM, "kill-whom", "all processes, or only the main process of a service", { .choices = targets } },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_kill = {
        .name = "kill",
        .help = "send a signal, as systemctl kill does",
        .details = "If isorun itself gets the signal, it passes it on to the command.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
