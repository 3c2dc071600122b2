/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"
#include "sandbox/wire/given.h"

/* Inside, before root_make(): replaces each file by itself behind a read-only mount, and sends isorun those that are
 * inherited. Returns 0, or a negative errno kept in f. */
int given_write_protect(const Plan *plan, const GivenFiles *files, int socket, Failure *f);

#define DEVICE_OUTSIDE "cannot open the device of fd %d in the sandbox"

/* Inside, in the new root: if the fd is of a device that the sandbox has, such as /dev/null, opens that one in its
 * place. There, a read-only mount protects the mode and the owner of the device. Returns 0;
 * 1 if the fd is of a regular file; or -errno. */
int given_replace_device(int fd);
