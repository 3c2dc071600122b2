/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the root itself is: a directory of the host, several stacked, an image, or nothing. */
#include "plan/root/layers.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "plan/root/source.h"
#include "plan/who/tree.h"
#include "util/strv.h"

/* By whatever path, bind or fd of it. */
static bool is_host_root(const PlanMount *m) {
        struct stat st, root;
        char path[32];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", m->fd);
        if (!m->detached && streq(m->source, "/"))
                return true;
        return stat(m->detached ? path : m->source, &st) >= 0 && stat("/", &root) >= 0 && st.st_dev == root.st_dev &&
               st.st_ino == root.st_ino;
}

/* An image is mounted only for a start. */
static void begin_image(const RootBuilder *rb, PlanMount *found, PlanMount *root) {
        root->source = TAKE_PTR(found->source);
        root->binding = found->binding;
        root->detached = rb->b->request->read_image;
        root->fd = rb->b->request->image;
        root->unread = !rb->b->request->read_image;
}

static bool is_image(const RootBuilder *rb, const PlanMount *found) {
        struct stat st;

        if (rb->b->request->read_image)
                return rb->b->request->image && !found->directory;
        return !found->by_fd && stat(found->source, &st) >= 0 && S_ISREG(st.st_mode);
}

static int begin_layer(RootBuilder *rb, const Setting *s, const char *layer, PlanMount *root) {
        _cleanup_(plan_mount_deinit) PlanMount found = {};
        int r;

        r = root_builder_resolve(rb, s, D_RootDirectory, layer, &found);
        if (r < 0)
                return r;
        if (!s->value.words[1] && is_image(rb, &found)) {
                begin_image(rb, &found, root);
                return 0;
        }
        if (!found.directory)
                return build_error(rb->b, s, D_RootDirectory, ENOTDIR, "%s is no directory", found.source);
        if (found.binding && (found.binding->flags & ~(uint64_t) BIND_READ_ONLY || found.binding->options))
                return build_error(rb->b, s, D_RootDirectory, EINVAL, "what is bound to %s has options of a volume",
                                   layer);
        if (found.by_fd && s->value.words[1])
                return build_error(rb->b, s, D_RootDirectory, EINVAL, "an fd cannot be a layer: %s", layer);

        rb->host_root = rb->host_root || is_host_root(&found);
        if (root->source && strv_prepend(&root->lower, TAKE_PTR(root->source)) < 0)
                return -ENOMEM;
        root->source = TAKE_PTR(found.source);
        root->binding = found.binding;
        root->detached = found.detached;
        root->by_fd = found.by_fd;
        root->fd = found.fd;
        return 0;
}

int build_begin_root(RootBuilder *rb) {
        const Setting *s = policy_get(rb->b->policy, D_RootDirectory);
        PlanMount root = { .kind = MOUNT_ROOT, .destination = strdup("/"), .directory = true, .recursive = true,
                           .read_only = !rb->b->request->writable_root, .exact = true, .origin = s->origin,
                           .key = "RootDirectory" };
        int r = 0;

        if (strv_length(s->value.words) > ROOT_LAYERS_MAX)
                r = build_error(rb->b, s, D_RootDirectory, E2BIG, "more than %d layers", ROOT_LAYERS_MAX);
        rb->bare_root = s->value.number == ROOT_NONE;
        for (char **layer = s->value.words; r >= 0 && *layer && !rb->bare_root; layer++)
                r = begin_layer(rb, s, *layer, &root);
        if (r >= 0 && !root.read_only)
                r = build_tree_root(rb->b, &root);
        if (r < 0) {
                plan_mount_deinit(&root);
                return r;
        }
        return root_model_add(&rb->model, root) ? 0 : -ENOMEM;
}
