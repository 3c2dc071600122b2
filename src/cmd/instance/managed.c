/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/managed.h"

#include <errno.h>
#include <unistd.h>

#include "cmd/instance/select.h"
#include "util/array.h"

void managers_deinit(Managers *managers) {
        for (size_t i = 0; i < managers->n; i++)
                manager_free(managers->items[i]);
        free(managers->items);
        *managers = (Managers) {};
}

Manager *managers_get(Managers *managers, const Instance *instance, Report *report) {
        uid_t uid = instance->of_user ? instance->uid : MANAGER_SYSTEM;
        _cleanup_(manager_freep) Manager *opened = NULL;
        Manager **added;

        if (!instance->unit) {
                report_error(report, EOPNOTSUPP,
                             "%s has no unit, so systemd cannot act on it: send signals to its isorun, process %d",
                             instance->name, instance->isorun);
                return NULL;
        }
        for (size_t i = 0; i < managers->n; i++)
                if (manager_uid(managers->items[i]) == uid)
                        return managers->items[i];

        if (instance->of_user && uid != geteuid() && geteuid() != 0) {
                report_error(report, EPERM, "%s is an instance of user %u: only that user and root may do this",
                             instance->name, uid);
                return NULL;
        }
        if (manager_open(&opened, uid, report) < 0)
                return NULL;
        added = ARRAY_APPEND(managers->items, managers->n);
        if (!added) {
                report_oom(report);
                return NULL;
        }
        return *added = TAKE_PTR(opened);
}

int act_on_instances(char *const *names, InstanceAction action, void *userdata, bool wait, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(selection_deinit) Selection selection = {};
        _cleanup_(managers_deinit) Managers managers = {};
        int status = 0;

        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        if (instances_select(&selection, &list, names, true, report) < 0)
                status = PLAN_FAILED;
        for (size_t i = 0; i < selection.n; i++) {
                Manager *manager = managers_get(&managers, selection.items[i], report);

                if (!manager || action(manager, selection.items[i], userdata, report) < 0)
                        status = PLAN_FAILED;
        }
        for (size_t i = 0; wait && i < managers.n; i++)
                if (manager_wait(managers.items[i], report) < 0)
                        status = PLAN_FAILED;
        return status;
}
