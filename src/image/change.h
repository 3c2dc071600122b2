/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store.h"

/* Waits until nobody else changes the store, and removes what an interrupted change has left. This process may get into
 * a user namespace by it (image/users.h). Returns 0 or -errno, reported. */
int store_lock(Store *store, bool add, Report *report);

/* Gives an image a name, which may have belonged to another one. The store must be locked. Returns 0 or -errno. */
int store_set_name(const Store *store, const char *name, const char *id);

/* Removes a name. Returns 0, -ENOENT or another -errno. */
int store_remove_name(const Store *store, const char *name);

/* What store_clean() has done. */
typedef struct Cleaning {
        size_t images, layers; /* removed */
        size_t used;           /* images without a name that an instance uses, and that are kept */
} Cleaning;

/* Removes the images that have no name and that no instance uses, and then the layers that no image has. The store must
 * be locked. Returns 0 or -errno, reported. */
int store_clean(const Store *store, Cleaning *ret, Report *report);

/* Removes the layers that no image has; *ret is their number. The store must be locked. Returns 0 or -errno. */
int store_clean_layers(const Store *store, size_t *ret);
