/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keeper of a pool: pool.h. */

#include "plan/plan.h"
#include "util/report.h"

#define POOL_KEEPER "keeper"                 /* the cgroup of the keeper, in the scope */
#define POOL_ATTRIBUTE "user.isorun.pool"    /* of "instances", when the pool can be used */

/* What the keeper sends to isorun, once. */
typedef struct KeeperAnswer {
        int error; /* 0: the pool is made; EEXIST: the unit exists */
        char text[REPORT_TEXT_MAX]; /* the message for any other error */
} KeeperAnswer;

/* In a new process: makes the pool, answers over the socket, and keeps the pool until it has no instance. The pool is
 * held until the peer closes its end. */
_Noreturn void keeper_main(const Plan *plan, int socket);
