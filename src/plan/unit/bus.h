/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Finds the sockets of the bus that the plan's manager is on, if the first process inside is to connect to it. */
int build_bus(Builder *b);

/* Appends to *ret the sockets that are named by a list of D-Bus addresses: paths, and "@" before abstract names. Skips
 * addresses of other kinds. Returns 0 or -ENOMEM. */
int bus_address_sockets(const char *addresses, char ***ret);
