/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connection to the manager's bus that the first process inside makes: see systemd/bus.h for the reason. isorun
 * makes the socket before clone3(2), so that it belongs to isorun's network namespace, which abstract names are looked
 * up in. The process inside connects it before anything else, and closes its own copy. */

#include "sandbox/outside/run.h"

/* Makes the socket, if the plan needs a connection. Returns 0 or -errno, reported. */
int run_make_bus_socket(Run *run);

/* Waits until the process inside has connected, and begins to talk over the socket. If the plan can do without, a
 * failure is kept in run->bus.error. Returns 0 or -errno, reported. */
int run_open_bus(Run *run);
