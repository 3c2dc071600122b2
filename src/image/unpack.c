/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacks one layer of a container image.
 *
 * Each name is looked up in the layer without following symlinks, and ".." and absolute names are refused. So no name
 * of the archive leads out of the layer, or to a file that the layer has not packed itself. The attributes of
 * directories are set at the end, deepest first: otherwise a directory without write permission could not be filled.
 *
 * What overlayfs would take for its own is never taken from the archive: its xattrs (a "redirect" leads to any other
 * directory) and its device 0/0. */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/digest.h"
#include "image/member.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/open-in.h"

#define OPAQUE "user.overlay.opaque"
enum { ENTRIES_MAX = 4 << 20, DIRECTORY_SIZE = 4096 /* on most file systems */ };

/* Attributes that a directory gets at the end. */
typedef struct LateDirectory {
        char *path; /* "" is the layer's root */
        size_t number;
        mode_t mode;
        uid_t uid;
        gid_t gid;
        struct timespec times[2];
} LateDirectory;

typedef struct Unpacker {
        const Unpacking *u;
        const ArchiveLibrary *lib;
        struct archive *archive;
        struct archive_entry *entry;
        HelperResult *result;
        Member member; /* of the entry */
        int parent;    /* the directory of the entry */
        char parent_path[PATH_MAX];
        LateDirectory *late;
        size_t n_late, n_entries;
        uint64_t made; /* directories that only names of files have asked for */
        uint64_t size;
} Unpacker;

/* Returns -EBADMSG. */
static int refuse(Unpacker *up, const char *why) {
        const char *path = *up->member.path ? up->member.path : up->n_entries > 0 ? "/" : NULL;

        snprintf(up->result->text, sizeof(up->result->text), "%.140s%s%.150s", path ?: "", path ? ": " : "", why);
        return -EBADMSG;
}

static int refuse_errno(Unpacker *up, int r) {
        if (r == -EBADMSG)
                return r;
        return refuse(up, r == -ELOOP || r == -ENOTDIR ? "a parent is not a directory, but a link or a file"
                                                       : strerror(-r));
}

/* A name of 500 bytes can have 250 directories. */
static int make_directory(Unpacker *up, const char *path) {
        if (++up->made > up->u->size_max / DIRECTORY_SIZE)
                return refuse(up, "the names have more directories than --max-size= allows");
        return mkdirat(HELPER_DIRECTORY, path, 0755) < 0 ? -errno : 0;
}

/* Opens a directory of the layer, and makes it if it does not exist. Returns the fd or -errno. */
static int open_directory(Unpacker *up, const char *path) {
        char part[PATH_MAX];
        int fd = open_in(HELPER_DIRECTORY, *path ? path : ".", O_DIRECTORY, 0), r;

        if (fd != -ENOENT)
                return fd;
        for (const char *slash = path; slash;) {
                slash = strchr(slash + 1, '/');
                snprintf(part, sizeof(part), "%.*s", (int) (slash ? slash - path : (ptrdiff_t) strlen(path)), path);
                fd = open_in(HELPER_DIRECTORY, part, O_DIRECTORY, 0);
                /* open_in() has seen that everything above is a directory, and nobody else is here to change it. */
                r = fd == -ENOENT ? make_directory(up, part) : fd;
                fd_close(fd);
                if (r < 0)
                        return r;
        }
        return open_in(HELPER_DIRECTORY, path, O_DIRECTORY, 0);
}

static int open_parent(Unpacker *up, const char *path) {
        if (up->parent >= 0 && streq(up->parent_path, path))
                return 0;
        up->parent = fd_close(up->parent);
        up->parent = open_directory(up, path);
        if (up->parent < 0)
                return up->parent;
        snprintf(up->parent_path, sizeof(up->parent_path), "%s", path);
        return 0;
}

/* Without other ids, everything is the user's own, who must be able to read and to remove it. Nobody's program must
 * become the user by it, nor one of the user's subordinate ids, so there are no set-user-ID bits. */
static mode_t mode_of(const Unpacker *up) {
        const mode_t mode = up->lib->archive_entry_perm(up->entry);

        if (up->u->owners)
                return mode & (up->u->set_ids ? 07777 : 01777);
        return (mode & 01777) | (up->lib->archive_entry_filetype(up->entry) == AE_IFDIR ? 0700 : 0400);
}

static void times_of(const Unpacker *up, struct timespec times[static 2]) {
        times[0] = times[1] = (struct timespec) { .tv_sec = up->lib->archive_entry_mtime(up->entry),
                                                  .tv_nsec = up->lib->archive_entry_mtime_nsec(up->entry) };
}

