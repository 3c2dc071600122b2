/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a service manager knows about a unit, and the request for a transient one. Runs outside, and in isoctl. */

#include "plan/host.h"
#include "sandbox/systemd/bus.h"

/* The D-Bus path of a unit, on the heap. systemd loads the unit if necessary; one that it does not find has a path,
 * too. Returns 0 or -errno, reported. */
int unit_load(const BusLibrary *lib, sd_bus *bus, const char *name, char **ret, Report *report);

/* Gets one property. The next value to read from *ret is the property; the caller unrefs it. Returns 0 or -errno,
 * reported. */
int unit_get(const BusLibrary *lib, sd_bus *bus, const BusObject *object, const char *property, const char *type,
             sd_bus_message **ret, Report *report);

/* Gets a text of the unit, on the heap. Returns 0 or -errno, reported. */
int unit_get_string(const BusLibrary *lib, sd_bus *bus, const char *path, const char *property, char **ret,
                    Report *report);

/* Makes the request for a transient unit, up to its properties: append them, end it, and send it. *ret is to be freed
 * also after an error. Both return 0 or a positive number, or -errno. */
int unit_request_begin(const BusLibrary *lib, sd_bus *bus, const char *name, sd_bus_message **ret);
int unit_request_end(const BusLibrary *lib, sd_bus_message *m);

/* Reports that a property, or the unit of this name, cannot be read. Returns r. */
int unit_failed(int r, const sd_bus_error *error, const char *what, Report *report);

/* Reads where a socket unit listens, from the user's manager or the system's. Returns 0 or -errno, reported. A unit
 * that systemd does not find is no failure. */
int unit_read_socket(bool user, const char *name, HostSocketUnit *ret, Report *report);

/* Whether a service of the user's manager has Delegate=yes. Returns 1, 0 or -errno. */
int unit_is_delegated(const char *name);
