/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/managed.h"

#include <errno.h>

#include "cmd/instance/find.h"
#include "cmd/instance/managers.h"
#include "cmd/instance/pooled.h"
#include "cmd/instance/select.h"
#include "util/fd.h"

typedef struct Act {
        InstanceAction action;
        PooledAction pooled;
        void *userdata;
} Act;

static int act_in_pool(const InstanceList *list, const Instance *i, const Act *a, Report *report) {
        _cleanup_close_ int cgroup = pooled_open(list, i, report);

        return cgroup < 0 ? cgroup : a->pooled(cgroup, i, a->userdata, report);
}

static int act(const InstanceList *list, Managers *managers, const Instance *i, const Act *a, Report *report) {
        Manager *manager;
        int r;

        if (i->pool)
                return act_in_pool(list, i, a, report);
        manager = managers_get(managers, i, report);
        if (!manager)
                return -EIO;
        /* instances_find() has not asked the managers of other users. */
        r = instance_is_foreign(i) && endswith(i->unit, ".service") ? managers_prove(managers, i, report) : 1;
        if (r == 0)
                return report_error(report, EPERM, "%s: isorun is not the main process of %s", i->name, i->unit);
        return r < 0 ? r : a->action(manager, i, a->userdata, report);
}

int act_on_instances(char *const *names, InstanceAction action, PooledAction pooled, void *userdata, bool wait,
                     Report *report) {
        const Act a = { .action = action, .pooled = pooled, .userdata = userdata };
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(selection_deinit) Selection selection = {};
        _cleanup_(managers_deinit) Managers managers = {};
        int status = 0;

        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        if (instances_select(&selection, &list, names, true, report) < 0)
                status = PLAN_FAILED;
        for (size_t i = 0; i < selection.n; i++)
                if (act(&list, &managers, selection.items[i], &a, report) < 0)
                        status = PLAN_FAILED;
        for (size_t i = 0; wait && i < managers.n; i++)
                if (manager_wait(managers.items[i], report) < 0)
                        status = PLAN_FAILED;
        return status;
}
