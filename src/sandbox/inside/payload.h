/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/inside.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/wire/failure.h"

/* In the order to join them: the user namespace is first, because it gives the capabilities to join the others. */
enum { INNER_USERS, INNER_NETWORK, INNER_IPC, INNER_UTS, INNER_MOUNTS, INNER_NAMESPACES };

/* The payload between fork(2) and execve(2), and what the reaper keeps of it to make other processes of the
 * instance. */
typedef struct Payload {
        Inside *inside;
        int places[CGROUP_PLACES];   /* from cgroup_move_inside(); -1: none. The reaper's is closed when it is there */
        int inner[INNER_NAMESPACES]; /* the payload's inner namespaces; -1: none */
        int terminal;                /* the instance's own terminal; -1: none */
        int proc;                    /* from root_open_proc() if plan->inner_namespaces, else -1 */
        int queues;                  /* a mount that Landlock's rule for message queues needed, or -1 */
        pid_t pid;
} Payload;

/* The differences between the processes of an instance. */
typedef struct Command {
        const char *executable; /* looked up in the environment's PATH if it has no slash */
        char *const *arguments;
        char **environment;
        const int *standard_io; /* three fds; -1: keep the inherited one */
        unsigned n_passed_fds;  /* from 3 on */
        sigset_t signal_mask;
        bool watched; /* isorun is to trace it */
        bool logged;  /* isorun records what is denied, if inside->logging is there */
} Command;

/* In the first process: forks the payload, and waits until it has become the command. Returns 0 with payload->pid set,
 * or a negative errno kept in f. */
int payload_start(Payload *payload, Failure *f);

/* Like payload_start(), but the payload gets its own inner user namespace (plan->inner_namespaces). The first process
 * gives up its own capabilities before it lets the payload go on. */
int payload_start_inner(Payload *payload, Failure *f);

/* In a process that the reaper has forked: moves to the payload's cgroup, joins the payload's inner namespaces, and
 * changes to its ids and capabilities. Does nothing if the reaper already has them. Returns 0, or a negative errno kept
 * in f. */
int payload_join(const Payload *payload, Failure *f);

/* Executes the command in this process, with the plan's limits, working directory, umask and filters. Returns only if
 * that fails, with the reason in f. */
void payload_become(const Payload *payload, const Command *command, Failure *f);
