/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root of a container as a plan has it. A mount that comes later hides what is below its destination. */
#include "oci/explain/root.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "plan/root/model.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

static void free_mount(BundleRoot *root, size_t i) {
        plan_mount_deinit(&root->plan.mounts[i]);
        free(root->words[i]);
}

static void remove_below(BundleRoot *root, const char *destination) {
        Plan *plan = &root->plan;
        size_t kept = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (path_is_at_or_below(plan->mounts[i].destination, destination))
                        free_mount(root, i);
                else {
                        root->words[kept] = root->words[i];
                        plan->mounts[kept++] = plan->mounts[i];
                }
        plan->n_mounts = kept;
}

/* Whether the path does not exist in the root, or in what is bound: of other mounts, isoctl does not know. */
static bool is_missing(const Spot *spot) {
        return !spot->exists && !spot->unread && !spot->unknown && spot->cover &&
               (spot->cover->kind == MOUNT_ROOT || spot->cover->kind == MOUNT_BIND);
}

char *bundle_root_resolve(const BundleRoot *root, const char *destination, bool *ret_missing) {
        const Plan *plan = &root->plan;
        _cleanup_free_ char *absolute = path_join("/", destination), *path = absolute ? path_simplify(absolute) : NULL;
        RootModel model = {};
        bool whole = path;
        Spot spot = {};
        char *found;

        for (size_t i = 0; whole && i < plan->n_mounts; i++) {
                PlanMount *added = root_model_add(&model, (PlanMount) {
                        .destination = strdup(plan->mounts[i].destination) });
                char *name = added ? added->destination : NULL;

                whole = added && name;
                if (!whole)
                        break;
                *added = plan->mounts[i];
                added->destination = name;
        }
        found = !whole ? NULL : root_model_walk(&model, path, &spot) >= 0 ? TAKE_PTR(spot.path) : TAKE_PTR(path);
        if (ret_missing)
                *ret_missing = whole && is_missing(&spot);
        spot_deinit(&spot);
        for (size_t i = 0; i < model.n_mounts; i++)
                *model.mounts[i] = (PlanMount) { .destination = model.mounts[i]->destination };
        root_model_deinit(&model);
        return found;
}

/* Makes place for a mount where a sorted list has it. Returns its index, or -ENOMEM. */
static ssize_t insert(BundleRoot *root, const char *destination) {
        Plan *plan = &root->plan;
        const size_t n = plan->n_mounts;
        size_t i = 0, n_words = n;

        if (!ARRAY_APPEND(root->words, n_words) || !ARRAY_APPEND(plan->mounts, plan->n_mounts))
                return -ENOMEM;
        while (i < n && destination_compare(plan->mounts[i].destination, destination) < 0)
                i++;
        memmove(root->words + i + 1, root->words + i, (n - i) * sizeof(*root->words));
        memmove(plan->mounts + i + 1, plan->mounts + i, (n - i) * sizeof(*plan->mounts));
        return (ssize_t) i;
}

/* Takes over words, and what the mount owns, also its destination. */
static int add_at(BundleRoot *root, PlanMount mount, char *words, Origin origin) {
        ssize_t i = mount.destination && words ? insert(root, mount.destination) : -ENOMEM;

        mount.origin = origin;
        mount.asker = ASKED_BY_POLICY;
        mount.place = PLACE_EXISTS;
        if (i < 0) {
                plan_mount_deinit(&mount);
                free(words);
                return -ENOMEM;
        }
        root->plan.mounts[i] = mount;
        root->words[i] = words;
        return 0;
}

/* The same for a mount, where destination leads. It hides what is there. */
static int add(BundleRoot *root, const char *destination, PlanMount mount, char *words, Origin origin) {
        mount.destination = root->plan.n_mounts > 0 ? bundle_root_resolve(root, destination, NULL) : strdup("/");
        if (mount.destination)
                remove_below(root, mount.destination);
        return add_at(root, mount, words, origin);
}

static PlanSource host_source(char *path) {
        struct stat st;
        const bool known = path && stat(path, &st) >= 0;

        return (PlanSource) { .kind = SOURCE_PATH, .path = path, .directory = !known || S_ISDIR(st.st_mode),
                              .device = known && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) };
}

static int add_mount(Bundle *b, BundleRoot *root, size_t i) {
        const SpecMount *m = &b->spec->mounts[i];
        const uint64_t set = m->set | m->all_set;
        const Origin origin = bundle_origin(b, "/mounts/%zu", i);
        PlanMount mount = { .kind = MOUNT_PROC, .attributes = { .read_only = set & MOUNT_ATTR_RDONLY,
                                                              .no_exec = set & MOUNT_ATTR_NOEXEC, .recursive = true,
                                                              .devices = !(set & MOUNT_ATTR_NODEV) } };
        _cleanup_free_ char *path = NULL;

        if (!m->type) {
                path = spec_mount_source(b->spec, m);
                mount.kind = MOUNT_BIND;
                mount.source = host_source(path ? realpath(path, NULL) ?: strdup(path) : NULL);
                if (!mount.source.path)
                        return -ENOMEM;
        } else if (streq(m->type, "tmpfs")) {
                mount.kind = MOUNT_TMPFS;
                mount.options = m->data ? strdup(m->data) : NULL;
        } else if (streq(m->type, "devpts"))
                mount.kind = MOUNT_DEVPTS;
        return add(root, m->destination, mount, bundle_mount_words(m), origin);
}

