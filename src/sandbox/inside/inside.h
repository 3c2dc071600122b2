/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "plan/plan.h"

/* What the process inside gets from isorun across clone3(2). */
typedef struct Inside {
        const Plan *plan;
        int socket;           /* to isorun */
        int standard_io[3];   /* of standard_io_open() */
        const int *id_mapped; /* of id_mapped_make() */
        int notify;           /* of root_make(); -1: none */
        sigset_t forwarded;   /* signals that isorun hands on; blocked here */
        sigset_t signal_mask; /* the caller's, for the payload */
        bool foreground;      /* plan->terminals: isorun is in the foreground of the caller's */
        bool steps;           /* isorun is told of each */
        bool requested;       /* systemd may have been asked to move this process */
} Inside;
