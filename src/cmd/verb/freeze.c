/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl freeze NAME..., isoctl thaw NAME... */

#include "cmd/instance/managed.h"
#include "cmd/instance/pooled.h"
#include "cmd/verb/verb.h"

static int change(Manager *manager, const Instance *instance, void *userdata, Report *report) {
        const bool *frozen = userdata;

        return manager_freeze(manager, instance->unit, instance->name, *frozen, report);
}

static int change_in_pool(int cgroup, const Instance *instance, void *userdata, Report *report) {
        const bool *frozen = userdata;

        return pooled_freeze(cgroup, instance, *frozen, report);
}

static int freeze(const CommandLine *line, Report *report) {
        return act_on_instances(line->arguments, change, change_in_pool, &(bool) { true }, false, report);
}

static int thaw(const CommandLine *line, Report *report) {
        return act_on_instances(line->arguments, change, change_in_pool, &(bool) { false }, false, report);
}

static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_freeze = {
        .name = "freeze",
        .help = "suspend all processes of instances",
        .arguments = arguments,
        .run = freeze,
};

const Verb verb_thaw = {
        .name = "thaw",
        .help = "resume frozen instances",
        .arguments = arguments,
        .run = thaw,
};
