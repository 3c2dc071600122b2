/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/find.h"

#include "cmd/instance/managers.h"

typedef struct Finder {
        Managers managers;
        Report *report;
        bool failed; /* this has been reported */
} Finder;

static bool is_proven(const Instance *i, void *userdata) {
        Finder *f = userdata;
        Report silent = {};
        int r;

        if (instance_is_foreign(i))
                return true;
        r = f->failed ? -1 : managers_prove(&f->managers, i, &silent);
        if (r < 0 && !f->failed)
                report_notice(f->report, "services are not searched for instances: cannot ask systemd for the main "
                                         "process of %s", i->unit);
        f->failed = r < 0;
        return r > 0;
}

static int find(InstanceList *ret, bool measure, Report *report) {
        Finder f = { .report = report };
        int r;

        r = instances_walk(ret, is_proven, &f, measure, report);
        managers_deinit(&f.managers);
        return r;
}

int instances_find(InstanceList *ret, Report *report) {
        return find(ret, false, report);
}

int instances_find_measured(InstanceList *ret, Report *report) {
        return find(ret, true, report);
}
