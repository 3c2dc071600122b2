/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/unit-manager.h"

#include <errno.h>

#include "util/strv.h"

#define SYSTEMD_UNIT "org.freedesktop.systemd1.Unit"

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

static int failed(int r, const sd_bus_error *error, const char *what, Report *report) {
        return report_error(report, -r, "cannot read %s from systemd: %s", what, error->message ?: strerror(-r));
}

/* Gets one property. The next value to read from *ret is the property. */
static int get(UnitManager *m, const char *path, const char *interface, const char *property, const char *type,
               sd_bus_message **ret, Report *report) {
        sd_bus_error error = {};
        int r;

        r = m->lib->sd_bus_get_property(m->bus, SYSTEMD_DESTINATION, path, interface, property, &error, ret, type);
        if (r < 0)
                failed(r, &error, property, report);
        m->lib->sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

static int get_strings(UnitManager *m, const char *path, const char *interface, const char *property, char ***ret,
                       Report *report) {
        sd_bus_message *reply = NULL;
        const char *item;
        int r;

        r = get(m, path, interface, property, "as", &reply, report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = m->lib->sd_bus_message_read(reply, "s", &item)) > 0)
                r = strv_push(ret, item);
        m->lib->sd_bus_message_unref(reply);
        return r < 0 ? failed(r, &(sd_bus_error) {}, property, report) : 0;
}

static int get_string(UnitManager *m, const char *path, const char *property, char **ret, Report *report) {
        sd_bus_message *reply = NULL;
        const char *text;
        char *copy = NULL;
        int r;

        r = get(m, path, SYSTEMD_UNIT, property, "s", &reply, report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_read(reply, "s", &text);
        if (r >= 0)
                copy = strdup(text);
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return failed(r, &(sd_bus_error) {}, property, report);
        if (!copy)
                return report_oom(report);
        *ret = copy;
        return 0;
}

static int get_boolean(UnitManager *m, const char *path, const char *property, bool *ret, Report *report) {
        sd_bus_message *reply = NULL;
        int r, value;

        r = get(m, path, SYSTEMD_UNIT, property, "b", &reply, report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_read(reply, "b", &value);
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return failed(r, &(sd_bus_error) {}, property, report);
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

/* The D-Bus path of a unit. systemd loads the unit if necessary. */
static int load(UnitManager *m, const char *name, char **ret, Report *report) {
        sd_bus_error error = {};
        sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = m->lib->sd_bus_call_method(m->bus, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER, "LoadUnit", &error,
                                       &reply, "s", name);
        if (r >= 0)
                r = m->lib->sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                failed(r, &error, name, report);
        else {
                *ret = strdup(path);
                r = *ret ? 0 : report_oom(report);
        }
        m->lib->sd_bus_error_free(&error);
        m->lib->sd_bus_message_unref(reply);
        return r;
}

int unit_manager_load(UnitManager *m, const char *name, ManagedUnit *ret, Report *report) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = load(m, name, &path, report);
        if (r >= 0)
                r = get_string(m, path, "Id", &ret->name, report);
        if (r >= 0)
                r = get_string(m, path, "LoadState", &ret->state, report);
        if (r >= 0)
                r = get_string(m, path, "FragmentPath", &ret->fragment, report);
        if (r >= 0)
                r = get_strings(m, path, SYSTEMD_UNIT, "DropInPaths", &ret->drop_ins, report);
        if (r >= 0)
                r = get_boolean(m, path, "NeedDaemonReload", &ret->changed, report);
        return r;
}
