/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places the wanted mounts one by one, parents first, in a model of the new root. So the plan knows that each has a
 * place. */
#include "plan/root/place.h"

#include <dirent.h>
#include <errno.h>

#include "util/path.h"
#include "util/strv.h"

/* A larger directory is not merged: each of its entries would be a mount. */
enum { MERGE_MAX = 512 };

static int mount_error(RootBuilder *rb, const PlanMount *m, int error, const char *format, ...) _printf_(4, 5);
static int mount_error(RootBuilder *rb, const PlanMount *m, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = report_error_atv(rb->b->report, m->origin, m->key, error, format, ap);
        va_end(ap);
        return r;
}

/* Whether the caller has named what is to be shown at the place, on the command line. */
static bool is_of_caller(const PlanMount *m) {
        return m->origin.line == 0 && m->kind != MOUNT_BLOCKED;
}

/* Decides between two mounts for one place. What the caller shows there replaces what the policy shows. Two lines of
 * the policy for it are an error. Returns 1 if m replaces the other, 0 if m is left out, or -errno. */
static int settle_conflict(RootBuilder *rb, const PlanMount *m, PlanMount *there) {
        _cleanup_free_ char *where = NULL;

        /* The policy adds entries to a directory that is hidden: these remain, and what the host has there is
         * hidden. */
        if (m->kind == MOUNT_BLOCKED && there->kind == MOUNT_MERGE && m->asker < ASKED_BY_POLICY)
                return 1;
        if (m->asker != there->asker)
                return m->asker > there->asker;
        if (m->asker != ASKED_BY_POLICY)
                return 0;
        if (there->kind == MOUNT_ROOT)
                return mount_error(rb, m, EEXIST, "/ is the root, and only RootDirectory= decides about it "
                                   "(RootDirectory=none makes an empty root)");
        if (m->kind == MOUNT_BLOCKED && there->kind == MOUNT_BLOCKED)
                return 0;
        if (m->kind != MOUNT_BLOCKED && there->kind != MOUNT_BLOCKED && is_of_caller(m) != is_of_caller(there))
                return is_of_caller(m);

        where = origin_format(there->origin);
        return mount_error(rb, m, EEXIST, "%s is already the destination of %s= of %s", m->destination, there->key,
                           where ?: "?");
}

static int count_entries(char *const *paths) {
        int n = 0;

        for (char *const *p = paths; *p; p++) {
                DIR *d = opendir(*p);

                if (!d)
                        return -errno;
                while (readdir(d))
                        n++;
                closedir(d);
        }
        return n;
}

/* isorun creates no destinations in such a volume: they would stay on the host, or belong to the payload. */
static bool is_writable_volume(const PlanMount *m) {
        return plan_mount_is_writable_bind(m) || m->kind == MOUNT_OVERLAY;
}

static int add_merge(RootBuilder *rb, const PlanMount *m, Spot *spot) {
        PlanMount merge = { .kind = MOUNT_MERGE, .destination = strdup(spot->nearest), .merge = true,
                            .attributes.read_only = true, .place = PLACE_EXISTS, .origin = m->origin, .key = m->key,
                            .asker = m->asker == ASKED_BY_SERVICE ? ASKED_INDIRECTLY : m->asker };

        if (!merge.destination || plan_source_of_layers(spot->nearest_hosts, &merge.source) < 0) {
                plan_mount_deinit(&merge);
                return -ENOMEM;
        }
        return root_model_add(&rb->model, merge) ? 0 : -ENOMEM;
}

