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
        report_error(report, -r, r == -ENOSYS ? "libsystemd is too old" : "talking to systemd needs libsystemd.so.0");
        return NULL;
}

int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report) {
        char runtime[64];
        int r;

        /* su and sudo take the variable away, though the user's manager is there. */
        if (user && !getenv("XDG_RUNTIME_DIR")) {
                snprintf(runtime, sizeof(runtime), "/run/user/%u", geteuid());
                setenv("XDG_RUNTIME_DIR", runtime, 0);
        }

        r = user ? lib->sd_bus_open_user(ret) : lib->sd_bus_open_system(ret);
        return r < 0 ? report_error(report, -r, "connecting to the %s bus: %s%s", user ? "user" : "system",
                                    strerror(-r), hint)
                     : 0;
}
