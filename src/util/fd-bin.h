/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fds that are no longer used. They are closed together, because close_range(2) closes many with one call if their
 * numbers follow one another. */

#include "util/macro.h"

enum { FD_BIN_MAX = 128 };

typedef struct FdBin {
        int fds[FD_BIN_MAX]; /* sorted */
        unsigned n, room;    /* room: how many it keeps, a part of the process's limit of fds; 0: not yet known */
} FdBin;

/* Takes over fd, unless it is negative. Keeps errno. */
void fd_bin_add(FdBin *bin, int fd);

/* Closes all. Keeps errno. */
void fd_bin_empty(FdBin *bin);
#define _cleanup_fd_bin_ _cleanup_(fd_bin_empty)
