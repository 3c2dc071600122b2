/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The User of an image's config: image-spec/config.md. */

#include "image/store.h"
#include "util/report.h"

typedef struct ImageUser {
        uint32_t uid, gid;
        char *home; /* of the image's /etc/passwd; NULL: it does not have the user, or no absolute path for it */
} ImageUser;

/* Finds USER[:GROUP], names or numbers, in /etc/passwd and /etc/group as an instance of these layers (lowest first)
 * sees them: also through symlinks, whose targets are in the layers again. A number need not be there; its group is
 * then 0. Supplementary groups are not looked up. Returns 0 or -errno, reported. The caller frees ret->home. */
int image_user_find(const Store *store, char *const *layers, const char *text, ImageUser *ret, Report *report);
