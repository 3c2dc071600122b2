/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "util/report.h"

/* Waits until a process, pid, has executed its command: the connection to it ends then. On the way, gives the listener
 * of its filter to the agent of config.json. spec: the container's, for a process of exec; NULL: pid is the first
 * process, and config.json is read if it is needed. *ret_notify is its socket for sd_notify(3), or -1; ret_notify NULL:
 * it has none. Returns 0 or -errno, reported. */
int listener_await_executed(const State *state, const Spec *spec, pid_t pid, int socket, int *ret_notify,
                            Report *report);
