/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Finds the sources of bind mounts that lead into the container's root although their text does not say so: through a
 * symlink of the host, or "..". They are looked up in the container then, as the others in the root. A layer of an
 * overlay or the device of a new file system in the root is an error. Returns 0 or -errno, reported. */
int sources_find_inner(Spec *spec, Report *report);

/* Opens the source, whose path is given, as a place. If it had no symlink before, somebody in the container may have
 * put one there: -ELOOP. Returns the fd or -errno. */
int sources_open(const SpecMount *m, const char *path);
