/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The transient scope of a container, for --systemd-cgroup. Its cgroup is delegated:
 *
 *     PREFIX-NAME.scope   systemd's, with the limits that it has properties for: it shows them, and keeps them
 *       container         isorun-oci's, with all limits: the container, and the root of its cgroup namespace */

#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "util/report.h"

/* Asks systemd for the scope that cgroupsPath names as SLICE:PREFIX:NAME, with the process in it, and moves that to the
 * cgroup "container", whose limits it writes. Without cgroupsPath, the scope is isorun-oci-ID.scope. As root of the
 * host, asks the system's manager, and otherwise the user's. *ret_path is the path of "container" in the tree, *ret
 * an fd of it; the caller frees and closes them. Returns 0 or -errno, reported; the scope then ends with the process.
 */
int container_scope_make(const Spec *spec, const char *id, pid_t pid, char **ret_path, int *ret, Report *report);

/* Tells systemd the limits of the scope of a container that runs. Returns 0 or -errno, reported. */
int container_scope_update(const Spec *spec, const State *state, Report *report);

/* Asks systemd to move a process of the caller's to the cgroup of a container in a scope. Returns 0 or -errno,
 * reported. */
int container_scope_attach(const State *state, pid_t pid, Report *report);
