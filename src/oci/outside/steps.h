/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Steps that create and exec share. Functions return 0 or -errno, reported. */

#include "oci/spec/spec.h"
#include "sandbox/wire/message.h"
#include "util/report.h"

/* Sets what the process may have no right to set itself. */
int steps_set_limits(const SpecProcess *process, pid_t pid, Report *report);

int steps_write_pid(const char *path, pid_t pid, Report *report);

/* Waits until the process inside is ready. */
int steps_hear(int socket, Report *report);

int steps_send(int socket, MessageType type, Report *report);
