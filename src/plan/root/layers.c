/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root itself: a directory of the host, several stacked, an image, or nothing. */
#include "plan/root/layers.h"

#include <errno.h>
#include <sys/stat.h>

#include "plan/root/source.h"
#include "plan/who/tree.h"
#include "util/strv.h"
#include "util/text.h"

/* Compares inodes, because another path, a bind mount or an fd can lead to the root. If they cannot be compared, more
 * is hidden. */
static bool is_host_root(const char *path) {
        struct stat st, root;

        return streq(path, "/") || stat(path, &st) < 0 || stat("/", &root) < 0 ||
               (st.st_dev == root.st_dev && st.st_ino == root.st_ino);
}

static bool is_image(const RootBuilder *rb, const PlanSource *found) {
        struct stat st;

        if (rb->b->request->read_image)
                return rb->b->request->image && !found->directory;
        return found->kind == SOURCE_PATH && stat(found->path, &st) >= 0 && S_ISREG(st.st_mode);
}

/* Only a start mounts the image. Otherwise the plan does not look into it. */
static void mark_image(const RootBuilder *rb, PlanSource *image) {
        image->kind = rb->b->request->read_image ? SOURCE_DETACHED : SOURCE_IMAGE;
        image->fd = rb->b->request->image;
}

/* Puts a layer on top of the layers that root has. Leaves layer empty. */
static int add_layer(PlanSource *root, PlanSource *layer) {
        if (root->kind != SOURCE_NONE) {
                layer->lower = root->kind == SOURCE_LAYERS ? root->lower : NULL;
                layer->kind = SOURCE_LAYERS;
                root->kind = SOURCE_PATH;
                if (strv_prepend(&layer->lower, TAKE_PTR(root->path)) < 0)
                        return -ENOMEM;
        }
        *root = *layer;
        *layer = (PlanSource) {};
        return 0;
}

static int begin_layer(RootBuilder *rb, const Setting *s, const char *layer, PlanSource *root) {
        _cleanup_(plan_source_deinit) PlanSource found = {};
        bool single = s->value.number == ROOT_IMAGE || !s->value.words[1];
        int r;

        r = root_builder_resolve(rb, s, D_RootDirectory, layer, &found);
        if (r < 0)
                return r;
        if (single && is_image(rb, &found)) {
                mark_image(rb, &found);
                return add_layer(root, &found);
        }
        if (!found.directory)
                return build_error(rb->b, s, D_RootDirectory, ENOTDIR, "%s is not a directory", found.path);
        if (found.binding && (found.binding->flags & ~(uint64_t) BIND_READ_ONLY || found.binding->options))
                return build_error(rb->b, s, D_RootDirectory, EINVAL,
                                   "the binding of %s has options that only a volume can have (a root can have only "
                                   "ro)", layer);
        if (found.kind != SOURCE_PATH && !single)
                return build_error(rb->b, s, D_RootDirectory, EINVAL,
                                   "a file descriptor cannot be one of several layers: %s", layer);

        rb->host_root = rb->host_root || is_host_root(found.path);
        return add_layer(root, &found);
}

/* overlayfs refuses a directory that is there twice. */
static int check_layers(RootBuilder *rb, const Setting *s, const PlanSource *root) {
        char **lower = root->kind == SOURCE_LAYERS ? root->lower : NULL;

        for (char **layer = lower; layer && *layer; layer++)
                if (streq(*layer, root->path) || strv_contains(layer + 1, *layer))
                        return build_error(rb->b, s, D_RootDirectory, EINVAL, "%s is a layer twice", *layer);
        return 0;
}

/* The paths or names of the layers, lowest first. */
static char *const *layers_of(RootBuilder *rb, const Setting *s) {
        static char *const none[] = { NULL };

        if (s->value.number == ROOT_NONE)
                return none;
        return s->value.number == ROOT_IMAGE ? rb->b->request->layers : s->value.words;
}

/* The store is not for builds: other images have the same layers. */
static int check_image(RootBuilder *rb, const Setting *s) {
        const PlanRequest *request = rb->b->request;
        Plan *plan = rb->b->plan;

        if (s->value.number != ROOT_IMAGE)
                return 0;
        if (request->writable_root)
                return build_error(rb->b, s, D_RootDirectory, EROFS, "%s is an image, which a build cannot write to",
                                   s->value.text);
        plan->layers_lock = request->layers_lock;
        if (!request->image_id || !request->policy_digest)
                return 0;
        plan->image_id = strdup(request->image_id);
        plan->policy_digest = strdup(request->policy_digest);
        return plan->image_id && plan->policy_digest ? 0 : -ENOMEM;
}

/* What the payload writes goes to a layer in memory. */
static int make_changeable(const Setting *s, PlanMount *root) {
        _cleanup_free_ char *size = size_format(s->value.size);

        root->attributes.read_only = false;
        root->options = size ? format("size=%s", size) : NULL;
        return root->options ? 0 : -ENOMEM;
}

int build_begin_root(RootBuilder *rb) {
        const Setting *s = policy_get(rb->b->policy, D_RootDirectory);
        PlanMount root = mount_of_setting(D_RootDirectory, s, (PlanMount) {
                .kind = MOUNT_ROOT, .destination = strdup("/"), .place = PLACE_EXISTS,
                .attributes = { .read_only = !rb->b->request->writable_root, .recursive = true } });
        int r = check_image(rb, s);

        if (r >= 0 && s->value.number == ROOT_IMAGE && s->value.size.number > 0)
                r = make_changeable(s, &root);
        rb->bare_root = s->value.number == ROOT_NONE;
        for (char *const *layer = layers_of(rb, s); r >= 0 && *layer; layer++)
                r = begin_layer(rb, s, *layer, &root.source);
        if (r >= 0)
                r = check_layers(rb, s, &root.source);
        if (r >= 0 && rb->b->request->writable_root)
                r = build_tree_root(rb->b, &root.source);
        if (r < 0) {
                plan_mount_deinit(&root);
                return r;
        }
        return root_model_add(&rb->model, root) ? 0 : -ENOMEM;
}
