/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/deny/filter.h"
#include "sandbox/inside/inside.h"
#include "sandbox/wire/failure.h"

/* In the order to join them: what the capabilities are for comes before the mounts. */
enum { INNER_USERS, INNER_NETWORK, INNER_IPC, INNER_UTS, INNER_MOUNTS, INNER_NAMESPACES };

/* The payload on its way from fork(2) to execve(2), and what other processes need to become one like it. */
typedef struct Payload {
        Inside *inside;
        int filters[FILTERS];        /* of filter_compile() */
        int inner[INNER_NAMESPACES]; /* the payload's own namespaces; -1: none */
        int terminal;                /* the instance's own; -1: none */
        int proc;                    /* plan->inner_namespaces: root_open_proc(); else -1 */
        pid_t pid;
} Payload;

/* In what one process of the instance differs from another. */
typedef struct Command {
        const char *executable; /* without a slash: looked for in the environment's PATH */
        char *const *arguments;
        char **environment;
        const int *standard_io; /* three fds; -1: as it is */
        unsigned n_passed_fds;  /* from 3 on */
        sigset_t signal_mask;
} Command;

/* Forks the payload and waits until it has become the command. Returns 0 with payload->pid set, or a negative
 * errno with the reason kept in f. */
int payload_start(Payload *payload, Failure *f);

/* The same for one that gets its own user namespace inside ours (plan->inner_namespaces). This process has given
 * up its capabilities before the payload goes on. */
int payload_start_inner(Payload *payload, Failure *f);

/* In a process that the reaper has forked: takes on the namespaces, ids and capabilities of the payload, as far as
 * they are not the reaper's. Returns 0, or a negative errno kept in f. */
int payload_join(const Payload *payload, Failure *f);

/* Makes this process the command, with the plan's limits, directory, umask and filters. Comes back only to say in f
 * why not. */
void payload_become(const Payload *payload, const Command *command, Failure *f);
