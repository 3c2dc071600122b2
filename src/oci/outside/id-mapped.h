/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Makes the idmapped mounts of config.json; only root outside of all user namespaces may. users is an fd of the user
 * namespace that the container joins, or -1. *ret is an array for mount_fds_free() of oci/inside/root.h, with the fd of
 * a detached mount, or -1, for each mount; NULL if no mount maps ids. Returns 0 or -errno, reported. */
int mapped_make(const Spec *spec, int users, int **ret, Report *report);
