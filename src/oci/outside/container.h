/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun-oci does to a container. Functions return 0 or -errno, reported. */

#include <signal.h>

#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "util/report.h"

/* Who gets the terminal of a process: an engine, the caller, or nobody. */
typedef struct Console {
        const char *path; /* an engine listens there; NULL: no engine */
        int socket;       /* the connection to it */
        int *master;      /* the caller, who closes it; NULL: not the caller */
        void (*prepare)(int master); /* called before the command can use the terminal */
} Console;

typedef struct CreateRequest {
        const char *root, *id;
        const char *pid_file; /* NULL: none */
        const char *pidfd_socket; /* gets a pidfd of the first process; NULL: none */
        Console console;
        unsigned preserved;   /* fds from 3 on that the command gets */
        bool keyring;         /* the container gets a session keyring of its own */
        bool no_pivot;        /* change to the root without pivot_root(2) */
        bool systemd;         /* systemd makes the cgroup: a scope */
        bool no_cgroup;       /* the container stays in the caller's */
        bool notifies;        /* the container gets a socket for sd_notify(3): see ready.h */
        sigset_t signal_mask; /* of the command */
        int *connection;      /* NULL: the first process waits for container_start(). Otherwise it starts the command
                               * now: a socket for container_await_start() */
} CreateRequest;

/* Makes a container. Its first process is a child of this process. If that fails, nothing is left. */
int container_create(Spec *spec, const CreateRequest *request, State *ret, Report *report);

typedef struct ExecRequest {
        const SpecProcess *process;
        const char *pid_file, *pidfd_socket;
        Console console;
        const char *cgroup; /* below the container's; NULL: the container's, or that of its first process */
        bool paused; /* the container may be paused: the process waits until it is resumed */
        unsigned preserved;
        bool keyring;
        sigset_t signal_mask;
} ExecRequest;

/* Starts another process in a container that runs or waits for its start. spec is the container's. It is a child of
 * this process. Returns when the command has been executed. */
int container_exec(const State *state, const Spec *spec, const ExecRequest *request, pid_t *ret, Report *report);

/* Starts the command of a created container. Returns when it has been executed. If a signal comes before that, kills
 * the container. *ret_notify is the container's socket for sd_notify(3), which the caller closes, or -1. */
int container_start(const State *state, int *ret_notify, Report *report);

/* Waits until the command of a container that this process has just made has been executed. Closes connection. */
int container_await_start(const State *state, const Spec *spec, int connection, int *ret_notify, Report *report);

/* all: not only the first process. A container without a cgroup has a pid namespace of its own, so the end of the first
 * process ends all others; no other signal reaches these. */
int container_kill(const State *state, int sig, bool all, Report *report);

/* Changes the limits of a container from those of old to those of changed: spec_change_resources(). */
int container_update(const State *state, const Spec *old, const Spec *changed, Report *report);

/* Removes a container that was left half made: what state_write_half() says of it. If it is still being made, that
 * fails then. */
int container_delete_half(const State *state, Report *report);

/* Removes a container that has stopped, or was only created. spec: that of a container that this process has made;
 * NULL: this function reads the copy of config.json. force: kills a running one, too. */
int container_delete(const State *state, const Spec *spec, bool force, Report *report);
