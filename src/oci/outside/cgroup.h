/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroup of a container, in the tree of version 2. Functions return 0 or -errno, reported. */

#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "util/report.h"

/* Makes the cgroup of config.json, which must not have processes, and writes its limits. Takes none that isorun-oci
 * made for another container. Without a cgroupsPath, makes one below the caller's, where the caller's limits hold; if
 * that fails, it is an error only if there are limits or device rules. *ret_path is the cgroup's path in the tree, or
 * NULL: none; *ret is an fd of it, or -1. The caller frees and closes them. *ret_claimed: somebody else has made it,
 * and container_cgroup_claim() is to say whose it is. */
int container_cgroup_make(const Spec *spec, const char *id, char **ret_path, int *ret, bool *ret_claimed,
                          Report *report);

/* Writes the limits of config.json, and enforces its device rules. path is for messages. */
int container_cgroup_limit(const Spec *spec, int fd, const char *path, Report *report);

/* Writes one of them. */
int container_cgroup_write(const SpecCgroupFile *f, int fd, const char *path, Report *report);

/* Opens a cgroup by its path in the tree. Returns the fd, or -errno, reported. */
int container_cgroup_open_path(const char *path, Report *report);

/* Opens the container's cgroup. Returns the fd, or -errno, reported. A container without a cgroup is an error, and one
 * whose cgroup was replaced. */
int container_cgroup_open(const State *state, Report *report);

/* What tells the tree at /sys/fs/cgroup from the part of it that another cgroup namespace shows there; 0 if there is
 * none. */
uint64_t container_cgroup_root(void);

/* Whether the tree here is that in which the container's cgroup was made. */
bool container_cgroup_is_visible(const State *state);

/* Whether the container had a cgroup, and it is not there. In a tree where it would be visible, it was removed: then no
 * process was left in it. systemd removes that of a scope when the last one has ended. */
bool container_cgroup_is_gone(const State *state);

/* What tells a cgroup from a later one at the same path; 0 if that cannot be read. */
uint64_t container_cgroup_inode(int fd);

/* Notes in a cgroup which container it is of, if the kernel lets it: by its first process. */
void container_cgroup_claim(int fd, pid_t pid, uint64_t started);

/* Kills all processes, and removes the cgroup and those below it. If another one is there now, or if it is another
 * container's by now, does nothing. Returns 0, or -errno, not reported, if processes of it may live still: -ESTALE if
 * those in it are another container's, -EXDEV if it is not visible here. */
int container_cgroup_remove(const State *state);

/* The same for the cgroup fd of a container that could not be made. */
void container_cgroup_discard(const char *path, int fd);

/* Freezes or thaws, and waits until that has happened. What is not frozen after 10 seconds is thawed: an error. */
int container_cgroup_freeze(const State *state, bool frozen, Report *report);

/* Sends a signal to all processes. */
int container_cgroup_kill(const State *state, int sig, Report *report);

/* Reads the pids of all processes, also of the cgroups below. *ret is on the heap. */
int container_cgroup_pids(const State *state, pid_t **ret, size_t *ret_n, Report *report);
