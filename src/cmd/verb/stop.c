/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl stop [--no-block] NAME... */

#include "cmd/instance/managed.h"
#include "cmd/verb/verb.h"

static int stop(Manager *manager, const Instance *instance, _unused_ void *userdata, Report *report) {
        return manager_stop(manager, instance->unit, instance->name, report);
}

static int run(const CommandLine *line, Report *report) {
        return act_on_instances(line->arguments, stop, NULL, !command_line_has(line, ARG_NO_BLOCK), report);
}

static const Option options[] = { { ARG_NO_BLOCK, "no-block", "wait only until systemd has accepted the request" }, {} };
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_stop = {
        .name = "stop",
        .help = "stop instances, as systemctl stop does",
        .details = "Waits until the instances have stopped.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
