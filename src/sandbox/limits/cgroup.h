/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroups below the one that holds the limits. They exist if the payload gets a part of the cgroup tree
 * (Delegate=), or if it may mount, and so could mount the tree itself.
 *
 *     isorun-web.scope    the limits; without Delegate=, the reaper
 *       isorun            with Delegate=: the reaper and, if the unit is a service, isorun, its main process
 *       inside            the root of the payload's cgroup namespace; without Delegate=, the payload
 *         payload         with Delegate=: the payload; its own cgroups are made beside this one
 *         isorun-x.scope  an instance inside this instance, and so on
 *
 * The namespace begins below the limits because the cgroups often belong to the payload's user. With "nsdelegate", the
 * kernel protects the files at the root of a cgroup namespace. But the payload can make another namespace further down,
 * and then write the limits through a mount that it made before.
 *
 * The reaper is outside of the namespace's root, so that the payload can neither freeze nor move it. The kernel limits
 * how many cgroups the payload makes, and how deep, so that they can be removed. */

#include <sys/types.h>

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* isorun describes an instance in extended attributes of its cgroup, for isoctl. "name", "policy" and "command" are
 * texts of at most CGROUP_ATTRIBUTE_MAX bytes. "pid" is the number of the first process inside, and "started" is in
 * microseconds of CLOCK_REALTIME. Two may follow later: "mainpid" is the process that the payload has named as its main
 * process, and "handed-over" is 1 if isorun has left the instance to the reaper. */
#define CGROUP_ATTRIBUTE(name) "user.isorun." name
enum { CGROUP_ATTRIBUTE_MAX = 4096 };

/* One attribute more, for isoctl list as root: these texts, each with a NUL. The kernel lets only CAP_SYS_ADMIN over
 * the host write and read it (xattr(7)), so that isorun as another user, or in a user namespace, has none. */
#define CGROUP_DESCRIPTION "trusted.isorun.instance"
enum { DESCRIBED_PID, DESCRIBED_ISORUN, DESCRIBED_RUNNER, DESCRIBED_STARTED, DESCRIBED_NAME, DESCRIBED_POLICY,
       DESCRIBED_COMMAND, N_DESCRIBED };
enum { CGROUP_DESCRIPTION_MAX = 8192 }; /* a longer one is not written */

/* The places of an instance's processes: each an open cgroup.procs. The kernel allows a move by the rights of the
 * process that has opened the file, so the processes inside move themselves after they have lost theirs. */
enum { CGROUP_OF_REAPER, CGROUP_OF_PAYLOAD, CGROUP_PLACES };

/* Outside: moves the first process inside from the cgroup to its "inside", where the cgroup namespace begins. Opens the
 * places in ret; they stay -1 if isorun cannot make cgroups here, and all processes stay together. Returns 0 or -errno,
 * reported. */
int cgroup_move_inside(const Plan *plan, int cgroup_fd, pid_t pid, int ret[static CGROUP_PLACES], Report *report);

/* Inside: moves the calling process to a place. Does nothing if the place is -1. Returns 0, or a negative errno kept in
 * f. */
int cgroup_take_place(int place, Failure *f);

/* Outside: resume what the payload has frozen in the cgroup of an instance: all of it, or only the cgroups that a
 * command enters. */
void cgroup_thaw(int cgroup_fd);
void cgroup_thaw_payload(int cgroup_fd);

/* Inside, after the cgroup tree is mounted: gives the payload's user what is delegated. Does nothing if the plan mounts
 * no cgroup tree. Returns 0, or a negative errno kept in f. */
int cgroup_settle(const Plan *plan, Failure *f);

/* Outside: enables the controllers that the plan's limits need, or all that it delegates, for the children of dir.
 * Ignores errors: without its controller, a limit cannot be written. */
void cgroup_enable(const Plan *plan, int dir_fd);

/* The same for all controllers that dir has itself. */
void cgroup_enable_all(int dir_fd);

/* Outside: makes a cgroup, or finds it, and opens it with the flags of open(2). Returns the fd or -errno. */
int cgroup_make_below(int cgroup_fd, const char *name, int flags);

/* Outside: makes the cgroup, or finds it, and moves the process into it. "0" is the calling process. Returns 0 or
 * -errno. */
int cgroup_move_below(int cgroup_fd, const char *name, const char *pid);

/* Finds a number in the text of a file of a cgroup: in the first line or, if key is not NULL, in the line that begins
 * with key and a space. Changes the text. Returns 0; -ERANGE for "max"; or -ENODATA if there is no such line, or
 * another word. */
int cgroup_find_number(char *text, const char *key, uint64_t *ret);

/* The same for a file. Returns also another -errno if it cannot be read. */
int cgroup_number(int cgroup_fd, const char *file, const char *key, uint64_t *ret);

/* Whether neither the cgroup nor one below it has processes; false if that cannot be read. */
bool cgroup_is_empty(const char *path);

/* Outside: removes all cgroups below one that have no processes. */
void cgroup_empty(int cgroup_fd);

/* Outside: removes a cgroup that isorun made, and the cgroups that the payload made in it. Waits up to a second for the
 * last process to be gone. */
void cgroup_remove(const char *path);

/* Outside, when the payload has ended: kills what is left of it, and removes its cgroups, for up to 10 seconds. The
 * path of a deep one may be longer than systemd can handle. So this is done while the reaper still keeps the unit
 * alive: systemd tries to remove the unit's cgroup only once. */
void cgroup_end_payload(int cgroup_fd);

/* Outside, when systemd has given up the cgroup of a scope: removes it with all cgroups below. To stop a unit, systemd
 * sends the signals by the paths of its cgroups. If one is too long, it kills the reaper at once, says that the unit
 * has stopped, and cannot remove what cgroup_end_payload() has not yet removed. */
void cgroup_remove_rest(int cgroup_fd);

/* Outside: removes the cgroups in dir of instances that have ended but whose isorun was killed. */
void cgroup_sweep(const char *dir);

/* The same, but in a directory with many cgroups only some callers do it, by chance, so that each looks at about eight
 * on average. links: the directory's number of links. */
void cgroup_sweep_some(const char *dir, nlink_t links);
