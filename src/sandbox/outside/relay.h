/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's part of notify.h: it finds out which messages systemd accepts, and notes the process that the payload names
 * as its main process. For systemd the main process stays isorun; the named one is only shown by isoctl
 * (CGROUP_ATTRIBUTE("mainpid")). Everything here runs outside. */

#include "sandbox/notify/notify.h"
#include "sandbox/outside/run.h"
#include "sandbox/systemd/service.h"

typedef struct Relay {
        Run *run; /* borrowed */
        Notify *notify; /* NULL: no relay */
        NotifyOwner owner;
        bool ready;     /* READY=1 has come */
        pid_t named;    /* the pid that the payload named last, in the instance's pid namespace */
        pid_t asked;    /* the pid that the reaper was asked about and has not answered; 0: none */
} Relay;

/* Connects to systemd's socket, if the plan has a relay. Returns 0 or -errno, reported. */
int relay_open(Relay *relay);

/* Starts to relay when the payload runs. in is the instance's socket, which is taken over. */
void relay_begin(Relay *relay, int in);

/* Tells systemd for the payload that the service is ready, unless the payload has done so. */
void relay_say_ready(Relay *relay);

/* Handles the reaper's answer, and takes over pidfd: of the named process, or -1 if there is no such process. */
void relay_found_main(Relay *relay, int pidfd);

void relay_deinit(Relay *relay);

/* Ask systemd for the unit's NotifyAccess=, and whether it keeps fds for the unit. Return 0 or -errno. */
int relay_get_access(const ServiceBus *bus, NotifyAccess *ret);

int relay_get_store(const ServiceBus *bus, NotifyStore *ret);
