/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/terminal-fds.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bool terminal_is_master(int fd) {
        struct stat st;

        /* /dev/ptmx is character device 5:2 (devices.txt). */
        return fstat(fd, &st) >= 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

int terminal_find_input(unsigned mask) {
        return mask ? __builtin_ctz(mask) : -1;
}

int terminal_find_output(unsigned mask) {
        return terminal_find_input(mask & 1U << STDIN_FILENO && mask != 1U << STDIN_FILENO ? mask & ~1U : mask);
}
