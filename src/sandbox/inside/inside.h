/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "plan/plan.h"
#include "sandbox/deny/filter.h"
#include "sandbox/wire/given.h"

/* What the first process inside gets from isorun through clone3(2). */
typedef struct Inside {
        const Plan *plan;
        const Filter *filter; /* from filter_get() */
        const Filter *watching; /* the filters of a payload that is watched */
        const Filter *logging; /* the filters of a payload whose denials are recorded; NULL: they are not */
        int socket;           /* to isorun */
        int bus_socket;       /* to connect to plan->bus_sockets; -1: none */
        int standard_io[3];   /* from standard_io_open() */
        const GivenFiles *given;
        const int *id_mapped; /* from id_mapped_make() */
        int notify;           /* from root_make(); -1: none */
        sigset_t forwarded;   /* signals that isorun forwards; blocked here */
        sigset_t signal_mask; /* the caller's, for the payload */
        bool foreground;      /* isorun is in the foreground of the caller's terminal, if plan->terminals has one */
        bool steps;           /* isorun wants a MESSAGE_STEP for each step */
        bool unmount_late;    /* unmount_may_be_late() */
        bool requested;       /* systemd may have been asked to move this process */
} Inside;
