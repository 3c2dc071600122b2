/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/bus.h"

#include <errno.h>
#include <stdio.h>

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

/* Functions to connect to a given address. They are in a table of their own because most starts do not need them. */
#define ADDRESS_FUNCTIONS(X)     \
        X(sd_bus_new)            \
        X(sd_bus_set_address)    \
        X(sd_bus_set_bus_client) \
        X(sd_bus_start)

typedef struct AddressLibrary {
#define X(f) typeof(&f) f;
        ADDRESS_FUNCTIONS(X)
#undef X
} AddressLibrary;

static int open_address(const BusLibrary *lib, const char *address, bool is_bus, sd_bus **ret) {
        static const char *const names[] = {
#define X(f) #f,
                ADDRESS_FUNCTIONS(X)
#undef X
        };
        AddressLibrary more;
        sd_bus *bus = NULL;
        int r;

        r = library_load("libsystemd.so.0", names, ELEMENTSOF(names), &more);
        if (r >= 0)
                r = more.sd_bus_new(&bus);
        if (r >= 0)
                r = more.sd_bus_set_address(bus, address);
        if (r >= 0)
                r = more.sd_bus_set_bus_client(bus, is_bus);
        if (r >= 0)
                r = more.sd_bus_start(bus);
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
