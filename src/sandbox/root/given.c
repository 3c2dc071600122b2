/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/root/mount.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"

/* Makes a read-only mount of the file. It must be the same file: somebody may have renamed another one over it. */
static int clone_file(const Plan *plan, const GivenFile *file) {
        _cleanup_close_ int mount = open_tree(AT_FDCWD, file->path,
                                              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
        struct stat given, found;
        int r;

        if (mount < 0 || fstat(mount, &found) < 0 || fstat(file->fd, &given) < 0)
                return -errno;
        if (found.st_dev != given.st_dev || found.st_ino != given.st_ino)
                return -ESTALE;
        r = mount_set_attributes(mount, (MountAttributes) { .read_only = true, .no_exec = plan->given_no_exec });
        return r < 0 ? r : TAKE_FD(mount);
}

/* Opens the file through the mount. */
static int reopen(const GivenFile *file, int mount) {
        off_t offset = lseek(file->fd, 0, SEEK_CUR);
        _cleanup_close_ int fd = -1;
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", mount);
        fd = open(path, file->flags | O_CLOEXEC);
        if (fd < 0 || (offset > 0 && lseek(fd, offset, SEEK_SET) < 0))
                return -errno;
        return dup3(fd, file->fd, file->inherited ? 0 : O_CLOEXEC) < 0 ? -errno : 0;
}

/* Whether the payload can do nothing to a file that this process, with more rights, cannot open: it would have to be
 * its owner, who may change the mode. */
static bool is_out_of_reach(const Plan *plan, const GivenFile *file) {
        struct stat st;

        return fstat(file->fd, &st) >= 0 && st.st_uid != plan->uid && st.st_uid != geteuid() &&
               faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS) < 0;
}

/* The path of the device in the sandbox, or NULL. The payload cannot change the device of another owner. */
static const char *find_device(int fd, bool *ret_regular) {
        static const char *const paths[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom" };
        struct stat given, own;

        *ret_regular = false;
        if (fstat(fd, &given) < 0)
                return NULL;
        *ret_regular = S_ISREG(given.st_mode);
        if (!S_ISCHR(given.st_mode) || given.st_uid != geteuid())
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                if (stat(paths[i], &own) >= 0 && own.st_rdev == given.st_rdev)
                        return paths[i];
        return NULL;
}

int given_replace_device(int fd) {
        bool regular;
        const char *path = find_device(fd, &regular);
        _cleanup_close_ int device = -1;
        int flags, descriptor_flags;

        if (!path)
                return regular;
        flags = fcntl(fd, F_GETFL);
        descriptor_flags = fcntl(fd, F_GETFD);
        if (flags < 0 || descriptor_flags < 0)
                return -errno;
        device = open(path, (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) | O_CLOEXEC);
        if (device < 0)
                return -errno;
        return dup3(device, fd, descriptor_flags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0 ? -errno : 0;
}

int given_write_protect(const Plan *plan, const GivenFiles *files, int socket, Failure *f) {
        for (size_t i = 0; i < files->n; i++) {
                const GivenFile *file = &files->items[i];
                Message m = { .type = MESSAGE_GIVEN, .value = (int32_t) i };
                int mount = clone_file(plan, file), r;

                r = mount < 0 ? mount : reopen(file, mount);
                fd_close(mount);
                if (r == -EACCES && is_out_of_reach(plan, file))
                        continue;
                if (r < 0)
                        return fail(f, -r, "cannot open fd %d again, write-protected", file->fd);
                if (file->inherited && message_send(socket, &m, &file->fd, 1) < 0)
                        return fail(f, errno, "cannot send fd %d", file->fd);
        }
        return 0;
}
