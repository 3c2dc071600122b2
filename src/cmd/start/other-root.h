/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl --root: reads policies and programs of another host, whose root directory is here.
 *
 * A process with a mount namespace of its own makes that directory its root. So the kernel itself keeps each path in
 * it, absolute symlinks and ".." too, and all code that looks at paths works as it is. Strangers may have filled the
 * directory, so the process runs nothing of it: its mounts are read-only and without devices, and a filter
 * (other-root-calls.h) denies it to execute a program, to load code and to make a socket. */

#include <stdbool.h>

#include "cmd/command-line.h"
#include "lib/load.h"

#define OTHER_ROOT_OPTIONS                                                                        \
        { ARG_OTHER_ROOT, "root", "read the files of another host, which has this root directory", \
          { "DIR", ARGUMENT_DIRECTORY } },                                                        \
        { ARG_OFFLINE, "offline",                                                                 \
          "do not ask instances, systemd or the kernel (without --root: about this host's own files)" }

/* Runs with userdata, and returns an exit status. */
typedef int (*OtherRun)(const void *userdata, Report *report);

/* What Loaded.probe must be here: other_host() if this process is that one, or else NULL. */
int (*other_root_probe(void))(Host *host, Report *report);

/* Calls run in such a process. directory: NULL for /, if the user gave --offline. keep_input: it reads standard input.
 * Returns its exit status, or PLAN_FAILED, reported. */
int other_root_run(const char *directory, bool keep_input, OtherRun run, const void *userdata, Report *report);
