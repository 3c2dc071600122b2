/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's part of notify.h: where the messages go, who may speak, and the process that the command names as its main
 * one, which stays isorun for systemd, and is only shown: CGROUP_ATTRIBUTE("mainpid"). */

#include "sandbox/notify/notify.h"
#include "sandbox/outside/run.h"
#include "sandbox/systemd/service.h"

typedef struct Relay {
        const Run *run; /* borrowed */
        Notify *notify; /* NULL: nothing is relayed */
        NotifyOwner owner;
        bool ready;     /* it has been said once */
        pid_t named;    /* what the command has said last, as a pid inside */
        pid_t asked;    /* what the reaper was asked for and has not answered; 0: nothing */
} Relay;

/* Connects to systemd's socket, if there is to be a relay. Returns 0 or -errno, reported. */
int relay_open(Relay *relay);

/* When the payload runs: in is the instance's socket, which is taken over. */
void relay_begin(Relay *relay, int in);

/* The reaper's answer: pidfd, taken over, is of the process that was named; -1: there is no such process. */
void relay_found_main(Relay *relay, int pidfd);

void relay_deinit(Relay *relay);

/* Whom systemd listens to in the unit. Returns 0 or -errno. */
int relay_get_access(const ServiceBus *bus, NotifyAccess *ret);

/* Whether systemd keeps fds for the unit. Likewise. */
int relay_get_store(const ServiceBus *bus, NotifyStore *ret);
