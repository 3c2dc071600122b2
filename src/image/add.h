/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Takes an image into the store. */

#include "image/store.h"

typedef struct ImageAddition {
        const char *source;  /* "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]" or "docker-archive:FILE[:TAG]" */
        const char *name;    /* NAME[:TAG]; NULL: as the source calls it, or else the source's own name */
        uint64_t size_max;   /* of a layer's files together, and of an archive */
} ImageAddition;

/* Returns 0 with the image's NAME:TAG and ID, on the heap, or -errno, reported; the store is then as before. A signal
 * that ends this process does so after that. */
int image_add(Store *store, const ImageAddition *addition, char **ret_name, char **ret_id, Report *report);
