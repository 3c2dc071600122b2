/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of a container, made in the mount namespace of its first process. Functions return 0 or an fd, or a negative
 * errno kept in f. */

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Attaches a copy of the root's mounts over its own directory, and makes the mounts in it, in their order. *ret is an
 * fd of the new root, which the caller closes. */
int root_begin(const Spec *spec, int *ret, Failure *f);

/* Makes the devices that each container has, and those of config.json. */
int devices_make(const Spec *spec, int root, Failure *f);

/* Writes the sysctls, and hides or write-protects paths. */
int root_protect(const Spec *spec, int root, Failure *f);

/* Changes to the root. The host's mounts are gone then, and "/" is the working directory. */
int root_enter(const Spec *spec, int root, Failure *f);
