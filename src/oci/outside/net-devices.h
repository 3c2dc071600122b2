/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Devices that were moved, and how they were before. */
typedef struct NetDevices NetDevices;

/* Moves the network devices of config.json from this process's network namespace to that of the process pid, with
 * their permanent addresses of global scope, names them, and brings them up. Nothing is moved if one of them is not
 * there, or if its name is in use there; if a move fails, all go back. Only root of the host may. *ret stays as it is
 * if there are no devices. Returns 0 or -errno, reported. */
int net_devices_move(const Spec *spec, pid_t pid, NetDevices **ret, Report *report);

/* If the container's network is new, gives its devices back to the host, as they were, before they end with it. In a
 * joined network, they stay. devices may be NULL. */
void net_devices_return(const NetDevices *devices, Report *report);

/* Returns NULL. */
NetDevices *net_devices_free(NetDevices *devices);
