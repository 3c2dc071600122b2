/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container image as a root: its layers, and the lines of its config, which are the lowest layer of the policy. */

#include "plan/host.h"
#include "policy/policy.h"

typedef struct ImageRoot {
        char **paths;   /* the directories of the layers, lowest first; NULL: RootDirectory= is not a container image */
        int lock;       /* keeps them from being removed as long as it is open; 0: none */
        char *name;     /* "image:NAME:TAG", the origin of the lines */
        char *id;       /* the image's, "sha256:…" */
        Policy *policy; /* owns the origins */
} ImageRoot;

void image_root_deinit(ImageRoot *root);

/* If the policy's RootDirectory= is a container image, finds it in the store of the caller's user, and adds the lines
 * of its config below those of the policy: before the items of a list, and where another directive is not set. A
 * directory in memory for one of the image's volumes is left out if the policy has a volume there. Does nothing if root
 * is already found. Call it before policy_complete(). Returns 0 or -errno, reported. */
int image_root_find(ImageRoot *root, Policy *policy, const Host *host, Report *report);

/* The digest of the lines of a policy whose root is a container image, "sha256:…", on the heap; NULL if memory runs
 * out. The name of the image is left out: its ID says more. So two instances with the same ID and the same digest have
 * the same files and the same policy. Of SetCredential=, it has only the names. */
char *image_root_digest(const Policy *policy);
