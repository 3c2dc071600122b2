/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The network namespace. The kernel takes as long to make it as for the whole root. */

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/wire/failure.h"

/* A network namespace in the making. */
typedef struct Network {
        pid_t maker; /* 0: none */
        char *stack; /* of the maker */
        int fd;      /* the namespace; -1: not made */
} Network;

/* Whether a processor is likely to be free for network_begin(). If none is free, network_begin()'s process waits for
 * its turn, and the first process waits for it, so network_make() is faster. */
bool network_has_processor(void);

/* Makes a network namespace with its loopback device up, and moves this process to it. Returns 0, or a negative errno
 * kept in f. */
int network_make(Failure *f);

/* Has another process make a network namespace, with its loopback device up, while this one goes on, and opens about so
 * many fds. The object must not move until network_join(). Returns 0, or a negative errno kept in f. */
int network_begin(Network *n, unsigned fds, Failure *f);

/* Waits for the namespace and moves this process to it. Does nothing without network_begin(), or the second time.
 * Returns 0, or a negative errno kept in f. */
int network_join(Network *n, Failure *f);

/* Brings up the loopback device of this process's network namespace: netdevice(7). Returns 0 or -errno. */
int network_loopback_up(void);
