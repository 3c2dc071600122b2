/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "image/tree.h"
#include "image/unpack.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/text.h"

#define NEW_LAYER "layers/" STORE_NEW

typedef struct Pipeline {
        Helper expander, unpacker;
        int expanded[2], archive[2]; /* pipes: from the expander, and to the unpacker */
} Pipeline;

static void pipeline_end(Pipeline *p) {
        fds_close(p->expanded, 2);
        fds_close(p->archive, 2);
        helper_end(&p->expander);
        helper_end(&p->unpacker);
}

static int start_expander(Unpackers *u, Pipeline *p, int file, Compression compression) {
        const Expansion expansion = { .lib = &u->archive, .compression = compression };
        int r;

        if (compression == COMPRESSION_NONE)
                return 0;
        if (pipe2(p->expanded, O_CLOEXEC) < 0)
                return report_error(u->report, errno, "cannot make a pipe: %s", strerror(errno));
        r = helper_start(&p->expander, expand_run, &expansion, file, p->expanded[1], -1, u->report);
        p->expanded[1] = fd_close(p->expanded[1]);
        return r;
}

static int start_unpacker(Unpackers *u, Pipeline *p, int directory, bool plain) {
        const Unpacking unpacking = { .lib = &u->archive, .size_max = u->size_max, .plain = plain,
                                       .owners = !plain && geteuid() == 0,
                                       .set_ids = u->store->users.kind == STORE_ROOTS,
                                       .uids = u->store->users.uids, .gids = u->store->users.gids };
        int r;

        if (pipe2(p->archive, O_CLOEXEC) < 0)
                return report_error(u->report, errno, "cannot make a pipe: %s", strerror(errno));
        r = helper_start(&p->unpacker, unpack_run, &unpacking, p->archive[0], -1, directory, u->report);
        p->archive[0] = fd_close(p->archive[0]);
        return r;
}

/* The process that failed first has the reason: if the unpacker has ended early, the expander could not go on. */
static int finish(Unpackers *u, Pipeline *p, int pumped, const char *what) {
        HelperResult expanded = { .done = true }, unpacked;
        int r, q = 0;

        fds_close(p->archive, 2);
        fds_close(p->expanded, 2);
        if (pumped == -EFBIG || pumped == -EINTR)
                return report_error(u->report, -pumped, pumped == -EFBIG ? "%s: it grows beyond what --max-size= allows"
                                                                          : "%s: interrupted", what);
        r = helper_wait(&p->unpacker, &unpacked);
        if (p->expander.pid > 0)
                q = helper_wait(&p->expander, &expanded);
        u->devices += unpacked.devices;
        u->xattrs += unpacked.xattrs;
        u->others = unpacked.others;
        u->size = unpacked.size;
        if (q < 0 && pumped != -EPIPE)
                return report_error(u->report, EBADMSG, "%s: %s", what, expanded.text);
        if (r < 0)
                return report_error(u->report, EBADMSG, "%s: %s", what, unpacked.text);
        return pumped < 0 ? report_error(u->report, -pumped, "%s: %s", what, strerror(-pumped)) : 0;
}

uint64_t archive_size_max(const Unpackers *u) {
        return u->size_max > UINT64_MAX / 2 ? UINT64_MAX : 2 * u->size_max;
}

int unpack_archive(Unpackers *u, int file, Compression compression, int directory, bool plain, const char *what,
                   Digest *ret) {
        _cleanup_(pipeline_end) Pipeline p = { .expanded = { -1, -1 }, .archive = { -1, -1 } };
        int r;

        if (lseek(file, 0, SEEK_SET) < 0)
                return report_error(u->report, errno, "%s: %s", what, strerror(errno));
        r = start_expander(u, &p, file, compression);
        if (r >= 0)
                r = start_unpacker(u, &p, directory, plain);
        if (r < 0)
                return r;
        r = digest_pump(&u->hash, p.expander.pid > 0 ? p.expanded[0] : file, p.archive[1], archive_size_max(u), ret);
        return finish(u, &p, r, what);
}

