/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The first process of a container, until it executes the command.
 *
 *     isorun-oci create                 first process
 *     makes the namespaces       ────►  waits
 *     writes the id maps: MAPPED ────►  makes the root
 *     maps the ids of a mount    ◄────  GIVEN: its source is in the root
 *                    CONTINUE    ────►
 *     runs hooks, if there are   ◄────  STEP_BEGUN
 *                    CONTINUE    ────►  hooks, pivot_root(2), looks for the command
 *                                ◄────  STEP_ROOT_MADE, or FAILED
 *     writes the state: GO, ends ────►  waits on the socket in the state directory
 *     isorun-oci start: connects ────►  NOTIFYING, if it has a notify socket
 *                                       takes ids and capabilities, executes; FAILED, or the end of the stream
 *
 * isorun-oci run goes on by the first connection.
 * If isorun-oci ends before GO, the first process ends, too. */

#include <signal.h>

#include "oci/inside/process.h"
#include "oci/spec/spec.h"

typedef struct Init {
        const Spec *spec;
        const SpecProcess *process;
        const char *id;     /* of the container, for hooks */
        const int *sources; /* see RootGiven; NULL: none */
        int socket;         /* to isorun-oci create or exec */
        const int *mapped;  /* fds of the idmapped mounts; NULL: there are none */
        int cgroup;         /* see RootGiven; it comes with MAPPED */
        int start;          /* the listening socket that isorun-oci start connects to; -1: of run and exec */
        unsigned preserved; /* fds from 3 on that the command gets */
        bool notifies;      /* the container gets a socket for sd_notify(3) */
        int notify;         /* that socket, or -1 */
        bool no_pivot;      /* change to the root without pivot_root(2) */
        bool keyring;       /* join a new session keyring */
        bool groups_denied; /* setgroups(2) is denied in the user namespace */
        sigset_t signal_mask; /* the caller's */
        uint64_t ignored;     /* the signals that it ignores: process_ignored_signals() */
        Ahead ahead;          /* of init_do_ahead() */
} Init;

/* CLONE_NEW*: the namespaces that the first process makes itself, and is not cloned into. */
uint64_t init_namespaces(const Spec *spec);

/* In the process that has joined a user namespace of others, and makes the first one: does what that one must not do
 * itself, with the ids of the host's root, since root of the user namespace may mount something over its /proc. */
int init_begin_joined(Init *init, Failure *f);

_Noreturn void init_main(Init *init);

/* In the process that makes the one of init_enter(), and is in the namespaces of the container, but not yet seen there:
 * closes all fds but the socket and those that the command gets, and keeps no capability that is not needed any more. A
 * process of the container with CAP_SYS_PTRACE could take them. */
int init_do_ahead(Init *init, Failure *f);

/* A process that isorun-oci exec has made in the namespaces of a container. It waits for MESSAGE_MAPPED, looks for the
 * command, answers with STEP_ROOT_MADE, waits for MESSAGE_GO, and executes; the socket carries the reason if it
 * cannot. */
_Noreturn void init_enter(Init *init);
