/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The regular files that the caller gives for reading (isorun … <FILE), and that the payload must not change.
 *
 * Through /proc/self/fd/N, a process can open a file again for writing, and chmod(2) it, although N was opened for
 * reading only. The mount that N was opened through decides. So the first process inside opens such a file again,
 * through a read-only mount of this file alone, and the payload gets that fd:
 *
 *   isorun                                     first process inside (root/given.h), in the old root
 *   finds the files and their paths (outside/given.h)
 *                                              clones the mount at the path, and makes the clone read-only
 *                                              opens the file through it, with the offset of N, as N
 *   keeps the new fds                       <- MESSAGE_GIVEN
 *   at the end, gives the caller's N the offset of the new fd: a shell reads on where the payload has stopped
 *
 * While the clone itself is open in any process, a payload with CAP_SYS_ADMIN can make it writable again. So the first
 * process closes it at once, long before the payload exists. */

#include <stdbool.h>
#include <stddef.h>

typedef struct GivenFile {
        int fd;         /* in isorun and in the first process inside */
        int flags;      /* its flags of open(2) */
        char *path;     /* on the host */
        bool inherited; /* the caller has it, too, and so shares its offset */
        int reopened;   /* outside: the payload's, from MESSAGE_GIVEN; -1: none yet */
} GivenFile;

typedef struct GivenFiles {
        GivenFile *items;
        size_t n;
} GivenFiles;
