/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "util/fd.h"

/* What packagers' tools read to find libraries that are loaded at run time: the "ELF dlopen metadata" of
 * uapi-group.org/specifications. */
#define DLOPEN_NOTE                                                                                    \
        "[{\"feature\":\"bus\",\"description\":\"Instances as units of systemd\",\"priority\":\"recommended\"," \
        "\"soname\":[\"libsystemd.so.0\"]}]"

static const struct {
        uint32_t name_size, content_size, type;
        char name[4];
        char content[sizeof(DLOPEN_NOTE)] __attribute__((aligned(4)));
} dlopen_note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
        .name_size = 4,
        .content_size = sizeof(DLOPEN_NOTE),
        .type = 0x407c0c0a,
        .name = "FDO",
        .content = DLOPEN_NOTE,
};

const BusLibrary *bus_library(Report *report) {
        static const char *const names[] = {
#define X(f) #f,
                BUS_FUNCTIONS(X)
#undef X
        };
        static BusLibrary library;
        static void *handle;

        if (handle)
                return &library;

        handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_NODELETE);
        if (!handle) {
                report_error(report, ENOENT, "talking to systemd needs libsystemd: %s", dlerror());
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                void *symbol = dlsym(handle, names[i]);

                if (!symbol) {
                        report_error(report, ENOSYS, "libsystemd is too old: %s", dlerror());
                        handle = NULL;
                        return NULL;
                }
                memcpy((char *) &library + i * sizeof(symbol), &symbol, sizeof(symbol));
        }
        return &library;
}

int bus_open(const BusLibrary *lib, bool user, sd_bus **ret, Report *report) {
        char runtime[64];
        int r;

        /* su and sudo take the variable away, though the user's manager is there. */
        if (user && !getenv("XDG_RUNTIME_DIR")) {
                snprintf(runtime, sizeof(runtime), "/run/user/%u", geteuid());
                setenv("XDG_RUNTIME_DIR", runtime, 0);
        }

        r = user ? lib->sd_bus_open_user(ret) : lib->sd_bus_open_system(ret);
        return r < 0 ? report_error(report, -r, "connecting to the %s bus: %s (--no-scope runs without a unit)",
                                    user ? "user" : "system", strerror(-r))
                     : 0;
}
