/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Hides the files below a directory of the new root that match a pattern. */
typedef struct HideRule {
        const char *pattern; /* glob(7), relative to the directory; "*" and "?" also match a leading dot */
        MountAsker asker;
        Origin origin;
        const char *key;
} HideRule;

/* Whether the first component of the pattern matches that of the relative path. Returns 1, 0 or -ENOMEM. */
int component_match(const char *pattern, const char *path);

/* Adds a hidden place for each match. Needs the model with all mounts but the hidden places. If isorun cannot look into
 * a directory, it hides the whole directory; if that is top itself, it reports an error. */
int root_builder_hide(RootBuilder *rb, const char *top, const HideRule *rules, size_t n);