/* Returns 1, 0 or -errno. */
static int has_file(const Store *store, const char *diff_id, const char *file) {
        _cleanup_free_ char *path = format("layers/%s/%s", diff_id, file);

        if (!path)
                return -ENOMEM;
        return faccessat(store->fd, path, F_OK, 0) >= 0 ? 1 : errno == ENOENT ? 0 : -errno;
}

int layer_exists(const Store *store, const char *diff_id) {
        return has_file(store, diff_id, "root");
}

int layer_has_others(const Store *store, const char *diff_id) {
        return has_file(store, diff_id, "others");
}

int layer_size(const Store *store, const char *diff_id, uint64_t *ret) {
        _cleanup_free_ char *path = format("layers/%s/size", diff_id), *text = NULL;
        int r = path ? file_read_line(store->fd, path, &text) : -ENOMEM;

        return r < 0 ? r : parse_u64(text, ret);
}

static int write_tree(Unpackers *u, int root) {
        Digest tree;
        int r = tree_digest(&u->hash, root, &tree);

        return r < 0 ? r : store_write(u->store, NEW_LAYER "/tree", tree.hex, strlen(tree.hex));
}

static int write_size(const Unpackers *u) {
        char text[24];

        snprintf(text, sizeof(text), "%" PRIu64, u->size);
        return store_write(u->store, NEW_LAYER "/size", text, strlen(text));
}

/* Makes the directory of a new layer. Returns an fd of its root or -errno. */
static int begin_layer(const Store *store) {
        int fd;

        if (mkdirat(store->fd, NEW_LAYER, 0755) < 0 || mkdirat(store->fd, NEW_LAYER "/root", 0755) < 0)
                return -errno;
        fd = openat(store->fd, NEW_LAYER "/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int keep_layer(Unpackers *u, int root, const Digest *diff_id) {
        _cleanup_free_ char *path = format("layers/%s", diff_id->hex);
        int r = path ? write_tree(u, root) : -ENOMEM;

        if (r >= 0)
                r = write_size(u);
        if (r >= 0 && u->others > 0)
                r = store_write(u->store, NEW_LAYER "/others", "", 0);
        return r < 0 ? r : renameat(u->store->fd, NEW_LAYER, u->store->fd, path) < 0 ? -errno : 0;
}

static int make_layer(Unpackers *u, int file, Compression compression, const Digest *diff_id) {
        _cleanup_free_ char *what = format("the layer %.12s", diff_id->hex);
        _cleanup_close_ int root = begin_layer(u->store);
        Digest digest;
        int r;

        if (root < 0 || !what)
                return report_error(u->report, what ? -root : ENOMEM, "cannot make a directory in %s: %s",
                                    u->store->path, strerror(what ? -root : ENOMEM));
        r = unpack_archive(u, file, compression, root, false, what, &digest);
        if (r < 0)
                return r;
        if (!streq(digest.hex, diff_id->hex))
                return report_error(u->report, EBADMSG, "%s: its contents have another digest (%.12s)", what,
                                    digest.hex);
        r = keep_layer(u, root, diff_id);
        return r < 0 ? report_error(u->report, -r, "cannot keep %s: %s", what, strerror(-r)) : 0;
}

int layer_add(Unpackers *u, int file, Compression compression, const Digest *diff_id) {
        int r = layer_exists(u->store, diff_id->hex);

        if (r != 0)
                return r < 0 ? report_error(u->report, -r, "cannot read the store: %s", strerror(-r)) : 0;
        r = make_layer(u, file, compression, diff_id);
        if (r < 0)
                (void) tree_remove(u->store->fd, NEW_LAYER);
        return r;
}

int layer_verify(const HashLibrary *hash, const Store *store, const char *diff_id) {
        _cleanup_free_ char *root_path = format("layers/%s/root", diff_id);
        _cleanup_free_ char *tree_path = format("layers/%s/tree", diff_id);
        _cleanup_free_ char *expected = NULL;
        _cleanup_close_ int root = -1;
        Digest tree;
        int r;

        if (!root_path || !tree_path)
                return -ENOMEM;
        r = file_read_line(store->fd, tree_path, &expected);
        if (r < 0)
                return r;
        root = openat(store->fd, root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = root < 0 ? -errno : tree_digest(hash, root, &tree);
        return r < 0 ? r : streq(tree.hex, expected);
}
