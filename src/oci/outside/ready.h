/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* sd_notify(3) of a container. It has a socket of its own, which only isorun-oci start or run reads. Of all that comes
 * there, only READY=1 goes on to the service manager, in a message that isorun-oci writes itself: the manager would
 * take the container's messages for those of isorun-oci. */

#include "oci/state/state.h"
#include "sandbox/notify/notify.h"
#include "util/report.h"

/* Connects to the address of NOTIFY_SOCKET. Returns an fd, which the caller closes, or -errno, reported. */
int ready_connect(const char *address, Report *report);

/* Makes a relay for a caller that stays as long as the container runs. Takes over out, of ready_connect(), and in, the
 * container's socket. Returns NULL when memory runs out: they are closed then, too. */
Notify *ready_relay(int out, int in);

/* Waits until the container is ready. Then tells the service manager that it is, and that its first process is the
 * service's main process, and waits until the manager knows. Takes over out and in. Also returns if the container ends
 * before it is ready. Returns 0, or -errno, reported: -EINTR for a signal that is to end this process. */
int ready_await(const State *state, int out, int in, Report *report);
