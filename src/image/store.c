/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

char *store_path(const char *data_home, const char *home, unsigned uid) {
        if (uid == 0)
                return strdup("/var/lib/isorun/images");
        if (data_home && data_home[0] == '/')
                return format("%s/isorun/images", data_home);
        return home && home[0] == '/' ? format("%s/.local/share/isorun/images", home) : NULL;
}

bool digest_is_hex(const char *text) {
        return strlen(text) == DIGEST_HEX && !text[strspn(text, "0123456789abcdef")];
}

static int make_parents(const char *path) {
        _cleanup_free_ char *parent = path_parent(path);
        int r;

        if (!parent)
                return -ENOMEM;
        if (streq(parent, "/") || mkdir(parent, 0755) >= 0 || errno == EEXIST)
                return 0;
        r = errno == ENOENT ? make_parents(parent) : -errno;
        return r >= 0 && mkdir(parent, 0755) < 0 && errno != EEXIST ? -errno : r;
}

static int make_store(const char *path) {
        int r = make_parents(path);

        return r < 0 ? r : mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_parts(int store) {
        static const char *const parts[] = { "layers", "images", "names" };

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (mkdirat(store, parts[i], 0700) < 0 && errno != EEXIST)
                        return -errno;
        return 0;
}

static int check_owner(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_uid == geteuid() && (st.st_mode & 077) == 0 ? 0 : -EPERM;
}

int store_open(char *path, bool make, Store *ret, Report *report) {
        Store store = { .path = path, .fd = -1, .lock = -1 };
        int r;

        if (!path)
                return report_error(report, ENOENT,
                                    "no place for container images: neither XDG_DATA_HOME nor HOME is set");
        r = make ? make_store(path) : 0;
        if (r >= 0) {
                store.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = store.fd < 0 ? make || errno != ENOENT ? -errno : 0 : check_owner(store.fd);
        }
        if (r >= 0 && store.fd >= 0 && make)
                r = make_parts(store.fd);
        if (r < 0) {
                r = report_error(report, -r, "cannot use the images in %s: %s", path,
                                 r == -EPERM ? "it must belong to you, and only you may enter it (chmod 700)"
                                             : strerror(-r));
                store_deinit(&store);
                return r;
        }
        *ret = store;
        return 0;
}

void store_deinit(Store *store) {
        free(store->path);
        fd_close(store->fd);
        fd_close(store->lock);
        *store = (Store) { .fd = -1, .lock = -1 };
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

/* Each component of the name, and the tag, begins with a letter or a digit or "_". */
static bool is_part(const char *text, size_t n) {
        return n > 0 && n <= 128 && strspn(text, NAME_CHARACTERS) >= n && text[0] != '.' && text[0] != '-';
}

int image_name_parse(const char *text, char **ret) {
        const char *slash = strrchr(text, '/'), *colon = strrchr(text, ':');
        const char *end = colon && (!slash || colon > slash) ? colon : text + strlen(text);
        const char *tag = *end ? end + 1 : "latest";
        size_t n;

        if (end - text > 160 || !is_part(tag, strlen(tag)))
                return -EINVAL;
        for (const char *part = text; part <= end; part += n + 1) {
                n = strcspn(part, "/");
                if (part + n > end)
                        n = (size_t) (end - part);
                if (!is_part(part, n))
                        return -EINVAL;
        }
        *ret = format("%.*s:%s", (int) (end - text), text, tag);
        return *ret ? 0 : -ENOMEM;
}

int image_name_parse_new(const char *text, char **ret) {
        _cleanup_free_ char *name = NULL;
        int r = image_name_parse(text, &name);

        if (r >= 0 && startswith(name, IMAGE_ID_PREFIX))
                return -EINVAL;
        if (r >= 0)
                *ret = TAKE_PTR(name);
        return r;
}

char *store_name_file(const char *name) {
        char *file = strdup(name);

        for (char *c = file; c && *c; c++)
                if (*c == '/')
                        *c = '%';
        return file;
}

int store_find_name(const Store *store, const char *name, char **ret) {
        _cleanup_free_ char *file = store_name_file(name), *path = file ? format("names/%s", file) : NULL, *id = NULL;
        int r = path ? file_read_line(store->fd, path, &id) : -ENOMEM;

        if (r < 0)
                return r;
        if (!digest_is_hex(id))
                return -EBADMSG;
        *ret = TAKE_PTR(id);
        return 0;
}

/* Finds the only image whose ID begins so. begin may be all of it. */
static int find_id(const Store *store, const char *begin, char **ret) {
        _cleanup_close_ int fd = openat(store->fd, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_free_ char **ids = NULL;
        const char *found = NULL;
        int r = fd < 0 ? -errno : directory_list(fd, &ids);

        for (char **id = ids; r >= 0 && id && *id; id++) {
                if (!digest_is_hex(*id) || !startswith(*id, begin))
                        continue;
                if (found)
                        return -ENOTUNIQ;
                found = *id;
        }
        if (r < 0 || !found)
                return r < 0 ? r : -ENOENT;
        *ret = strdup(found);
        return *ret ? 0 : -ENOMEM;
}

static int find(const Store *store, const char *name, size_t digits_min, char **ret) {
        const char *hex = startswith(name, IMAGE_ID_PREFIX);
        size_t n = hex ? strspn(hex, "0123456789abcdef") : 0;

        if (store->fd < 0)
                return -ENOENT;
        if (!hex)
                return store_find_name(store, name, ret);
        return n < digits_min || n > DIGEST_HEX || hex[n] ? -EINVAL : find_id(store, hex, ret);
}

int store_find(const Store *store, const char *name, char **ret) {
        return find(store, name, DIGEST_HEX, ret);
}

int store_find_begin(const Store *store, const char *name, char **ret) {
        return find(store, name, ID_BEGIN_MIN, ret);
}

char *store_tags(const Store *store, const char *name) {
        const size_t n = (size_t) (strrchr(name, ':') - name);
        _cleanup_strv_free_ char **names = NULL, **tags = NULL;
        _cleanup_free_ char *joined = NULL;
        int r = store_names(store, &names);

        for (char **other = names; r >= 0 && other && *other; other++)
                if (strncmp(*other, name, n + 1) == 0)
                        r = strv_push(&tags, *other);
        joined = r < 0 || !tags ? NULL : strv_join(tags, ", ");
        return joined ? format("; there is %s", joined) : strdup("");
}

int store_open_image(const Store *store, const char *id) {
        _cleanup_free_ char *path = format("images/%s", id);
        int fd = path ? openat(store->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;

        return path ? fd < 0 ? -errno : fd : -ENOMEM;
}

/* It may be removed between the open(2) and the lock: then it has no link. */
int store_hold_image(int image) {
        _cleanup_close_ int fd = openat(image, "layers", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;

        if (fd < 0 || flock(fd, LOCK_SH) < 0 || fstat(fd, &st) < 0)
                return -errno;
        return st.st_nlink == 0 ? -ENOENT : TAKE_FD(fd);
}

int store_read_layers(int image, char ***ret) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r = file_read(image, "layers", &text, NULL);

        if (r < 0)
                return r;
        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                if (!digest_is_hex(line))
                        return -EBADMSG;
                if (strv_push(&layers, line) < 0)
                        return -ENOMEM;
        }
        if (!layers)
                return -EBADMSG;
        *ret = TAKE_PTR(layers);
        return 0;
}

char *store_layer_path(const Store *store, const char *diff_id) {
        return format("%s/layers/%s/root", store->path, diff_id);
}

static int write_new(const Store *store, const char *path, const char *bytes, size_t n, bool sync) {
        int fd = openat(store->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, bytes, n);
        if (r >= 0 && sync && fsync(fd) < 0)
                r = -errno;
        fd_close(fd);
        return r;
}

int store_write(const Store *store, const char *path, const char *bytes, size_t n) {
        return write_new(store, path, bytes, n, false);
}

int store_replace(const Store *store, const char *path, const char *new, const char *text) {
        int r = unlinkat(store->fd, new, 0) < 0 && errno != ENOENT ? -errno : 0;

        if (r >= 0)
                r = write_new(store, new, text, strlen(text), true);
        return r < 0 ? r : renameat(store->fd, new, store->fd, path) < 0 ? -errno : 0;
}

int store_read_users(const Store *store, StoreUsers *ret) {
        _cleanup_free_ char *text = NULL;
        StoreUsers users = { .kind = STORE_SUBORDINATE };
        int r = file_read_line(store->fd, STORE_USERS, &text), end = 0;

        if (r == -ENOENT || (r >= 0 && streq(text, "own"))) {
                *ret = (StoreUsers) { .kind = STORE_OWN };
                return 0;
        }
        if (r < 0)
                return r;
        if (sscanf(text, "%u %u %u %u%n", &users.uids.first, &users.uids.count, &users.gids.first, &users.gids.count,
                   &end) != 4 || text[end])
                return -EBADMSG;
        *ret = users;
        return 0;
}

int store_check_ids(const Store *store, const StoreUsers *users, IdRange uids, IdRange gids, Origin origin,
                    const char *key, Report *report) {
        if (users->uids.first == uids.first && users->uids.count == uids.count && users->gids.first == gids.first &&
            users->gids.count == gids.count)
                return 0;
        return report_error_at(report, origin, key, EPERM,
                               "the files in %s belong to other subordinate ids (uids %u+%u, gids %u+%u) than you have "
                               "now (%u+%u, %u+%u): correct /etc/subuid and /etc/subgid", store->path,
                               users->uids.first, users->uids.count, users->gids.first, users->gids.count, uids.first,
                               uids.count, gids.first, gids.count);
}

void store_notice_user(uid_t uid, int (*look_up)(uid_t uid, HostUser *ret), Origin origin, const char *key,
                       Report *report) {
        _cleanup_(host_user_deinit) HostUser user = {};

        if (uid != 0 && look_up(uid, &user) >= 0)
                report_notice_at(report, origin, key, "the program of the image has the id %u, which is %s on this "
                                 "machine: it may do what %s may with the files of volumes (User= sets another id)",
                                 uid, user.name, user.name);
}

int store_names(const Store *store, char ***ret) {
        _cleanup_close_ int fd = store->fd < 0 ? -1 : openat(store->fd, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_free_ char **names = NULL;
        int r;

        *ret = NULL;
        if (fd < 0)
                return store->fd < 0 ? 0 : -errno;
        r = directory_list_all(fd, &names);
        if (r < 0)
                return r;
        /* The first one may be the file of a name that another isoctl is about to set. */
        if (names && streq(*names, STORE_NEW)) {
                free(*names);
                memmove(names, names + 1, (strv_length(names + 1) + 1) * sizeof(char *));
        }
        for (char **name = names; name && *name; name++)
                for (char *c = *name; *c; c++)
                        *c = *c == '%' ? '/' : *c;
        *ret = TAKE_PTR(names);
        return 0;
}
