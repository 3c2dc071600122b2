/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "util/fd.h"
#include "util/map.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct TreeHash {
        const HashLibrary *lib;
        struct sha256_ctx hash;
        Map seen;    /* files that have several names: each is read once */
        char **keys; /* of seen */
} TreeHash;

static void add_text(TreeHash *t, const char *text) {
        t->lib->nettle_sha256_update(&t->hash, strlen(text) + 1, (const uint8_t *) text);
}

/* Returns 1 if the file has been read under another of its names. */
static int was_seen(TreeHash *t, const struct stat *st) {
        _cleanup_free_ char *key = st->st_nlink > 1 ? format("%llu", (unsigned long long) st->st_ino) : NULL;
        int r;

        if (st->st_nlink <= 1)
                return 0;
        if (!key)
                return -ENOMEM;
        if (map_get(&t->seen, key))
                return 1;
        r = map_put(&t->seen, key, t);
        return r < 0 ? r : strv_consume(&t->keys, TAKE_PTR(key));
}

static int add_content(TreeHash *t, int directory, const char *name) {
        _cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        Digest digest;
        int r = fd < 0 ? -errno : digest_copy(t->lib, fd, -1, UINT64_MAX, &digest);

        if (r >= 0)
                add_text(t, digest.hex);
        return r;
}

static int add_target(TreeHash *t, int directory, const char *name) {
        _cleanup_free_ char *target = NULL;
        int r = link_read(directory, name, &target);

        if (r >= 0)
                add_text(t, target);
        return r;
}

static int add_directory(TreeHash *t, int fd);

static int add_subdirectory(TreeHash *t, int directory, const char *name) {
        _cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : add_directory(t, fd);
}

/* A symlink has the owner and the time that unpacking gave it, which say nothing. */
static int add_facts(TreeHash *t, const char *name, const struct stat *st) {
        const bool link = S_ISLNK(st->st_mode), file = S_ISREG(st->st_mode);
        _cleanup_free_ char *text = format("%s %o %u %u %lld %llu %lld.%09ld", name, st->st_mode, link ? 0 : st->st_uid,
                                           link ? 0 : st->st_gid, file ? (long long) st->st_size : 0LL,
                                           (unsigned long long) st->st_rdev,
                                           file || S_ISDIR(st->st_mode) ? (long long) st->st_mtim.tv_sec : 0LL,
                                           file || S_ISDIR(st->st_mode) ? st->st_mtim.tv_nsec : 0L);

        if (!text)
                return -ENOMEM;
        add_text(t, text);
        return 0;
}

static int add_entry(TreeHash *t, int directory, const char *name) {
        struct stat st;
        int r;

        if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = add_facts(t, name, &st);
        if (r < 0)
                return r;
        if (S_ISDIR(st.st_mode))
                return add_subdirectory(t, directory, name);
        if (S_ISLNK(st.st_mode))
                return add_target(t, directory, name);
        r = S_ISREG(st.st_mode) ? was_seen(t, &st) : 1;
        return r < 0 ? r : r > 0 ? 0 : add_content(t, directory, name);
}

static int add_directory(TreeHash *t, int fd) {
        _cleanup_strv_free_ char **names = NULL;
        int r = directory_list_all(fd, &names);

        add_text(t, fgetxattr(fd, "user.overlay.opaque", NULL, 0) >= 0 ? "opaque" : "");
        for (char **name = names; r >= 0 && name && *name; name++)
                r = add_entry(t, fd, *name);
        add_text(t, "/"); /* the end: no name */
        return r;
}

int tree_digest(const HashLibrary *lib, int directory, Digest *ret) {
        TreeHash t = { .lib = lib };
        struct stat st;
        int r = fstat(directory, &st) < 0 ? -errno : 0;

        lib->nettle_sha256_init(&t.hash);
        if (r >= 0)
                r = add_facts(&t, "", &st);
        if (r >= 0)
                r = add_directory(&t, directory);
        if (r >= 0)
                digest_finish(lib, &t.hash, ret);
        map_deinit(&t.seen);
        strv_free(t.keys);
        return r;
}

/* The owner may have no right to change the directory. */
static int open_to_remove(int parent, const char *name) {
        int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) >= 0)
                fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void) fchmod(fd, 0700);
        return fd;
}

int tree_remove(int parent, const char *name) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        if (unlinkat(parent, name, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        fd = open_to_remove(parent, name);
        r = fd < 0 ? fd : directory_list_all(fd, &names);
        for (char **n = names; r >= 0 && n && *n; n++)
                r = tree_remove(fd, *n);
        if (r < 0)
                return r;
        return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
