/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/unit-manager.h"

#include <errno.h>

#include "sandbox/systemd/unit.h"
#include "util/strv.h"

void unit_manager_deinit(UnitManager *m) {
        if (m->bus)
                m->lib->sd_bus_flush_close_unref(m->bus);
        strv_free(m->directories);
        *m = (UnitManager) {};
}

void managed_unit_deinit(ManagedUnit *unit) {
        free(unit->name);
        free(unit->fragment);
        strv_free(unit->drop_ins);
        free(unit->state);
        *unit = (ManagedUnit) {};
}

static int get_strings(UnitManager *m, const char *path, const char *interface, const char *property, char ***ret,
                       Report *report) {
        sd_bus_message *reply = NULL;
        const char *item;
        int r;

        r = unit_get(m->lib, m->bus, &(BusObject) { SYSTEMD_DESTINATION, path, interface }, property, "as", &reply,
                     report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = m->lib->sd_bus_message_read(reply, "s", &item)) > 0)
                r = strv_push(ret, item);
        m->lib->sd_bus_message_unref(reply);
        return r < 0 ? unit_failed(r, &(sd_bus_error) {}, property, report) : 0;
}

static int get_boolean(UnitManager *m, const char *path, const char *property, bool *ret, Report *report) {
        sd_bus_message *reply = NULL;
        int r, value;

        r = unit_get(m->lib, m->bus, &(BusObject) { SYSTEMD_DESTINATION, path, SYSTEMD_UNIT }, property, "b", &reply,
                     report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_read(reply, "b", &value);
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return unit_failed(r, &(sd_bus_error) {}, property, report);
        *ret = value;
        return 0;
}

int unit_manager_open(UnitManager *m, bool user, Report *report) {
        int r;

        m->lib = bus_library(report);
        if (!m->lib)
                return -ENOENT;
        r = bus_open_manager(m->lib, user, &m->bus, report);
        return r < 0 ? r : get_strings(m, SYSTEMD_PATH, SYSTEMD_MANAGER, "UnitPath", &m->directories, report);
}

int unit_manager_load(UnitManager *m, const char *name, ManagedUnit *ret, Report *report) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = unit_load(m->lib, m->bus, name, &path, report);
        if (r >= 0)
                r = unit_get_string(m->lib, m->bus, path, "Id", &ret->name, report);
        if (r >= 0)
                r = unit_get_string(m->lib, m->bus, path, "LoadState", &ret->state, report);
        if (r >= 0)
                r = unit_get_string(m->lib, m->bus, path, "FragmentPath", &ret->fragment, report);
        if (r >= 0)
                r = get_strings(m, path, SYSTEMD_UNIT, "DropInPaths", &ret->drop_ins, report);
        if (r >= 0)
                r = get_boolean(m, path, "NeedDaemonReload", &ret->changed, report);
        return r;
}
