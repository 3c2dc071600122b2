/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/fd-bin.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

static unsigned find_room(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 4)
                return 1;
        return limit.rlim_cur / 4 < FD_BIN_MAX ? (unsigned) limit.rlim_cur / 4 : FD_BIN_MAX;
}

void fd_bin_add(FdBin *bin, int fd) {
        enum { FEW = 8 }; /* so many that no limit matters */
        int saved = errno;
        unsigned i;

        if (fd < 0)
                return;
        if (bin->room == 0 && bin->n == FEW)
                bin->room = find_room();
        if (bin->room > 0 && bin->n >= bin->room)
                fd_bin_empty(bin);
        for (i = bin->n++; i > 0 && bin->fds[i - 1] > fd; i--)
                bin->fds[i] = bin->fds[i - 1];
        bin->fds[i] = fd;
        errno = saved;
}

void fd_bin_empty(FdBin *bin) {
        int saved = errno;

        for (unsigned i = 0, end; i < bin->n; i = end) {
                for (end = i + 1; end < bin->n && bin->fds[end] == bin->fds[end - 1] + 1;)
                        end++;
                if (close_range((unsigned) bin->fds[i], (unsigned) bin->fds[end - 1], 0) < 0)
                        for (unsigned k = i; k < end; k++)
                                close(bin->fds[k]);
        }
        bin->n = 0;
        errno = saved;
}
