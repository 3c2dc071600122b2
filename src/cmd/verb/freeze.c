/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl freeze NAME..., isoctl thaw NAME... */
#include <getopt.h>

#include "cmd/instance/managed.h"
#include "cmd/verb/verb.h"

static int freeze(Manager *manager, const Instance *instance, void *userdata, Report *report) {
        const bool *wanted = userdata;

        return manager_freeze(manager, instance->unit, instance->name, *wanted, report);
}

int verb_freeze(int argc, char *argv[], Report *report) {
        bool wanted = streq(argv[0], "freeze");

        optind = 0;
        if (getopt_long(argc, argv, "", (const struct option[]) { {} }, NULL) >= 0)
                return PLAN_FAILED;
        return act_on_instances(argv[0], argv + optind, freeze, &wanted, false, report);
}
