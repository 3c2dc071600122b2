/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/inside/init.h"
#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "util/report.h"

/* Makes a child of this process in the namespaces of config.json, new and joined, and in a cgroup, unless that is -1.
 * New namespaces belong to the joined user namespace, if there is one; then the child has the root of staged.h. joined:
 * see joined_open(). mapped: mounts for that root, or NULL. A new cgroup namespace would begin at this
 * process's cgroup, so the child makes that one. Returns 0 in it, its pid in this process, or -errno, reported. */
pid_t spawn_in_namespaces(Init *init, int joined[static SPEC_NAMESPACES], const int *mapped, int cgroup,
                          Report *report);

/* Makes a child of this process for init_enter(), in the namespaces of a container that runs, and in a cgroup of it,
 * unless that is -1. init_do_ahead() has been called for it. pidfd is of the container's first process. attach, which
 * may be NULL, moves the process if this one may not: it returns 0 or -errno, reported. spawn_in_container() returns
 * the same as spawn_in_namespaces(). */
typedef int (*Attach)(const State *state, pid_t pid, Report *report);
pid_t spawn_in_container(const State *state, Init *init, int pidfd, int cgroup, Attach attach, Report *report);
