/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The annotation isorun.policy=NAME of a bundle: the container is what config.json says, less what the policy does not
 * allow. A policy never adds anything to a container. */

#include "lib/load.h"
#include "oci/spec/spec.h"

typedef struct ContainerPolicy {
        Loaded loaded;
        Plan *plan;       /* only calls, rules, and Landlock's part */
        SpecPolicy added; /* the Spec refers to it */
} ContainerPolicy;

void container_policy_deinit(ContainerPolicy *p);

/* Reads the policy that the annotation names, if there is one, and narrows the Spec, which refers to *p then. Lines
 * that isorun-oci cannot add to a container are an error, or, if Optional= names the directive, a notice; quiet:
 * without notices, which were there when the container was made. Returns 0 or -errno, reported; call
 * container_policy_deinit() in either case, after spec_deinit(). */
int container_policy_apply(ContainerPolicy *p, Spec *spec, bool quiet, Report *report);

/* Narrows the resource limits of a process of the container. */
int container_policy_limit(const ContainerPolicy *p, SpecProcess *process, Report *report);
