/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "util/macro.h"

/* Closes fd where it is one; keeps errno. Returns -1, for `fd = fd_close(fd)`. */
static inline int fd_close(int fd) {
        int saved = errno;

        if (fd >= 0)
                close(fd);
        errno = saved;
        return -1;
}

/* The same for n of them, all -1 then. */
static inline void fds_close(int *fds, size_t n) {
        for (size_t i = 0; i < n; i++)
                fds[i] = fd_close(fds[i]);
}

static inline void fd_closep(int *fd) {
        fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_closep)

/* Reads a whole file, as far as 16 MiB. *ret is NUL-terminated, the caller frees it; *ret_size (may be NULL)
 * is without the NUL. Returns 0 or -errno: open(2)'s and read(2)'s, -EFBIG. */
int fd_read_all(int fd, char **ret, size_t *ret_size);
int file_read(int dir_fd, const char *path, char **ret, size_t *ret_size);

/* Reads a one-line file without its newline. As file_read(). */
int file_read_line(int dir_fd, const char *path, char **ret);

/* Opens a file to be read, if it is a regular one: no other is touched, not even by open(2). Returns the fd or -errno,
 * -EINVAL for another kind of file. */
int file_open_regular(const char *path);

/* Writes a string with one write(2), as files of /proc and cgroupfs want it. Returns 0 or -errno. */
int file_write(int dir_fd, const char *path, const char *text);

/* The names of the directories in dir_fd that begin with no ".", sorted, as an array of strings that the caller frees.
 * Returns 0 or -errno. */
int directory_list(int dir_fd, char ***ret);

/* readlinkat(2) into memory that the caller frees. Returns 0 or -errno. */
int link_read(int dir_fd, const char *path, char **ret);
