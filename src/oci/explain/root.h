/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of a container, as a plan of mounts. */

#include "oci/explain/bundle.h"
#include "plan/plan.h"

typedef struct BundleRoot {
        Plan plan;    /* its mounts, sorted by destination, and who uses them */
        char **words; /* for each mount: what it is, for a reader */
} BundleRoot;

/* The words of a place that is covered by nothing. */
#define BUNDLE_HIDDEN "hidden"

/* Fills *ret, which refers to the bundle. Returns 0 or -ENOMEM; call bundle_root_deinit() in either case. */
int bundle_root_make(Bundle *bundle, BundleRoot *ret);

/* Adds the masked and read-only paths, and those of the annotation's policy, for printing alone. Returns 0 or
 * -ENOMEM. */
int bundle_root_protect(Bundle *bundle, BundleRoot *root);

/* Where a path leads, with the symlinks and mounts of the root, on the heap; NULL when memory runs out. *ret_missing,
 * unless NULL, is whether isoctl knows that it does not exist. */
char *bundle_root_resolve(const BundleRoot *root, const char *path, bool *ret_missing);

/* The line of the annotation's policy that has a path. */
Origin bundle_path_origin(const Bundle *bundle, DirectiveId id, const char *path);

void bundle_root_deinit(BundleRoot *root);
