/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state of a container: the directory ROOT/ID, which only its owner can enter. It has state.json, and until the
 * command is started, the socket that the first process waits on. There is no daemon: whether the container runs is
 * asked of the kernel. Functions return 0 or -errno, reported. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "util/report.h"

typedef enum Status {
        STATUS_CREATED,
        STATUS_RUNNING,
        STATUS_PAUSED,
        STATUS_STOPPED,
} Status;

typedef struct State {
        char *root, *id;
        int directory; /* ROOT/ID */
        pid_t pid;
        uint64_t started; /* when the process pid did: process_started() */
        json_t *json;     /* what state.json has; strings that are borrowed from it: */
        const char *version, *bundle, *root_path, *created;
        const char *cgroup; /* its path in the tree, or NULL: none */
        uint64_t cgroup_inode; /* of that directory, or 0: an older isorun-oci made the container */
        uint64_t cgroup_root; /* of the root of the tree, or 0, as above */
        bool cgroup_claimed; /* others have made it, and an attribute says which container has it */
        bool systemd;       /* systemd made that as a part of a scope */
        bool half;          /* see state_write_half() */
} State;

#define STATE_SOCKET "start"
#define STATE_FILE "state.json"
#define STATE_CONFIG "config.json" /* a copy of the bundle's */

const char *status_name(Status status);

/* Makes the directory for a new container: -EEXIST if there is one of this name. */
int state_make(const char *root, const char *id, State *ret, Report *report);

/* Writes state.json of json, pid and started, all at once. */
int state_write(State *state, Report *report);

/* Writes what delete --force needs to know of a container that is being made, so that nothing is left of it if this
 * process is killed: the cgroup, the inodes and cgroup_claimed, or without one the first process, pid and started. With
 * cgroup_claimed, these two are what the claim of the cgroup says until state_write(), which replaces it all. */
int state_write_half(const State *state, Report *report);

/* Writes the copy of config.json, all at once: exec and update read it. */
int state_write_config(const State *state, const char *text, Report *report);

/* Reads the state of a container: -ENOENT if there is none of this name, -EBUSY if it is half made. For a
 * half-made container, *ret is what state_write_half() wrote, or empty. */
int state_load(const char *root, const char *id, State *ret, Report *report);

/* The status now. *ret_pidfd, unless NULL, is a pidfd of the first process, which the caller closes, or -1 if the
 * container has stopped: a signal to it reaches no other process that has got the same number. */
int state_status(const State *state, Status *ret, int *ret_pidfd, Report *report);

/* The address of the socket that the first process waits on. It needs the state's directory to be open. */
struct sockaddr_un state_socket_address(const State *state);

/* Whether the cgroup is frozen. */
bool state_is_paused(const State *state);

/* Whether a command has removed the directory. Another container may have the name now. */
bool state_is_removed(const State *state);

/* Removes the directory. Returns 1, 0 if another command has just removed it, or -errno, reported. */
int state_remove(const State *state, Report *report);

void state_deinit(State *state);
#define _cleanup_state_ _cleanup_(state_deinit)
