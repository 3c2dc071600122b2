/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Containers of isorun-oci, and their bundles. */

#include "cmd/container/container-policy.h"
#include "oci/explain/bundle.h"
#include "oci/spec/spec.h"
#include "util/report.h"

typedef struct ContainerView {
        Spec spec;
        ContainerPolicy policy; /* that of the annotation */
        Bundle bundle;          /* refers to both */
} ContainerView;

/* Reads the config.json that a word means: a bundle's directory, a config.json, the directory of a container's state,
 * or, if no policy has the name, the ID of a container. Narrows it by the policy of its annotation. Returns 1, 0 if it
 * is nothing of these, or -errno, reported. Call container_view_deinit() in either case; do not move *ret. */
int container_view_open(const char *word, ContainerView *ret, Report *report);
void container_view_deinit(ContainerView *view);
