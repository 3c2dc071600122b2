/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/managers.h"

#include <errno.h>
#include <unistd.h>

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

int managers_prove(Managers *managers, const Instance *i, Report *report) {
        Manager *manager = managers_get(managers, i, report);
        pid_t pid;
        int r;

        if (!manager)
                return -EIO;
        r = manager_main_process(manager, i->unit, &pid, report);
        return r < 0 ? r : pid == (i->handed_over ? i->pid : i->isorun);
}
