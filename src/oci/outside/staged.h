/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of a process that joins a user namespace U of others. The mount namespace of a container there belongs to U,
 * so root of U may enter it at any time, by a file handle of nsfs, whether or not it may trace a process in it. So this
 * namespace must never hold the host's mounts:
 *
 *     isorun-oci           process between, with the caller's rights        first process, in U
 *     forks          ────► own mount namespace: an empty tmpfs in memory,
 *                          with copies of what the container needs
 *                          closes fds that lead to the host's directories
 *                          pivot_root(2): the host's mounts are gone,
 *                          which it proves by the table of mounts
 *                          joins U, clones, ends                      ────► has a copy of the copies, locked;
 *                                                                           makes the root from them
 *
 * The mount namespace in the middle has the host's mounts for a time, but belongs to the caller's user namespace, where
 * root of U has no rights. What is in the tmpfs, and where, says oci/inside/root.h. Since the kernel locks these mounts
 * for U, their options stay as they are on the host. */

#include "oci/spec/spec.h"
#include "util/report.h"

/* Does the steps up to the proof. mapped: the detached mounts that map ids, which the tmpfs gets, or NULL. *cgroup,
 * which may be -1, becomes an fd from which no other cgroup can be reached. Returns 0 or -errno, reported. */
int staged_enter(const Spec *spec, const int *mapped, int *cgroup, Report *report);

/* When the process has joined U: whether root there may not write to a directory that only the caller may write to.
 * caller: the uid that this process had before. Returns 0 or -errno, reported. */
int staged_check_joined(const Spec *spec, uid_t caller, Report *report);
