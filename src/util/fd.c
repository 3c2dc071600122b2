/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/kernel.h"
#include "util/strv.h"

enum { READ_MAX = 16 << 20 };

static bool no_magic_links;

void fd_refuse_magic_links(void) {
        no_magic_links = true;
}

static int open_path(int dir_fd, const char *path, int flags) {
        const struct open_how how = { .flags = (uint64_t) flags, .resolve = RESOLVE_NO_MAGICLINKS };

        return no_magic_links ? sys_openat2(dir_fd, path, &how) : openat(dir_fd, path, flags);
}

/* What is read of a file. */
typedef enum Extent {
        EXTENT_ALL,
        EXTENT_LINE,
        EXTENT_RECORD,
} Extent;

static bool is_enough(Extent extent, const char *bytes, size_t size, size_t room) {
        return (extent == EXTENT_RECORD && size < room) || (extent == EXTENT_LINE && memchr(bytes, '\n', size));
}

/* Reads a file of less than max bytes; max is a power of two. Most files fit on the stack, so that the text has just
 * its own size on the heap. */
static int read_less_than(int fd, size_t max, Extent extent, char **ret, size_t *ret_size) {
        char first[4096], *buffer = first;
        _cleanup_free_ char *text = NULL;
        size_t size = 0, room = sizeof(first);

        for (;;) {
                ssize_t n = read(fd, buffer + size, room - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;

                size += (size_t) n;
                if (is_enough(extent, buffer, size, room))
                        break;
                if (size == room) {
                        char *p;

                        if (room >= max)
                                return -EFBIG;
                        room *= 2;
                        p = realloc(text, room + 1);
                        if (!p)
                                return -ENOMEM;
                        if (!text)
                                memcpy(p, first, size);
                        buffer = text = p;
                }
        }

        if (!text) {
                text = malloc(size + 1);
                if (!text)
                        return -ENOMEM;
                memcpy(text, first, size);
        }
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int fd_read_all(int fd, char **ret, size_t *ret_size) {
        return read_less_than(fd, READ_MAX, EXTENT_ALL, ret, ret_size);
}

static int read_path(int dir_fd, const char *path, Extent extent, char **ret, size_t *ret_size) {
        /* So a FIFO in the place of a file is empty, and open(2) waits for nobody. */
        _cleanup_close_ int fd = open_path(dir_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : read_less_than(fd, READ_MAX, extent, ret, ret_size);
}

int file_read(int dir_fd, const char *path, char **ret, size_t *ret_size) {
        return read_path(dir_fd, path, EXTENT_ALL, ret, ret_size);
}

int record_read(int dir_fd, const char *path, char **ret, size_t *ret_size) {
        return read_path(dir_fd, path, EXTENT_RECORD, ret, ret_size);
}

int record_read_into(int dir_fd, const char *path, char *ret, size_t room) {
        _cleanup_close_ int fd = open_path(dir_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        ssize_t n = fd < 0 ? -1 : TEMP_FAILURE_RETRY(read(fd, ret, room));

        if (n < 0)
                return -errno;
        if ((size_t) n == room)
                return -EFBIG;
        ret[n] = '\0';
        return 0;
}

int file_read_line(int dir_fd, const char *path, char **ret) {
        int r = read_path(dir_fd, path, EXTENT_LINE, ret, NULL);

        if (r >= 0)
                (*ret)[strcspn(*ret, "\n")] = '\0';
        return r;
}

int fd_open_regular(int place) {
        char link[32];
        struct stat st;
        int fd;

        if (fstat(place, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
        fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int file_open_regular(const char *path) {
        _cleanup_close_ int place = open_path(AT_FDCWD, path, O_PATH | O_CLOEXEC);

        return place < 0 ? -errno : fd_open_regular(place);
}

int text_file_read(const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -1;
        struct stat st, null;

        if (stat(path, &st) < 0)
                return -errno;
        /* A link to /dev/null takes a file away: systemd.unit(5), "masked". */
        if (S_ISCHR(st.st_mode) && stat("/dev/null", &null) >= 0 && st.st_rdev == null.st_rdev) {
                *ret = strdup("");
                *ret_size = 0;
                return *ret ? 0 : -ENOMEM;
        }
        fd = file_open_regular(path);
        return fd < 0 ? fd : read_less_than(fd, TEXT_FILE_MAX, EXTENT_ALL, ret, ret_size);
}

const char *text_file_strerror(int error) {
        switch (error) {
        case EINVAL:
                return "not a regular file";
        case EFBIG:
                return "too large (the limit is 1 MiB)";
        case EAGAIN:
                return "reading it would block";
        case E2BIG:
                return "too many files";
        default:
                return strerror(error);
        }
}

int fd_write_all(int fd, const void *bytes, size_t n) {
        for (const char *next = bytes; n > 0;) {
                ssize_t k = write(fd, next, n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                next += k;
                n -= (size_t) k;
        }
        return 0;
}

int file_write(int dir_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return -errno;

        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int is_entry(const struct dirent *e) {
        return !streq(e->d_name, ".") && !streq(e->d_name, "..");
}

static int is_directory(const struct dirent *e) {
        return e->d_type == DT_DIR && is_entry(e);
}

static int compare_entries(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(int dir_fd, int (*is_wanted)(const struct dirent *e), char ***ret) {
        _cleanup_strv_free_ char **names = NULL;
        struct dirent **entries;
        bool whole;
        int n;

        n = scandirat(dir_fd, ".", &entries, is_wanted, compare_entries);
        if (n < 0)
                return -errno;
        names = n > 0 ? calloc((size_t) n + 1, sizeof(char *)) : NULL;
        whole = n == 0 || names;
        for (int i = 0; i < n; i++) {
                if (whole)
                        whole = (names[i] = strdup(entries[i]->d_name));
                free(entries[i]);
        }
        free(entries);
        if (!whole)
                return -ENOMEM;
        *ret = TAKE_PTR(names);
        return 0;
}

int directory_list(int dir_fd, char ***ret) {
        return list(dir_fd, is_directory, ret);
}

int directory_list_all(int dir_fd, char ***ret) {
        return list(dir_fd, is_entry, ret);
}

int link_read(int dir_fd, const char *path, char **ret) {
        char buffer[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, path, buffer, sizeof(buffer));
        char *s;

        if (n < 0)
                return -errno;
        if (n == sizeof(buffer))
                return -ENAMETOOLONG;

        s = strndup(buffer, (size_t) n);
        if (!s)
                return -ENOMEM;

        *ret = s;
        return 0;
}