/* Has the nearest existing directory merged, so that more can be added to it. */
static int make_room(RootBuilder *rb, const PlanMount *m, Spot *spot) {
        PlanMount *there = root_model_find(&rb->model, spot->nearest);
        int n;

        if (there && there->merge)
                return 0;
        if (is_writable_volume(spot->cover))
                return mount_error(rb, m, ENOENT,
                                   "%s does not exist, and isorun creates nothing in a writable volume: create it in "
                                   "%s", m->destination, spot->cover->source.path);

        n = count_entries(spot->nearest_hosts);
        if (n < 0)
                return mount_error(rb, m, -n,
                                   "%s does not exist, and isorun cannot create it in memory: cannot read %s: %s",
                                   m->destination, spot->nearest_hosts[0], strerror(-n));
        if (n > MERGE_MAX)
                return mount_error(rb, m, E2BIG,
                                   "%s does not exist, and isorun cannot create it in memory because %s has too many "
                                   "entries: choose a destination in another directory, such as /run",
                                   m->destination, spot->nearest);

        if (!there)
                return add_merge(rb, m, spot);
        there->merge = true;
        return 0;
}

static bool takes_new_entries(const PlanMount *cover) {
        switch (cover->kind) {
        case MOUNT_ROOT:
        case MOUNT_BIND:
        case MOUNT_OVERLAY:
        case MOUNT_MERGE:
        case MOUNT_TMPFS:
        case MOUNT_GRANT:
                return true;
        default:
                return false;
        }
}

/* Whether the mount hides all that the host has at its place. */
static bool hides(const PlanMount *m) {
        return m->kind == MOUNT_BLOCKED ||
               (m->kind == MOUNT_TMPFS && m->attributes.read_only && m->asker < ASKED_BY_SERVICE);
}

/* For a destination that does not exist. Returns 1 if it can be made, 0 if m is left out, or -errno. */
static int place_missing(RootBuilder *rb, const PlanMount *m, bool optional, Spot *spot) {
        int r;

        if (optional || (m->kind == MOUNT_BLOCKED && hides(spot->cover)))
                return 0;
        if (m->kind == MOUNT_BLOCKED)
                return mount_error(rb, m, ENOENT, "%s does not exist in the sandbox (write -%s to skip it)",
                                   m->destination, m->destination);
        if (!takes_new_entries(spot->cover))
                return mount_error(rb, m, ENOENT, "%s does not exist, and isorun cannot create it in %s",
                                   m->destination,
                                   spot->cover->destination);
        /* It can be made directly: in memory, or in the tree that isoctl build writes to. */
        if (!spot->nearest_hosts || (spot->cover->kind == MOUNT_ROOT && !spot->cover->attributes.read_only))
                return 1;
        r = make_room(rb, m, spot);
        return r < 0 ? r : 1;
}

static int place_existing(RootBuilder *rb, PlanMount *m, bool optional, Spot *spot) {
        PlanMount *there = root_model_find(&rb->model, spot->path);
        bool directory;
        int r;

        if (m->kind == MOUNT_DIRECTORY && m->asker == ASKED_BY_POLICY && spot->directory)
                return 0;
        if (m->asker == ASKED_BY_SERVICE && there && there->asker == ASKED_BY_POLICY)
                return 0;
        if (m->kind == MOUNT_SYMLINK)
                return m->asker == ASKED_BY_POLICY ? mount_error(rb, m, EEXIST, "%s already exists", spot->path) : 0;
        if (m->kind == MOUNT_BLOCKED)
                m->on_directory = spot->directory;
        directory = plan_mount_is_directory(m);
        if (directory != spot->directory)
                return mount_error(rb, m, directory ? ENOTDIR : EISDIR, "%s is a %s, but %s is a %s", m->destination,
                                   spot->directory ? "directory" : "file", m->source.path ?: "the new entry",
                                   directory ? "directory" : "file");
        m->place = PLACE_EXISTS;
        if (!there)
                return 1;

        r = settle_conflict(rb, m, there);
        if (r <= 0)
                return r;
        /* Replaces the contents of the entry, because other entries already refer to it. */
        m->place = there->place == PLACE_IF_THERE && !optional ? PLACE_MADE : there->place;
        free(m->destination);
        m->destination = TAKE_PTR(there->destination);
        plan_mount_deinit(there);
        *there = *m;
        *m = (PlanMount) {};
        return 0;
}

