/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int try_read(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), r;
        char bytes[8]; /* of some files, no fewer can be read */
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, bytes, sizeof(bytes));
        r = n < 0 ? -errno : n == 0 ? -ENODATA : 0;
        close(fd);
        return r;
}

int try_open_to_write(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

        return fd < 0 ? -errno : close(fd);
}

/* The sandbox gives the program a home directory of its own, in memory. */
static bool is_own_home(const char *directory, const char *name) {
        const char *home = getenv("HOME");
        char path[512];

        (void) snprintf(path, sizeof(path), "%s%s%s", directory, name ? "/" : "", name ? name : "");
        return home && strcmp(home, path) == 0;
}

int try_list(const Facts *facts, const Attempt *a) {
        DIR *d = opendir(a->path);
        struct dirent *entry;
        int r = -ENODATA;

        if (!d)
                return -errno;
        while (r < 0 && (entry = readdir(d)))
                if (entry->d_name[0] != '.' && !is_own_home(a->path, entry->d_name))
                        r = 0;
        closedir(d);
        return r;
}

/* Whether a file can be made in any directory that belongs to the host. (/root may be the payload's own, in memory.) */
static int try_make(const Facts *facts, const Attempt *a) {
        static const char *const places[] = {
                "/", "/etc", "/usr", "/usr/bin", "/usr/lib", "/opt", "/srv", "/mnt", "/media", "/home",
                "/root/adversary", "/boot", "/sys", "/proc", "/dev",
        };
        char path[64];
        int r = -ENOENT, fd;

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                if (is_own_home(places[i], NULL))
                        continue;
                (void) snprintf(path, sizeof(path), "%s/adversary", places[i]);
                fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                if (fd >= 0) {
                        close(fd);
                        return result(unlink(path));
                }
                r = -errno;
        }
        return r;
}

static int try_chmod(const Facts *facts, const Attempt *a) {
        struct stat st;

        if (stat(a->path, &st) < 0)
                return -errno;
        return result(chmod(a->path, st.st_mode & 07777));
}

static int try_times(const Facts *facts, const Attempt *a) {
        return result(utimensat(AT_FDCWD, a->path, NULL, 0));
}

static int try_xattr(const Facts *facts, const Attempt *a) {
        return result(setxattr(a->path, "security.adversary", "x", 1, 0));
}

static int try_secret(const Facts *facts, const Attempt *a) {
        Attempt of_host = { .path = facts->secret };

        return try_read(facts, &of_host);
}

static int try_shown(const Facts *facts, const Attempt *a) {
        Attempt of_host = { .path = "/opt/adversary/file" };

        return try_read(facts, &of_host);
}

/* A lock that a program of the host may wait for. */
static int try_lock(const Facts *facts, const Attempt *a) {
        int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

        /* A shared lock, because other adversaries lock the same file at this moment. */
        return fd < 0 ? -errno : result(flock(fd, LOCK_SH | LOCK_NB));
}

/* By a handle, which leads past every mount. */
static int try_handle(const Facts *facts, const Attempt *a) {
        union {
                struct file_handle handle;
                char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
        } h = { .handle.handle_bytes = MAX_HANDLE_SZ };
        int mount_id, fd, r;

        if (name_to_handle_at(AT_FDCWD, "/tmp", &h.handle, &mount_id, 0) < 0)
                return -errno;
        fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = result(open_by_handle_at(fd, &h.handle, O_RDONLY | O_CLOEXEC));
        close(fd);
        return r;
}

static const Attempt attempts[] = {
        { "make-file", "make a file in a directory of the host", try_make },
        { "write-file", "open a file of the host for writing", try_open_to_write, .path = "/etc/passwd" },
        { "chmod-file", "change a file's mode", try_chmod, .path = "/etc/passwd" },
        { "touch-file", "change a file's times", try_times, .path = "/etc/passwd" },
        { "xattr-file", "set an extended attribute", try_xattr, .path = "/etc/passwd" },
        { "chmod-device", "change the mode of a device of the host", try_chmod, .path = "/dev/null" },
        { "read-opt", "read a file in /opt", try_shown },
        { "lock-file", "lock a file of the host (flock)", try_lock },
        { "read-tmp", "read a file in the host's /tmp", try_secret },
        { "read-shadow", "read /etc/shadow", try_read, .path = "/etc/shadow" },
        { "read-ssh-key", "read a host key of ssh", try_read, .path = "/etc/ssh/ssh_host_adversary_key" },
        { "read-ssl", "list /etc/ssl/private", try_list, .path = "/etc/ssl/private" },
        { "read-sudoers", "read /etc/sudoers", try_read, .path = "/etc/sudoers" },
        { "list-home", "list the home directory of another user", try_list, .path = "/home/adversary" },
        { "list-root", "list a directory in /root", try_list, .path = "/root/adversary" },
        { "list-var", "list /var/lib/systemd", try_list, .path = "/var/lib/systemd" },
        { "list-run", "list /run/systemd", try_list, .path = "/run/systemd" },
        { "list-sys", "list /sys", try_list, .path = "/sys" },
        { "file-handle", "open a file by its handle", try_handle },
};
AREA(area_files, "Files of the host");