/* Keeps the xattrs that programs set for themselves. Capabilities of files mean nothing in an instance, and those of
 * overlayfs would be orders to it. */
static int set_xattrs(Unpacker *up, int fd) {
        const char *name;
        const void *value;
        size_t size;

        if (up->u->plain)
                return 0;
        for (int n = up->lib->archive_entry_xattr_reset(up->entry); n > 0; n--) {
                if (up->lib->archive_entry_xattr_next(up->entry, &name, &value, &size) != ARCHIVE_OK || !name)
                        return 0;
                if (!startswith(name, "user.") || startswith(name, "user.overlay.") ||
                    fsetxattr(fd, name, value, size, 0) < 0)
                        up->result->xattrs++;
        }
        return 0;
}

static int check_id(Unpacker *up, int64_t id, const IdRange *range, const char *what) {
        char text[200];

        up->result->others += id != 0;
        if (id < 0 || id >= UINT32_MAX) {
                snprintf(text, sizeof(text), "it belongs to %s %lld, which is not an id", what, (long long) id);
                return refuse(up, text);
        }
        if (!up->u->owners || range->count == 0 || id <= range->count)
                return 0;
        snprintf(text, sizeof(text), "it belongs to %s %lld, and your subordinate ids are enough for 0 to %u "
                 "(65536 is the most; root's store has no such bound)", what, (long long) id, range->count);
        return refuse(up, text);
}

/* The numbers are 64 bits wide in the archive: without this, 2^32 would be root. */
static int check_owner(Unpacker *up) {
        int r = up->u->plain ? 0 : check_id(up, up->lib->archive_entry_uid(up->entry), &up->u->uids, "uid");

        return r < 0 || up->u->plain ? r : check_id(up, up->lib->archive_entry_gid(up->entry), &up->u->gids, "gid");
}

/* The owner before the mode, because a change of the owner clears set-user-ID bits. */
static int set_attributes(const Unpacker *up, int fd, mode_t mode, uid_t uid, gid_t gid,
                          const struct timespec times[static 2]) {
        if (up->u->owners && fchown(fd, uid, gid) < 0)
                return -errno;
        return fchmod(fd, mode) < 0 || futimens(fd, times) < 0 ? -errno : 0;
}

static int make_opaque(Unpacker *up, int directory) {
        _cleanup_close_ int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0 && fsetxattr(fd, OPAQUE, "y", 1, 0) >= 0)
                return 0;
        if (fd >= 0 && errno == EOPNOTSUPP)
                return refuse(up,
                              "the layer hides a lower directory, and the store's file system cannot say so: it has no "
                              "user xattrs (tmpfs since Linux 6.6)");
        return -errno;
}

