/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/bus.h"

#include <errno.h>
#include <stdio.h>

#include "util/fd.h"
#include "util/library.h"

LIBRARY_NOTE(bus, "bus", "Instances as units of systemd", "recommended", "libsystemd.so.0");

const BusLibrary *bus_library(Report *report) {
        static const char *const names[] = {
#define X(f) #f,
                BUS_FUNCTIONS(X)
#undef X
        };
        static BusLibrary library;
        static bool loaded;
        int r;

        r = loaded ? 0 : library_load("libsystemd.so.0", names, ELEMENTSOF(names), &library);
        loaded = r >= 0;
        if (r >= 0)
                return &library;
        report_error(report, -r, r == -ENOSYS ? "libsystemd.so.0 is too old: isorun needs that of systemd 252 or newer" :
                     "isorun needs libsystemd.so.0 to talk to systemd");
        return NULL;
}

void bus_deinit(Bus *bus) {
        if (bus->bus)
                bus->lib->sd_bus_flush_close_unref(bus->bus);
        *bus = (Bus) {};
}

int bus_adopt(Bus *ret, int fd, Report *report) {
        Bus b = { .lib = bus_library(report) };
        int r = b.lib ? b.lib->sd_bus_new(&b.bus) : -ENOENT;

        if (r >= 0)
                r = b.lib->sd_bus_set_bus_client(b.bus, true);
        if (r >= 0)
                r = b.lib->sd_bus_set_fd(b.bus, fd, fd);
        if (r < 0)
                fd_close(fd);
        else
                r = b.lib->sd_bus_start(b.bus);
        if (r >= 0) {
                *ret = b;
                return 0;
        }
        bus_deinit(&b);
        return report->n_errors ? r : report_error(report, -r, "cannot talk to the bus: %s", strerror(-r));
}

int bus_get_peer(const Bus *bus, pid_t *ret) {
        sd_bus_message *reply = NULL;
        const char *name;
        uint32_t pid;
        int r;

        r = bus->lib->sd_bus_get_unique_name(bus->bus, &name);
        if (r >= 0)
                r = bus->lib->sd_bus_call_method(bus->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                 "org.freedesktop.DBus", "GetConnectionUnixProcessID", NULL, &reply,
                                                 "s", name);
        if (r >= 0)
                r = bus->lib->sd_bus_message_read(reply, "u", &pid);
        bus->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return r;
        *ret = (pid_t) pid;
        return 0;
}

bool bus_reply_is_path(const BusLibrary *lib, sd_bus_message *reply, const char *path) {
        const char *got;
        bool same = reply && lib->sd_bus_message_read(reply, "o", &got) >= 0 && streq(got, path);

        lib->sd_bus_message_unref(reply);
        return same;
}

static int open_address(const BusLibrary *lib, const char *address, bool is_bus, sd_bus **ret) {
        sd_bus *bus = NULL;
        int r;

        r = lib->sd_bus_new(&bus);
        if (r >= 0)
                r = lib->sd_bus_set_address(bus, address);
        if (r >= 0)
                r = lib->sd_bus_set_bus_client(bus, is_bus);
        if (r >= 0)
                r = lib->sd_bus_start(bus);
        if (r >= 0)
                *ret = bus;
        else if (bus)
                lib->sd_bus_flush_close_unref(bus);
        return r;
}

/* su and sudo remove XDG_RUNTIME_DIR from the environment. The user's bus is still at its usual address. */
static int open_user(const BusLibrary *lib, sd_bus **ret) {
        char address[64];
        int r;

        r = lib->sd_bus_open_user(ret);
        if (r != -ENOMEDIUM)
                return r;
        snprintf(address, sizeof(address), "unix:path=/run/user/%u/bus", geteuid());
        return open_address(lib, address, true, ret);
}

int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report) {
        int r;

        r = user ? open_user(lib, ret) : lib->sd_bus_open_system(ret);
        return r < 0 ? report_error(report, -r, "cannot connect to the %s bus: %s%s", user ? "user" : "system",
                                    strerror(-r), hint)
                     : 0;
}

int bus_open_manager(const BusLibrary *lib, bool user, sd_bus **ret, Report *report) {
        char address[64] = "unix:path=/run/systemd/private";
        Report silent = {};
        int r;

        if (bus_open(lib, user, "", ret, &silent) >= 0)
                return 0;
        if (user)
                snprintf(address, sizeof(address), "unix:path=/run/user/%u/systemd/private", geteuid());
        r = open_address(lib, address, false, ret);
        return r < 0 ? report_error(report, -r, "cannot connect to the %s service manager: %s",
                                    user ? "user" : "system",
                                    strerror(-r))
                     : 0;
}
