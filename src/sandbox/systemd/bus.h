/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Connections to a bus.
 *
 * No request names a process by its pid: in a pid namespace of its own, isorun sees other numbers than systemd, and
 * would name a process that is not its own. systemd takes pid 0 as the sender of the request, and finds the sender by
 * the kernel's credentials of the process that has called connect(2), whichever process writes to the socket now. So
 * the first process inside connects a socket that isorun has made, and isorun speaks over it (bus_adopt()).
 *
 * libsystemd is loaded while isorun makes the plan, and a start without systemd does not load it. Runs outside, and in
 * isoctl. BusLibrary has a pointer for each function, with the function's own name. */

#include <systemd/sd-bus.h>

#include "util/library.h"
#include "util/patience.h"
#include "util/report.h"

#define BUS_FUNCTIONS(X)                \
        X(sd_bus_open_system)           \
        X(sd_bus_open_user)             \
        X(sd_bus_new)                   \
        X(sd_bus_set_address)           \
        X(sd_bus_set_fd)                \
        X(sd_bus_set_bus_client)        \
        X(sd_bus_start)                 \
        X(sd_bus_get_unique_name)       \
        X(sd_bus_close_unref)           \
        X(sd_bus_flush_close_unref)     \
        X(sd_bus_slot_unref)            \
        X(sd_bus_message_new_method_call) \
        X(sd_bus_message_append)        \
        X(sd_bus_message_append_array)  \
        X(sd_bus_message_open_container) \
        X(sd_bus_message_close_container) \
        X(sd_bus_message_enter_container) \
        X(sd_bus_message_read)          \
        X(sd_bus_message_read_array)    \
        X(sd_bus_message_appendv)       \
        X(sd_bus_message_get_error)     \
        X(sd_bus_message_get_errno)     \
        X(sd_bus_message_ref)           \
        X(sd_bus_message_unref)         \
        X(sd_bus_call)                  \
        X(sd_bus_call_async)            \
        X(sd_bus_call_method)           \
        X(sd_bus_call_method_async)     \
        X(sd_bus_match_signal_async)    \
        X(sd_bus_process)               \
        X(sd_bus_is_ready)              \
        X(sd_bus_get_fd)                \
        X(sd_bus_get_events)            \
        X(sd_bus_get_timeout)           \
        X(sd_bus_get_property)          \
        X(sd_bus_path_encode)           \
        X(sd_bus_error_copy)            \
        X(sd_bus_error_free)

typedef struct BusLibrary {
        BUS_FUNCTIONS(LIBRARY_POINTER)
} BusLibrary;

/* Begins to load libsystemd, in a thread: to load it and its libraries takes 1 to 2 ms. The caller must not make
 * another process by clone3(2) before bus_library_settle(). */
void bus_library_begin(void);

/* Waits until bus_library_begin() has loaded the library, or has failed to. */
void bus_library_settle(void);

/* Loads libsystemd, if that has not been done yet. Returns NULL, reported, if it is missing or too old. */
const BusLibrary *bus_library(Report *report);

#define SYSTEMD_DESTINATION "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT "org.freedesktop.systemd1.Unit"

/* A connection of isorun's, or {}. Its functions wait with patience, so that a signal can end the wait. */
typedef struct Bus {
        const BusLibrary *lib;
        sd_bus *bus;
        Patience *patience; /* borrowed */
        int error; /* -errno: why there is no connection */
} Bus;

/* Closes the connection. Requests that wait to be sent are lost. */
void bus_deinit(Bus *bus);

/* Begins to talk to a bus over a connected socket, and takes over fd. Returns 0 or -errno, reported. */
int bus_adopt(Bus *ret, int fd, Patience *patience, Report *report);

/* Connects to the system bus, or with user to the caller's own. Returns 0 or -errno, reported. */
int bus_connect(Bus *ret, bool user, Patience *patience, Report *report);

/* Waits until there may be something to do for sd_bus_process(). Returns 0 or -errno. */
int bus_wait(const Bus *bus);

/* Waits until the bus has answered, and sends the requests that have waited for that. Returns 0 or -errno. */
int bus_send(const Bus *bus);

/* Sends a request, and waits for the reply. msec 0 is libsystemd's own timeout. error and ret may be NULL; the caller
 * frees them. Returns 0 or -errno. */
int bus_call(const Bus *bus, sd_bus_message *m, unsigned msec, sd_bus_error *error, sd_bus_message **ret);

typedef struct BusObject {
        const char *destination, *path, *interface;
} BusObject;

extern const BusObject bus_systemd; /* its manager */

/* The same for a method, with its arguments as for sd_bus_message_append(3). */
int bus_call_method(const Bus *bus, const BusObject *object, const char *method, sd_bus_error *error,
                    sd_bus_message **ret, const char *types, ...);

/* Reads a property, and waits up to 5 seconds for it. *ret is the reply, in the variant; the caller unrefs it. Returns
 * 0 or -errno. */
int bus_get_property(const Bus *bus, const BusObject *object, const char *property, const char *type,
                     sd_bus_message **ret);

/* Asks the bus for the pid of the process that has connected, as the bus sees it. Returns 0 or -errno. */
int bus_get_peer(const Bus *bus, pid_t *ret);

/* Connects to the system bus, or with user to the caller's own. The caller closes *ret with sd_bus_flush_close_unref().
 * Returns 0 or -errno, reported; hint is appended to the message. */
int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report);

/* Connects to the system's manager, or with user to the caller's own: over the bus or, if the bus cannot be reached,
 * over the manager's private socket, as systemctl does. Otherwise like bus_open(). */
int bus_open_manager(const BusLibrary *lib, bool user, sd_bus **ret, Report *report);

enum { BUS_HINT_SIZE = 96 };

/* If a manager refuses to create a unit because no space is left for the unit's file, it says that the unit is not
 * found. Returns the true reason, in the buffer, to append to the message, or "". user: the caller's own manager. */
const char *bus_refusal_hint(bool user, char buffer[static BUS_HINT_SIZE]);