/* For a place in an image that is not read. A hidden place must be a directory if something is placed below it. */
static int place_unread(PlanMount *m, bool optional) {
        m->place = optional ? PLACE_IF_THERE : PLACE_MADE;
        if (m->kind == MOUNT_BLOCKED)
                m->on_directory = true;
        return 1;
}

/* Adds the missing parent directories, which are made in memory. */
static int add_way(RootBuilder *rb, const PlanMount *m, const Spot *spot) {
        const char *rest = spot->path + (spot->nearest[1] ? strlen(spot->nearest) : 0) + 1;

        for (const char *slash = strchr(rest, '/'); slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *way = strndup(spot->path, (size_t) (slash - spot->path));
                PlanMount directory = mount_because_of(m->origin, plan_directory(way, 0755));

                if (m->asker == ASKED_BY_NOBODY)
                        directory.asker = ASKED_BY_NOBODY; /* also if a text is its origin */
                if (!directory.destination || !root_model_add(&rb->model, directory))
                        return -ENOMEM;
        }
        return 0;
}

/* Whether a symlink has led to a directory that another wanted mount is still to replace, such as /run. */
static bool comes_too_early(const RootBuilder *rb, const PlanMount *m, const char *path) {
        if (streq(path, m->destination))
                return false;
        for (size_t i = rb->n_placed; i < rb->n_wanted; i++) {
                const PlanMount *other = &rb->wanted[i].mount;

                if (other != m && other->kind != MOUNT_BLOCKED && other->destination &&
                    path_is_below(path, other->destination))
                        return true;
        }
        return false;
}

/* Moves *m into the model if it gets a place. Returns -EAGAIN if it must come later, because of the destination that it
 * has now. */
static int place(RootBuilder *rb, PlanMount *m, bool optional) {
        bool own = m->kind == MOUNT_BLOCKED && m->asker < ASKED_BY_SERVICE;
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        r = root_model_walk(&rb->model, m->destination, &spot);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && comes_too_early(rb, m, spot.path)) {
                free(m->destination);
                m->destination = TAKE_PTR(spot.path);
                return -EAGAIN;
        }
        if (r < 0)
                return mount_error(rb, m, -r, "%s: %s", m->destination, strerror(-r));

        /* Built-in entries are not added where the policy has put something above them. */
        if (m->asker == ASKED_BY_NOBODY && (spot.through_volume || is_policy_volume(spot.cover)))
                return 0;
        /* A place that isorun hides by itself is hidden wherever its path leads. */
        if (spot.leaves_root && !own)
                return mount_error(rb, m, EXDEV, "%s: a symlink in this path leads out of the root", m->destination);
        if (spot.unknown)
                return mount_error(rb, m, EXDEV,
                                   "%s is below a mount of the host that %s leaves out, so isorun cannot see what is "
                                   "there", m->destination, spot.cover->destination);
        if (spot.through_volume && !own)
                return mount_error(rb, m, ELOOP,
                                   "%s: this path contains a symlink in a writable volume, so anyone who can write "
                                   "there could redirect it", m->destination);
        if (m->kind == MOUNT_BLOCKED && !own && spot.exists && plan_mount_is_writable_bind(spot.cover))
                report_notice_at(rb->b->report, m->origin, m->key,
                                 "%s is in the writable volume %s: if it is moved to another path there, the next "
                                 "start does not hide it", m->destination, spot.cover->destination);

        r = spot.unread   ? place_unread(m, optional)
            : spot.exists ? place_existing(rb, m, optional, &spot)
                          : place_missing(rb, m, optional, &spot);
        if (r > 0 && !spot.exists && add_way(rb, m, &spot) < 0)
                return -ENOMEM;
        if (r <= 0)
                return r;

        free(m->destination);
        m->destination = TAKE_PTR(spot.path);
        if (!root_model_add(&rb->model, *m))
                r = -ENOMEM;
        *m = (PlanMount) {};
        return r < 0 ? r : 0;
}

