/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/unit.h"

#include <errno.h>

#include "util/strv.h"

int unit_failed(int r, const sd_bus_error *error, const char *what, Report *report) {
        return report_error(report, -r, "cannot read %s from systemd: %s", what, error->message ?: strerror(-r));
}

int unit_request_begin(const BusLibrary *lib, sd_bus *bus, const char *name, sd_bus_message **ret) {
        int r = lib->sd_bus_message_new_method_call(bus, ret, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                    "StartTransientUnit");

        if (r >= 0)
                r = lib->sd_bus_message_append(*ret, "ss", name, "fail");
        return r < 0 ? r : lib->sd_bus_message_open_container(*ret, 'a', "(sv)");
}

int unit_request_end(const BusLibrary *lib, sd_bus_message *m) {
        int r = lib->sd_bus_message_close_container(m);

        return r < 0 ? r : lib->sd_bus_message_append(m, "a(sa(sv))", 0);
}

int unit_load(const BusLibrary *lib, sd_bus *bus, const char *name, char **ret, Report *report) {
        sd_bus_error error = {};
        sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = lib->sd_bus_call_method(bus, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER, "LoadUnit", &error, &reply,
                                    "s", name);
        if (r >= 0)
                r = lib->sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                unit_failed(r, &error, name, report);
        else {
                *ret = strdup(path);
                r = *ret ? 0 : report_oom(report);
        }
        lib->sd_bus_error_free(&error);
        lib->sd_bus_message_unref(reply);
        return r;
}

int unit_get(const BusLibrary *lib, sd_bus *bus, const BusObject *object, const char *property, const char *type,
             sd_bus_message **ret, Report *report) {
        sd_bus_error error = {};
        int r;

        r = lib->sd_bus_get_property(bus, object->destination, object->path, object->interface, property, &error, ret,
                                     type);
        if (r < 0)
                unit_failed(r, &error, property, report);
        lib->sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

int unit_get_string(const BusLibrary *lib, sd_bus *bus, const char *path, const char *property, char **ret,
                    Report *report) {
        const BusObject unit = { SYSTEMD_DESTINATION, path, SYSTEMD_UNIT };
        sd_bus_message *reply = NULL;
        const char *text;
        char *copy = NULL;
        int r;

        r = unit_get(lib, bus, &unit, property, "s", &reply, report);
        if (r < 0)
                return r;
        r = lib->sd_bus_message_read(reply, "s", &text);
        if (r >= 0)
                copy = strdup(text);
        lib->sd_bus_message_unref(reply);
        if (r < 0)
                return unit_failed(r, &(sd_bus_error) {}, property, report);
        if (!copy)
                return report_oom(report);
        *ret = copy;
        return 0;
}

/* Reads the lines of ListenStream=. */
static int get_streams(const BusLibrary *lib, sd_bus *bus, const char *path, char ***ret, Report *report) {
        const BusObject socket = { SYSTEMD_DESTINATION, path, "org.freedesktop.systemd1.Socket" };
        sd_bus_message *reply = NULL;
        const char *type, *address;
        int r;

        r = unit_get(lib, bus, &socket, "Listen", "a(ss)", &reply, report);
        if (r < 0)
                return r;
        r = lib->sd_bus_message_enter_container(reply, 'a', "(ss)");
        while (r >= 0 && (r = lib->sd_bus_message_read(reply, "(ss)", &type, &address)) > 0)
                r = streq(type, "Stream") ? strv_push(ret, address) : 0;
        lib->sd_bus_message_unref(reply);
        return r < 0 ? unit_failed(r, &(sd_bus_error) {}, "Listen", report) : 0;
}

static int read_socket(const BusLibrary *lib, sd_bus *bus, const char *name, HostSocketUnit *ret, Report *report) {
        _cleanup_free_ char *path = NULL, *state = NULL;
        int r;

        r = unit_load(lib, bus, name, &path, report);
        if (r >= 0)
                r = unit_get_string(lib, bus, path, "LoadState", &ret->load_state, report);
        if (r >= 0)
                r = unit_get_string(lib, bus, path, "ActiveState", &state, report);
        if (r < 0)
                return r;
        ret->active = streq(state, "active");
        return streq(ret->load_state, "loaded") ? get_streams(lib, bus, path, &ret->streams, report) : 0;
}

int unit_read_socket(bool user, const char *name, HostSocketUnit *ret, Report *report) {
        const BusLibrary *lib = bus_library(report);
        sd_bus *bus = NULL;
        int r;

        if (!lib)
                return -ENOENT;
        r = bus_open_manager(lib, user, &bus, report);
        if (r < 0)
                return r;
        r = read_socket(lib, bus, name, ret, report);
        lib->sd_bus_flush_close_unref(bus);
        return r;
}

static int is_delegated(const BusLibrary *lib, sd_bus *bus, const char *name, Report *report) {
        _cleanup_free_ char *path = NULL;
        sd_bus_message *reply = NULL;
        int delegated = 0, r;

        r = unit_load(lib, bus, name, &path, report);
        if (r >= 0)
                r = unit_get(lib, bus, &(BusObject) { SYSTEMD_DESTINATION, path, "org.freedesktop.systemd1.Service" },
                             "Delegate", "b", &reply, report);
        if (r >= 0)
                r = lib->sd_bus_message_read(reply, "b", &delegated);
        lib->sd_bus_message_unref(reply);
        return r < 0 ? r : delegated;
}

int unit_is_delegated(const char *name) {
        Report silent = {};
        const BusLibrary *lib = bus_library(&silent);
        sd_bus *bus = NULL;
        int r;

        if (!lib)
                return -ENOENT;
        r = bus_open_manager(lib, true, &bus, &silent);
        if (r < 0)
                return r;
        r = is_delegated(lib, bus, name, &silent);
        lib->sd_bus_flush_close_unref(bus);
        return r;
}
