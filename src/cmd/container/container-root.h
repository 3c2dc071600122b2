/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The directory of the containers' states, unless --root names another one. On the heap; NULL when memory runs out. */
char *container_root(void);

/* Whether that directory has the state of a container. A lack of memory, or of permission, is a no. */
bool container_exists(const char *id);
