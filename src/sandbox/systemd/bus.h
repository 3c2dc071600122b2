/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libsystemd, loaded when it is first needed: its loader time then passes while the process inside makes its root,
 * and a start without systemd does without it. The functions stand here under their own names behind a pointer. */

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

/* Loads it on the first call. NULL where it is not there, reported. */
const BusLibrary *bus_library(Report *report);

#define SYSTEMD_DESTINATION "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* Connects to the bus that the manager is on. *ret is closed with sd_bus_flush_close_unref(). Returns 0 or -errno,
 * reported; hint ends the message. */
int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report);

/* Connects to the caller's own manager, or the system's: by the bus, or where it cannot be reached, by the manager's own
 * socket, as systemctl does. Returns likewise. */
int bus_open_manager(const BusLibrary *lib, bool user, sd_bus **ret, Report *report);
