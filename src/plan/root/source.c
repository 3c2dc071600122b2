/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the source of a volume or root on the host: a path, or a name that is bound to a path or an fd. */
#include "plan/root/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/resolve.h"

static int note_link(void *userdata, const char *link) {
        RootBuilder *rb = userdata;
        SourceLink *l = ARRAY_APPEND(rb->links, rb->n_links);

        if (!l)
                return -ENOMEM;
        *l = (SourceLink) { .link = strdup(link) };
        return l->link ? 0 : -ENOMEM;
}

/* Completes the links that have led to the source, from the first one on. */
static int complete_links(RootBuilder *rb, size_t first, const Setting *s, DirectiveId id, const char *source) {
        for (SourceLink *l = rb->links + first; l < rb->links + rb->n_links; l++) {
                l->source = strdup(source);
                l->setting = s;
                l->id = id;
                if (!l->source)
                        return -ENOMEM;
        }
        return 0;
}

/* Resolves all symlinks of a source. The start then opens the result without following any. */
static int resolve_path(RootBuilder *rb, const Setting *s, DirectiveId id, const char *source, bool optional,
                        PlanSource *ret) {
        size_t first = rb->n_links;
        _cleanup_free_ char *real = NULL;
        struct stat st;
        int r;

        r = resolve(source, note_link, rb, &real);
        if (r >= 0 && stat(real, &st) < 0)
                r = -errno;
        if (r >= 0)
                r = complete_links(rb, first, s, id, real);
        if (r == -ENOMEM || (r == -ENOENT && optional))
                return r == -ENOMEM ? r : 0;
        if (r < 0)
                return build_error(rb->b, s, id, -r, "%s: %s", source, strerror(-r));
        *ret = (PlanSource) { .kind = SOURCE_PATH, .path = TAKE_PTR(real), .directory = S_ISDIR(st.st_mode),
                              .device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) };
        return 1;
}

/* Whether the payload can make the symlink lead elsewhere, now or at the next start. Within the volume, it may. */
static bool is_redirected(const PlanMount *volume, const SourceLink *l) {
        const char *directory = volume->source.path;

        return l->source && plan_mount_is_writable_bind(volume) && directory && path_is_below(l->link, directory) &&
               !path_is_at_or_below(l->source, directory);
}

int build_source_links(RootBuilder *rb) {
        int result = 0;

        for (const SourceLink *l = rb->links; l < rb->links + rb->n_links; l++)
                for (size_t i = 0; i < rb->n_wanted; i++) {
                        const PlanMount *m = &rb->wanted[i].mount;

                        if (!is_redirected(m, l))
                                continue;
                        result = build_error(rb->b, l->setting, l->id, ELOOP,
                                             "the symlink %s leads to %s, and is in the writable volume %s: the "
                                             "payload could redirect it (name %s instead)", l->link, l->source,
                                             m->source.path, l->source);
                        break;
                }
        return result;
}

/* Whether fd is a detached mount: its path is that of a root, and mountinfo (proc(5)) does not have its mount id. (In a
 * chroot that is not a mount, the id is also missing, but the path is longer than "/".) */
static bool is_detached(int fd, const char *path_of_fd) {
        _cleanup_free_ char *info = NULL, *table = NULL;
        char path[64], id[32];
        const char *line;

        if (!streq(path_of_fd, "/"))
                return false;
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        if (file_read(AT_FDCWD, path, &info, NULL) < 0 || file_read(AT_FDCWD, "/proc/self/mountinfo", &table, NULL) < 0)
                return false;
        line = strstr(info, "mnt_id:");
        if (!line || sscanf(line, "mnt_id: %30[0-9]", id) != 1)
                return false;
        strcat(id, " ");
        for (line = table; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
                if (startswith(line, id))
                        return false;
        return true;
}

/* The start opens an fd again by its path, which must still lead to the same file. A detached mount has no path; the
 * start mounts the fd itself. */
static int resolve_fd(Builder *b, const Setting *s, DirectiveId id, const Binding *binding, PlanSource *ret) {
        _cleanup_free_ char *real = NULL;
        struct stat st, there;
        bool detached;
        char path[64];
        int r;

        if (fstat(binding->fd, &st) < 0)
                return build_error(b, s, id, errno, "%s is bound to fd %d: %s", binding->name, binding->fd,
                                   strerror(errno));
        snprintf(path, sizeof(path), "/proc/self/fd/%d", binding->fd);
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
                return build_error(b, s, id, EINVAL, "%s is bound to fd %d, which is neither a file nor a directory",
                                   binding->name, binding->fd);
        r = link_read(AT_FDCWD, path, &real);
        if (r < 0)
                return build_error(b, s, id, -r, "%s: %s", path, strerror(-r));
        detached = is_detached(binding->fd, real);
        if (!detached && (lstat(real, &there) < 0 || there.st_dev != st.st_dev || there.st_ino != st.st_ino))
                return build_error(b, s, id, ESTALE, "%s is bound to fd %d, which is no longer at %s",
                                   binding->name, binding->fd, real);
        *ret = (PlanSource) { .kind = detached ? SOURCE_DETACHED : SOURCE_FD, .directory = S_ISDIR(st.st_mode),
                              .path = detached ? strdup(path) : TAKE_PTR(real), .fd = binding->fd };
        return ret->path ? 1 : -ENOMEM;
}

static int resolve_name(RootBuilder *rb, const Setting *s, DirectiveId id, const char *name, PlanSource *ret) {
        const Bindings *bindings = rb->b->request->bindings;
        const Binding *binding = bindings ? bindings_find(bindings, name) : NULL;
        const bool typed = rb->b->plan->typed;
        int r;

        if (!binding && s->value.optional)
                return 0;
        if (!binding)
                return build_error(rb->b, s, id, ENOENT,
                                   "the name %s is not bound to a path: use isorun --bind %s=PATH, or write %s=PATH "
                                   "into a file /etc/isorun/volumes.d/*.conf%s%s", name, name, name,
                                   typed ? ". A path begins with \"/\", \"~\" or \".\": ./" : "", typed ? name : "");
        rb->bound[binding - bindings->items] = true;
        r = binding->fd >= 0 ? resolve_fd(rb->b, s, id, binding, ret)
                             : resolve_path(rb, s, id, binding->source, false, ret);
        if (r > 0)
                ret->binding = binding;
        return r;
}

int root_builder_resolve(RootBuilder *rb, const Setting *s, DirectiveId id, const char *source, PlanSource *ret) {
        return source[0] == '/' ? resolve_path(rb, s, id, source, s->value.optional, ret)
                                : resolve_name(rb, s, id, source, ret);
}
