/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The system call filter of the process of isoctl --root. */

#include <linux/filter.h>

/* Makes the program; the caller frees ret->filter. It denies calls that execute, make memory executable, make sockets
 * or namespaces, change mounts or the root, open files by handles (which lead out of the root), trace or signal
 * processes, and type into the caller's terminal. Returns 0 or -errno. */
int other_root_program(struct sock_fprog *ret);
