/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directory of the containers' states, unless --root names another one. On the heap; NULL when memory runs out. */
char *container_root(void);
