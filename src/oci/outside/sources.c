/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "oci/inside/layers.h"
#include "oci/inside/walk.h"
#include "util/fd.h"
#include "util/open-in.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* Most paths have neither symlinks nor "..": those lead to what they name. */
static bool is_plain(int top, const char *path) {
        _cleanup_close_ int fd = path_is_safe(path) ? open_in(top, path + strspn(path, "/"), 0, 0) : -1;

        return fd >= 0;
}

/* The image has no symlink before the root, so a path that cannot be followed so far is left to the mount, which fails
 * as well. */
static int find_inner(const Spec *spec, size_t i, int top, const struct stat *root, Report *report) {
        SpecMount *m = &spec->mounts[i];
        _cleanup_free_ char *path = spec_mount_source(spec, m), *left = NULL, *inner = NULL;
        int r;

        if (!path)
                return report_oom(report);
        m->plain_source = is_plain(top, path);
        if (m->plain_source)
                return 0;
        r = walk_until(top, path, root, &left);
        if (r <= 0)
                return r == -ENOMEM ? report_oom(report) : 0;
        inner = path_join("/", left);
        if (!inner)
                return report_oom(report);
        if (!path_is_safe(inner))
                return report_error(report, EINVAL, "%s: /mounts/%zu: the source %s leads to the root, and there it "
                                    "has \"..\": name a path without it", spec->file, i, path);
        m->inner_source = path_simplify(inner);
        return m->inner_source ? 0 : report_oom(report);
}

int sources_open(const SpecMount *m, const char *path) {
        _cleanup_close_ int top = m->plain_source ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        int fd = m->plain_source ? open_in(top, path + strspn(path, "/"), 0, 0) : open(path, O_PATH | O_CLOEXEC);

        return fd >= 0 || m->plain_source ? fd : -errno;
}

/* A new file system of config.json, and the root. */
typedef struct New {
        const Spec *spec;
        size_t i;
        int top;
        const struct stat *root;
        Report *report;
} New;

static bool is_in_root(const New *n, const char *path) {
        _cleanup_free_ char *simple = path_simplify(path), *root = path_simplify(n->spec->root), *left = NULL;
        int r;

        if (!simple || !root || path_is_at_or_below(simple, root))
                return true;
        r = is_plain(n->top, path) ? 0 : walk_until(n->top, path, n->root, &left);
        return r > 0 || r == -ENOMEM;
}

/* The kernel looks it up, and follows symlinks of the image to the host's files. */
static int check_path(void *data, const char *key, const char *path, Text *text) {
        const New *n = data;

        (void) text;
        if (*path != '/')
                return report_error(n->report, EINVAL, "%s: /mounts/%zu: %s=%s: not an absolute path", n->spec->file,
                                    n->i, key, path);
        if (is_in_root(n, path))
                return report_error(n->report, EXDEV, "%s: /mounts/%zu: %s=%s leads into the container's root, where a "
                                    "symlink could lead to other files of the host: name a path outside of it",
                                    n->spec->file, n->i, key, path);
        return 0;
}

/* Whether the source is only a name, which nothing looks up. */
static bool has_source_name(const SpecMount *m) {
        static const char *const types[] = { "cgroup", "devpts", "mqueue", "overlay", "proc", "sysfs", "tmpfs", NULL };

        return !m->source || *m->source != '/' || strv_contains((char *const *) types, m->type);
}

static int check_new(const New *n) {
        const SpecMount *m = &n->spec->mounts[n->i];
        _cleanup_free_ char *options = NULL;
        int r;

        if (m->remount)
                return 0;
        r = has_source_name(m) ? 0 : check_path((void *) n, "source", m->source, NULL);
        if (r < 0 || !m->data || !streq(m->type, "overlay"))
                return r;
        r = layers_replace(m->data, check_path, (void *) n, &options);
        return r == -ENOMEM ? report_oom(n->report) : r;
}

int sources_find_inner(Spec *spec, Report *report) {
        _cleanup_close_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat root;
        int r = 0;

        if (top < 0)
                return report_error(report, errno, "cannot open /: %s", strerror(errno));
        if (streq(spec->root, "/") || lstat(spec->root, &root) < 0)
                return 0; /* the second is an error later */
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                if (spec->mounts[i].type)
                        r = check_new(&(New) { spec, i, top, &root, report });
                else if (!spec->mounts[i].inner_source)
                        r = find_inner(spec, i, top, &root, report);
        return r;
}
