/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "util/macro.h"

/* Closes fd unless it is negative; keeps errno. Returns -1, for `fd = fd_close(fd)`. */
static inline int fd_close(int fd) {
        int saved = errno;

        if (fd >= 0)
                close(fd);
        errno = saved;
        return -1;
}

/* Closes n fds and sets each to -1. */
static inline void fds_close(int *fds, size_t n) {
        for (size_t i = 0; i < n; i++)
                fds[i] = fd_close(fds[i]);
}

static inline void fd_closep(int *fd) {
        fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_closep)

/* Reads a whole file of less than 16 MiB. *ret is NUL-terminated, and the caller frees it. *ret_size (may be NULL) does
 * not count the NUL. Returns 0 or -errno: those of open(2) and read(2), and -EFBIG for a larger file. */
int fd_read_all(int fd, char **ret, size_t *ret_size);
int file_read(int dir_fd, const char *path, char **ret, size_t *ret_size);

/* The same for a file of the kernel that is one record, as most of /proc/PID and of a cgroup: a read(2) of it is short
 * only at its end, so that another one is not needed to see the end. Lists, such as mountinfo and cgroup.procs, have
 * many records. */
int record_read(int dir_fd, const char *path, char **ret, size_t *ret_size);

/* Reads such a record into ret, with a NUL: -EFBIG if it has room bytes or more. It leaves the heap alone: each part of
 * the heap that isorun writes to after the clone is there twice as long as the instance runs. */
int record_read_into(int dir_fd, const char *path, char *ret, size_t room);

/* Reads the first line of a file, without its newline. Otherwise like file_read(). */
int file_read_line(int dir_fd, const char *path, char **ret);

/* Opens a regular file for reading. It never calls open(2) on any other kind of file, because that could block or have
 * side effects. It does not wait either until another process gives up a lease (F_SETLEASE of fcntl(2)). Returns the fd
 * or -errno: -EISDIR, -EINVAL for other kinds of files, -EAGAIN for a lease. */
int file_open_regular(const char *path);

/* The same for a file that was opened with O_PATH. */
int fd_open_regular(int place);

/* From now on, the functions here that read or open a path fail with -ELOOP if it has a symlink that leads to
 * /proc/PID/fd or another magic link of the kernel (proc(5)). */
void fd_refuse_magic_links(void);

enum { TEXT_FILE_MAX = 1 << 20 };

/* Reads a text that somebody else may have written, such as a policy: a regular file of less than TEXT_FILE_MAX bytes.
 * /dev/null is an empty text. Otherwise like file_read(), with the errors of file_open_regular(). */
int text_file_read(const char *path, char **ret, size_t *ret_size);

/* Describes an error (a positive errno) of text_file_read() or drop_ins_collect(). */
const char *text_file_strerror(int error);

/* Writes all bytes. Returns 0 or -errno. */
int fd_write_all(int fd, const void *bytes, size_t n);

/* Writes a string with a single write(2), as files of /proc and cgroupfs need it. Returns 0 or -errno. */
int file_write(int dir_fd, const char *path, const char *text);

/* Lists the directories in dir_fd, sorted by name, without "." and "..". The caller frees the array of strings. Returns
 * 0 or -errno. */
int directory_list(int dir_fd, char ***ret);

/* The same with all that is in it. */
int directory_list_all(int dir_fd, char ***ret);

/* Calls readlinkat(2); the caller frees *ret. Returns 0 or -errno. */
int link_read(int dir_fd, const char *path, char **ret);
