/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Moves the network devices of config.json from this process's network namespace to that of the process pid, with their
 * permanent addresses of global scope, names them, and brings them up. Nothing is moved if one of them is not there, or
 * if its name is in use there. Only root of the host may. Returns 0 or -errno, reported. */
int net_devices_move(const Spec *spec, pid_t pid, Report *report);