int root_builder_place(RootBuilder *rb, PlanMount mount) {
        int r = mount.destination ? place(rb, &mount, false) : -ENOMEM;

        plan_mount_deinit(&mount);
        return r;
}

/* Hidden places come last, when everything that could show them has its place. For one place, the policy and the
 * service come before what is built in, and earlier lines of the policy before later ones. */
static int compare_wanted(const void *a, const void *b) {
        const PlanMount *m = &((const WantedMount *) a)->mount, *n = &((const WantedMount *) b)->mount;
        int c = (m->kind == MOUNT_BLOCKED) - (n->kind == MOUNT_BLOCKED);

        c = c ?: destination_compare(m->destination, n->destination);
        c = c ?: (int) n->asker - (int) m->asker;
        return c ?: (int) m->origin.line - (int) n->origin.line;
}

static void sort_wanted(RootBuilder *rb) {
        qsort(rb->wanted + rb->n_placed, rb->n_wanted - rb->n_placed, sizeof(WantedMount), compare_wanted);
}

/* Places those of the wanted mounts, from the first that has no place. */
static int place_all(RootBuilder *rb, bool hidden) {
        int result = 0;

        sort_wanted(rb);
        while (rb->n_placed < rb->n_wanted && result != -ENOMEM) {
                WantedMount *w = &rb->wanted[rb->n_placed];
                int r;

                if (!hidden && w->mount.kind == MOUNT_BLOCKED)
                        break;
                r = place(rb, &w->mount, w->optional);
                if (r == -EAGAIN) {
                        sort_wanted(rb);
                        continue;
                }
                if (r < 0)
                        result = r;
                rb->n_placed++;
        }
        return result;
}

int root_builder_place_all(RootBuilder *rb) {
        return place_all(rb, false);
}

int root_builder_place_hidden(RootBuilder *rb) {
        return place_all(rb, true);
}

int root_builder_bind_part(RootBuilder *rb, DirectiveId id, const Setting *s, const Spot *spot) {
        const PlanMount *cover = spot->cover;
        PlanMount m = mount_of_setting(id, s, (PlanMount) { .kind = MOUNT_BIND, .place = PLACE_EXISTS,
                                                            .attributes = cover->attributes });

        if (!spot->hosts || spot->hosts[1] || (cover->source.kind != SOURCE_PATH && cover->kind != MOUNT_MERGE) ||
            cover->kind == MOUNT_OVERLAY)
                return -EOPNOTSUPP;
        m.destination = strdup(spot->path);
        m.source = (PlanSource) { .kind = SOURCE_PATH, .directory = spot->directory, .path = strdup(spot->hosts[0]) };
        m.attributes.recursive = cover->kind != MOUNT_BIND || cover->attributes.recursive;
        if (!plan_mount_is_whole(&m)) {
                plan_mount_deinit(&m);
                return -ENOMEM;
        }
        return root_model_add(&rb->model, m) ? 0 : -ENOMEM;
}

bool root_builder_can_cover(const Spot *spot) {
        const PlanMount *cover = spot->cover;

        return spot->exists && !spot->directory && spot->hosts && !spot->through_volume && !spot->leaves_root &&
               cover->attributes.read_only && cover->kind != MOUNT_OVERLAY &&
               (cover->source.kind == SOURCE_PATH || cover->source.kind == SOURCE_LAYERS);
}

int root_builder_cover(RootBuilder *rb, const Spot *spot, PlanMount file) {
        PlanMount *there = root_model_find(&rb->model, spot->path);

        file.place = there ? there->place : PLACE_EXISTS;
        file.attributes.no_exec = true;
        if (!plan_mount_is_whole(&file)) {
                plan_mount_deinit(&file);
                return -ENOMEM;
        }
        if (!there)
                return root_model_add(&rb->model, file) ? 0 : -ENOMEM;

        /* The policy has bound the file itself. */
        file.asker = there->asker;
        file.origin = there->origin;
        file.key = there->key;
        plan_mount_deinit(there);
        *there = file;
        return 0;
}
