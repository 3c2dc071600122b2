/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libsystemd, loaded when it is first needed. So the first process inside makes its root while the library loads, and a
 * start without systemd does not load it. Runs outside, and in isoctl. BusLibrary has a pointer for each function, with
 * the function's own name. */

#include <systemd/sd-bus.h>

#include "util/report.h"

#define BUS_FUNCTIONS(X)                \
        X(sd_bus_open_system)           \
        X(sd_bus_open_user)             \
        X(sd_bus_flush_close_unref)     \
        X(sd_bus_message_new_method_call) \
        X(sd_bus_message_append)        \
        X(sd_bus_message_append_array)  \
        X(sd_bus_message_open_container) \
        X(sd_bus_message_close_container) \
        X(sd_bus_message_enter_container) \
        X(sd_bus_message_read)          \
        X(sd_bus_message_get_error)     \
        X(sd_bus_message_unref)         \
        X(sd_bus_call)                  \
        X(sd_bus_call_async)            \
        X(sd_bus_call_method)           \
        X(sd_bus_call_method_async)     \
        X(sd_bus_match_signal_async)    \
        X(sd_bus_process)               \
        X(sd_bus_flush)                 \
        X(sd_bus_wait)                  \
        X(sd_bus_is_ready)              \
        X(sd_bus_get_fd)                \
        X(sd_bus_get_events)            \
        X(sd_bus_get_property)          \
        X(sd_bus_path_encode)           \
        X(sd_bus_error_free)

typedef struct BusLibrary {
#define X(f) typeof(&f) f;
        BUS_FUNCTIONS(X)
#undef X
} BusLibrary;

/* Loads libsystemd on the first call. Returns NULL, reported, if it is missing or too old. */
const BusLibrary *bus_library(Report *report);

#define SYSTEMD_DESTINATION "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* Connects to the system bus, or with user to the caller's own. The caller closes *ret with sd_bus_flush_close_unref().
 * Returns 0 or -errno, reported; hint is appended to the message. */
int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report);

/* Connects to the system's manager, or with user to the caller's own: over the bus or, if the bus cannot be reached,
 * over the manager's private socket, as systemctl does. Otherwise like bus_open(). */
int bus_open_manager(const BusLibrary *lib, bool user, sd_bus **ret, Report *report);
