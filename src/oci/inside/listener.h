/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Installs a filter whose listener an agent gets, and returns when it has it. socket: to isorun-oci, which passes the
 * fd on. Returns 0, or a negative errno kept in f. */
int listener_install(const Spec *spec, int socket, Failure *f);
