/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl stop [--no-block] NAME... */

#include "cmd/instance/managed.h"
#include "cmd/instance/pooled.h"
#include "cmd/verb/verb.h"

static int stop(Manager *manager, const Instance *instance, _unused_ void *userdata, Report *report) {
        return manager_stop(manager, instance->unit, instance->name, report);
}

static int stop_in_pool(int cgroup, const Instance *instance, void *userdata, Report *report) {
        return pooled_stop(userdata, cgroup, instance, report);
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(pooled_stops_deinit) PooledStops pooled = {};
        bool wait = !command_line_has(line, ARG_NO_BLOCK);
        int status = act_on_instances(line->arguments, stop, stop_in_pool, &pooled, wait, report);

        return wait && pooled_wait(&pooled, report) < 0 ? PLAN_FAILED : status;
}

static const Option options[] = {
        { ARG_NO_BLOCK, "no-block", "wait only until systemd has accepted the request" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_stop = {
        .name = "stop",
        .help = "stop instances, as systemctl stop does",
        .details = "Waits until the instances have stopped.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