/* Removes an earlier entry of the same name, unless it is a directory. Returns whether it was a whiteout, or -errno. */
static int remove_earlier(Unpacker *up) {
        struct stat st;

        if (fstatat(up->parent, up->member.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (unlinkat(up->parent, up->member.name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
                return -errno;
        return S_ISCHR(st.st_mode);
}

static int add_late(Unpacker *up) {
        LateDirectory *late = ARRAY_APPEND(up->late, up->n_late);

        if (!late)
                return -ENOMEM;
        *late = (LateDirectory) { .path = strdup(up->member.path), .number = up->n_late, .mode = mode_of(up),
                                  .uid = (uid_t) up->lib->archive_entry_uid(up->entry),
                                  .gid = (gid_t) up->lib->archive_entry_gid(up->entry) };
        times_of(up, late->times);
        return late->path ? 0 : -ENOMEM;
}

static bool is_directory(int parent, const char *name) {
        struct stat st;

        return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode);
}

static int unpack_directory(Unpacker *up) {
        _cleanup_close_ int fd = -1;
        int was_deleted = 0, r;

        if (*up->member.name && !is_directory(up->parent, up->member.name)) {
                was_deleted = remove_earlier(up);
                if (was_deleted < 0 || mkdirat(up->parent, up->member.name, 0700) < 0)
                        return was_deleted < 0 ? was_deleted : -errno;
        }
        fd = openat(up->parent, *up->member.name ? up->member.name : ".",
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = check_owner(up);
        if (r < 0)
                return r;
        r = was_deleted ? make_opaque(up, fd) : 0;
        if (r >= 0)
                r = set_xattrs(up, fd);
        return r < 0 ? r : add_late(up);
}

static int write_block(int fd, const char *bytes, size_t n, int64_t offset) {
        while (n > 0) {
                ssize_t k = pwrite(fd, bytes, n, offset);

                if (k < 0)
                        return -errno;
                bytes += k;
                n -= (size_t) k;
                offset += k;
        }
        return 0;
}

static int write_data(Unpacker *up, int fd, int64_t size) {
        const void *bytes;
        int64_t offset;
        size_t n;
        int r, w = 0;

        while (w >= 0 && (r = up->lib->archive_read_data_block(up->archive, &bytes, &n, &offset)) == ARCHIVE_OK) {
                if (offset < 0 || offset > size || n > (uint64_t) (size - offset))
                        return refuse(up, "its data are longer than the file");
                w = write_block(fd, bytes, n, offset);
        }
        if (w < 0)
                return w;
        if (r != ARCHIVE_EOF)
                return refuse(up, up->lib->archive_error_string(up->archive) ?: "the archive is damaged");
        return ftruncate(fd, size) < 0 ? -errno : 0; /* a hole at the end */
}

static int unpack_file(Unpacker *up) {
        const int64_t size = up->lib->archive_entry_size(up->entry);
        _cleanup_close_ int fd = -1;
        struct timespec times[2];
        int r;

        if (size < 0 || (uint64_t) size > up->u->size_max - up->size)
                return refuse(up, "the files are larger than --max-size= allows");
        up->size += (uint64_t) size;
        r = check_owner(up);
        if (r >= 0)
                r = remove_earlier(up);
        if (r < 0)
                return r;
        fd = openat(up->parent, up->member.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = write_data(up, fd, size);
        if (r >= 0)
                r = set_xattrs(up, fd);
        times_of(up, times);
        return r < 0 ? r : set_attributes(up, fd, mode_of(up), (uid_t) up->lib->archive_entry_uid(up->entry),
                                          (gid_t) up->lib->archive_entry_gid(up->entry), times);
}

static int unpack_symlink(Unpacker *up) {
        const char *target = up->lib->archive_entry_symlink(up->entry);
        int r = check_owner(up);

        if (r >= 0)
                r = remove_earlier(up);
        if (r < 0)
                return r;
        if (!target || !*target)
                return refuse(up, "a symlink without a target");
        if (symlinkat(target, up->parent, up->member.name) < 0)
                return -errno;
        return up->u->owners && fchownat(up->parent, up->member.name, (uid_t) up->lib->archive_entry_uid(up->entry),
                                         (gid_t) up->lib->archive_entry_gid(up->entry), AT_SYMLINK_NOFOLLOW) < 0
                       ? -errno : 0;
}

static int unpack_hard_link(Unpacker *up, const char *target) {
        _cleanup_close_ int parent = -1;
        Member other;
        int r;

        r = member_parse(target, &other);
        if (r < 0 || !*other.name)
                return refuse(up, "a hard link that leads out of the layer");
        parent = open_in(HELPER_DIRECTORY, *other.parent ? other.parent : ".", O_DIRECTORY, 0);
        if (parent < 0)
                return refuse(up, "a hard link to a file that the layer does not have");
        if (streq(other.path, up->member.path))
                return 0;
        r = remove_earlier(up);
        if (r < 0)
                return r;
        if (linkat(parent, other.name, up->parent, up->member.name, 0) < 0)
                return errno == ENOENT ? refuse(up, "a hard link to a file that the layer does not have") : -errno;
        return 0;
}

/* A name that the layer deletes: image-spec/layer.md, "Whiteouts". If the layer also has a directory of that name, it
 * replaces the lower one. */
static int unpack_whiteout(Unpacker *up) {
        const char *name = up->member.name + strlen(WHITEOUT_PREFIX);
        _cleanup_close_ int fd = -1;

        if (streq(up->member.name, WHITEOUT_OPAQUE))
                return make_opaque(up, up->parent);
        if (startswith(name, WHITEOUT_PREFIX)) /* of aufs */
                return 0;
        if (!*name || streq(name, ".") || streq(name, ".."))
                return refuse(up, "not the name of a file to delete");
        if (mknodat(up->parent, name, S_IFCHR, makedev(0, 0)) >= 0)
                return 0;
        if (errno == EPERM)
                return refuse(up, "the layer deletes a name, and the store's file system, an overlay, cannot say so");
        if (errno != EEXIST)
                return -errno;
        fd = openat(up->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? 0 : make_opaque(up, fd);
}

static int unpack_fifo(Unpacker *up) {
        _cleanup_close_ int fd = -1;
        struct timespec times[2];
        int r = check_owner(up);

        if (r >= 0)
                r = remove_earlier(up);
        if (r < 0)
                return r;
        if (mknodat(up->parent, up->member.name, S_IFIFO | 0600, 0) < 0)
                return -errno;
        fd = openat(up->parent, up->member.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        times_of(up, times);
        return set_attributes(up, fd, mode_of(up) & 0777, (uid_t) up->lib->archive_entry_uid(up->entry),
                              (gid_t) up->lib->archive_entry_gid(up->entry), times);
}

static int unpack_entry(Unpacker *up) {
        const char *hard_link = up->lib->archive_entry_hardlink(up->entry);
        const unsigned type = up->lib->archive_entry_filetype(up->entry);

        if (!*up->member.name && (hard_link || type != AE_IFDIR))
                return refuse(up, "the root is not a directory");
        if (!up->u->plain && startswith(up->member.name, WHITEOUT_PREFIX))
                return unpack_whiteout(up);
        if (hard_link)
                return unpack_hard_link(up, hard_link);
        switch (type) {
        case AE_IFDIR:
                return unpack_directory(up);
        case AE_IFREG:
                return unpack_file(up);
        case AE_IFLNK:
                return unpack_symlink(up);
        case AE_IFIFO:
                return unpack_fifo(up);
        default:
                up->result->devices++;
                return 0;
        }
}

static int take_entry(Unpacker *up) {
        const char *path = up->lib->archive_entry_pathname(up->entry);
        int r;

        up->member = (Member) {};
        if (++up->n_entries > ENTRIES_MAX)
                return refuse(up, "there are too many files");
        r = path ? member_parse(path, &up->member) : -EILSEQ;
        if (r == -EXDEV)
                snprintf(up->member.path, sizeof(up->member.path), "%s", path);
        if (r < 0)
                return r == -EXDEV ? refuse(up, "an absolute name, or one with \"..\"") : refuse_errno(up, r);
        r = open_parent(up, up->member.parent);
        if (r >= 0)
                r = unpack_entry(up);
        return r < 0 ? refuse_errno(up, r) : 0;
}

static int compare_late(const void *a, const void *b) {
        const LateDirectory *x = a, *y = b;
        int r = strcmp(y->path, x->path);

        return r ?: (y->number > x->number) - (y->number < x->number);
}

/* If a directory is there twice, the last entry counts. */
static int finish_directories(Unpacker *up) {
        if (up->n_late > 0)
                qsort(up->late, up->n_late, sizeof(up->late[0]), compare_late);
        for (size_t i = 0; i < up->n_late; i++) {
                const LateDirectory *late = &up->late[i];
                _cleanup_close_ int place = -1, fd = -1;
                int r;

                if (i > 0 && streq(late->path, late[-1].path))
                        continue;
                place = open_in(HELPER_DIRECTORY, *late->path ? late->path : ".", O_DIRECTORY, 0);
                fd = place < 0 ? place : openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (place == -ENOENT || place == -ENOTDIR || place == -ELOOP) /* a later entry has replaced it */
                        continue;
                r = fd < 0 ? -errno : set_attributes(up, fd, late->mode, late->uid, late->gid, late->times);
                if (r < 0)
                        return refuse_errno(up, r);
        }
        return 0;
}

/* The digest is of all bytes, also of those after the archive's end. */
static void drain(void) {
        char buffer[4096];

        while (read(HELPER_INPUT, buffer, sizeof(buffer)) > 0)
                ;
}

static int open_archive(Unpacker *up) {
        up->archive = up->lib->archive_read_new();
        if (!up->archive || up->lib->archive_read_support_format_tar(up->archive) != ARCHIVE_OK ||
            up->lib->archive_read_open_fd(up->archive, HELPER_INPUT, COPY_SIZE) != ARCHIVE_OK)
                return refuse(up, "not a tar archive");
        return 0;
}

static int unpack_all(Unpacker *up) {
        int r = open_archive(up), q;

        while (r >= 0 && (q = up->lib->archive_read_next_header(up->archive, &up->entry)) != ARCHIVE_EOF) {
                if (q != ARCHIVE_OK && q != ARCHIVE_WARN)
                        return refuse(up, up->lib->archive_error_string(up->archive) ?: "the archive is damaged");
                r = take_entry(up);
        }
        return r < 0 ? r : finish_directories(up);
}

void unpack_run(const void *userdata, HelperResult *ret) {
        const Unpacking *u = userdata;
        Unpacker up = { .u = u, .lib = u->lib, .result = ret, .parent = -1 };

        ret->done = unpack_all(&up) >= 0;
        ret->size = up.size;
        if (ret->done)
                drain();
}
