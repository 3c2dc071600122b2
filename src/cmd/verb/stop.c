/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl stop [--no-block] NAME... */
#include <getopt.h>

#include "cmd/instance/managed.h"
#include "cmd/verb/verb.h"

static int stop(Manager *manager, const Instance *instance, _unused_ void *userdata, Report *report) {
        return manager_stop(manager, instance->unit, instance->name, report);
}

int verb_stop(int argc, char *argv[], Report *report) {
        static const struct option options[] = { { "no-block", no_argument, NULL, 'n' }, {} };
        bool wait = true;
        int c;

        optind = 0;
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (c != 'n')
                        return PLAN_FAILED;
                wait = false;
        }
        return act_on_instances("stop", argv + optind, stop, NULL, wait, report);
}
