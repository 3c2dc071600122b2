/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Makes a socket for sd_notify(3) at SPEC_NOTIFY_SOCKET in the root of a container, in a read-only directory in memory,
 * so that nothing of the host is in the container for it. *ret is the socket. Returns 0, or a negative errno kept in
 * f. */
int ready_listen(const Spec *spec, int root, int *ret, Failure *f);
