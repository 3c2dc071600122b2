/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl kill [-s SIGNAL] [--kill-whom=all|main] NAME... */
#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "cmd/instance/managed.h"
#include "cmd/verb/verb.h"
#include "util/parse.h"

typedef struct Shot {
        const char *whom;
        int signal;
} Shot;

static int send(Manager *manager, const Instance *instance, void *userdata, Report *report) {
        const Shot *shot = userdata;

        return manager_kill(manager, instance->unit, instance->name, shot->whom, shot->signal, report);
}

static int parse_option(Shot *shot, int option, const char *value, Report *report) {
        if (option == 'w') {
                shot->whom = value;
                if (!streq(value, "all") && !streq(value, "main"))
                        return report_error(report, EINVAL, "kill: not all or main: \"%s\"", value);
                return 0;
        }
        if (option != 's')
                return -EINVAL;
        return parse_signal(value, &shot->signal) < 0
                       ? report_error(report, EINVAL, "kill: not a signal: \"%s\"", value)
                       : 0;
}

int verb_kill(int argc, char *argv[], Report *report) {
        static const struct option options[] = { { "signal", required_argument, NULL, 's' },
                                                 { "kill-whom", required_argument, NULL, 'w' },
                                                 {} };
        Shot shot = { .whom = "all", .signal = SIGTERM };
        int c;

        optind = 0;
        while ((c = getopt_long(argc, argv, "s:", options, NULL)) >= 0)
                if (parse_option(&shot, c, optarg, report) < 0)
                        return PLAN_FAILED;
        return act_on_instances("kill", argv + optind, send, &shot, false, report);
}