static int add_device(BundleRoot *root, const char *path, Origin origin) {
        PlanMount mount = { .kind = MOUNT_BIND, .attributes.devices = true, .source = host_source(strdup(path)) };

        return mount.source.path ? add(root, path, mount, strdup("device"), origin) : -ENOMEM;
}

/* isorun-oci makes these nodes in the container; the host's are the same devices. */
static int add_devices(Bundle *b, BundleRoot *root) {
        int r = 0;

        if (spec_has_own_devices(b->spec))
                return 0;
        for (size_t i = 0; r >= 0 && i < SPEC_DEFAULT_DEVICES; i++)
                r = add_device(root, spec_default_devices[i].path, (Origin) {});
        for (size_t i = 0; r >= 0 && i < b->spec->n_devices; i++)
                r = add_device(root, b->spec->devices[i].path, bundle_origin(b, "/linux/devices/%zu", i));
        return r;
}

int bundle_root_make(Bundle *b, BundleRoot *ret) {
        const Spec *spec = b->spec;
        const uint64_t capabilities = bundle_capabilities(spec);
        PlanMount root = { .kind = MOUNT_ROOT, .attributes = { .read_only = spec->root_read_only, .devices = true,
                                                             .recursive = true } };
        char *words;
        int r;

        ret->plan = (Plan) {
                .uid = spec->process.uid, .gid = spec->process.gid, .groups = spec->process.groups,
                .n_groups = spec->process.n_groups, .uid_map = *bundle_uid_map(b), .gid_map = *bundle_gid_map(b),
                .bounding = capabilities, .ambient = capabilities,
        };
        root.source = host_source(strdup(spec->root));
        words = format("%s %s", spec->root_read_only ? "read-only" : "writable", spec->root);
        if (!root.source.path)
                free(TAKE_PTR(words));
        r = root.source.path ? add(ret, "/", root, words, bundle_origin(b, "/root")) : -ENOMEM;
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                r = spec->mounts[i].remount ? 0 : add_mount(b, ret, i);
        return r >= 0 ? add_devices(b, ret) : r;
}

/* The mount of the path, or NULL. */
static char **find_words(BundleRoot *root, const char *path) {
        for (size_t i = 0; i < root->plan.n_mounts; i++)
                if (streq(root->plan.mounts[i].destination, path))
                        return &root->words[i];
        return NULL;
}

/* Adds a place that isorun-oci covers or restricts, unless it knows that the place does not exist. */
static int add_place(BundleRoot *root, const char *place, const char *words, bool covers, Origin origin) {
        bool missing;
        _cleanup_free_ char *path = bundle_root_resolve(root, place, &missing);
        char **before = path && !covers ? find_words(root, path) : NULL, *both;

        if (!path)
                return -ENOMEM;
        if (missing)
                return 0;
        if (before) {
                both = format("%s, %s", *before, words);
                if (!both)
                        return -ENOMEM;
                free(*before);
                *before = both;
                return 0;
        }
        if (covers)
                remove_below(root, path);
        return add_at(root, (PlanMount) { .kind = MOUNT_BLOCKED, .destination = TAKE_PTR(path) }, strdup(words),
                      origin);
}

int bundle_root_protect(Bundle *b, BundleRoot *root) {
        const Spec *spec = b->spec;
        const SpecPolicy *policy = spec->policy;
        int r = 0;

        for (size_t i = 0; r >= 0 && spec->read_only && spec->read_only[i]; i++)
                r = add_place(root, spec->read_only[i], "read-only", false,
                              bundle_origin(b, "/linux/readonlyPaths/%zu", i));
        for (char **p = policy ? policy->read_only : NULL; r >= 0 && p && *p; p++)
                r = add_place(root, *p, "read-only", false, bundle_path_origin(b, D_ReadOnlyPaths, *p));
        for (char **p = policy ? policy->no_exec : NULL; r >= 0 && p && *p; p++)
                r = add_place(root, *p, "noexec", false, bundle_path_origin(b, D_NoExecPaths, *p));
        for (size_t i = 0; r >= 0 && spec->masked && spec->masked[i]; i++)
                r = add_place(root, spec->masked[i], BUNDLE_HIDDEN, true,
                              bundle_origin(b, "/linux/maskedPaths/%zu", i));
        for (char **p = policy ? policy->masked : NULL; r >= 0 && p && *p; p++)
                r = add_place(root, *p, BUNDLE_HIDDEN, true, bundle_path_origin(b, D_InaccessiblePaths, *p));
        return r;
}

void bundle_root_deinit(BundleRoot *root) {
        for (size_t i = 0; i < root->plan.n_mounts; i++)
                free_mount(root, i);
        free(root->plan.mounts);
        free(root->words);
        *root = (BundleRoot) {};
}

Origin bundle_path_origin(const Bundle *b, DirectiveId id, const char *path) {
        const SettingList *list = &b->policy->source->settings[id];

        for (size_t i = 0; i < list->n; i++) {
                const char *whole = list->items[i].value.text, *text = whole + strspn(whole, "-+");
                const char *below = startswith(text, "./");
                _cleanup_free_ char *joined = below ? path_join(b->spec->process.directory, below) : NULL;

                if (streq(joined ?: text, path))
                        return list->items[i].origin;
        }
        return (Origin) {};
}
