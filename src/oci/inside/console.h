/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Makes a pseudo-terminal in the container's devpts, at /dev/pts below root, and makes it the controlling terminal and
 * fds 0 to 2 of this process, which leads a session. Sends the master to isorun-oci over socket. bind: also mounts it
 * at /dev/console. Returns 0, or a negative errno kept in f. */
int console_open(const Spec *spec, const SpecProcess *process, int root, bool bind, int socket, Failure *f);
