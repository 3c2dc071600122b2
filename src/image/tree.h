/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories whose contents strangers have chosen. Nobody else changes them. */

#include "image/digest.h"

/* The digest of a tree: of the names, types, modes, owners, times and contents of all that is in it. Returns 0 or
 * -errno. */
int tree_digest(const HashLibrary *lib, int directory, Digest *ret);

/* Removes a tree with all that is in it. Does nothing if it does not exist. Returns 0 or -errno. */
int tree_remove(int parent, const char *name);
