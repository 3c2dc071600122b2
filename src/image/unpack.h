/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/archive-library.h"
#include "image/confine.h"
#include "plan/subordinate.h"

typedef struct Unpacking {
        const ArchiveLibrary *lib;
        uint64_t size_max; /* of all files together, also of their holes */
        bool owners;       /* files keep their owners; only for root, also of a user namespace */
        bool set_ids;      /* and set-user-ID bits; only for the machine's root */
        IdRange uids, gids; /* from 0 on, the ids that an owner can have; count 0: all */
        bool plain;        /* not a layer: without owners, whiteouts and xattrs */
} Unpacking;

/* A HelperRun, of an Unpacking: unpacks a tar archive from its input into its directory. A layer's deleted names become
 * the whiteouts of overlayfs with "userxattr", as isorun mounts it. */
void unpack_run(const void *userdata, HelperResult *ret);
