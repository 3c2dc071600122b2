/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Finds the sources of bind mounts that lead into the container's root although their text does not say so: through a
 * symlink of the host, or "..". They are looked up in the container then, as the others in the root. A layer of an
 * overlay or the device of a new file system in the root is an error. Returns 0 or -errno, reported. */
int sources_find_inner(Spec *spec, Report *report);
