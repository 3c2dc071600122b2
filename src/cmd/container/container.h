/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Containers of isorun-oci, and their bundles. */

#include "oci/spec/spec.h"
#include "util/report.h"

/* Reads the config.json that a word means: a bundle's directory, a config.json, the directory of a container's state,
 * or, if no policy has the name, the ID of a container. Returns 1, 0 if it is nothing of these, or -errno, reported. */
int container_find_spec(const char *word, Spec *ret, Report *report);
