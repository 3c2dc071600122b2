/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReadOnlyPaths=: paths in memory and in writable volumes that the payload cannot change. Such a path becomes a
 * read-only mount of its own. The payload could still rename a directory above it and make another one, so each
 * directory between the volume and the path becomes a mount, too: the kernel does not rename a mount point. The payload
 * could make a path that does not exist: instead of such a path, the closest directory above it is read-only. isorun
 * makes nothing in a volume. */
#include "plan/root/read-only.h"

#include <errno.h>
#include <stdio.h>

#include "plan/root/place.h"
#include "util/path.h"
#include "util/text.h"

static int part_error(RootBuilder *rb, const Setting *s, const Spot *spot) {
        return build_error(rb->b, s, D_ReadOnlyPaths, EOPNOTSUPP,
                           "%s is a part of %s, and only %s as a whole can be made read-only", spot->path,
                           spot->cover->destination, spot->cover->destination);
}

/* Makes the path at spot a mount, unless it is one. */
static int separate(RootBuilder *rb, const Setting *s, const Spot *spot) {
        int r;

        if (root_model_find(&rb->model, spot->path))
                return 0;
        r = root_builder_bind_part(rb, D_ReadOnlyPaths, s, spot);
        return r == -EOPNOTSUPP ? part_error(rb, s, spot) : r;
}

/* Keeps the payload from renaming the directories between the volume and the path. */
static int pin_parents(RootBuilder *rb, const Setting *s, const Spot *spot) {
        const char *rest = spot->path + strlen(spot->cover->destination) + 1;
        int r = 0;

        for (const char *slash = strchr(rest, '/'); r >= 0 && slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *parent = strndup(spot->path, (size_t) (slash - spot->path));
                _cleanup_(spot_deinit) Spot at = {};

                r = parent ? root_model_walk(&rb->model, parent, &at) : -ENOMEM;
                if (r >= 0)
                        r = separate(rb, s, &at);
        }
        return r;
}

static int make_read_only(RootBuilder *rb, const Setting *s, const Spot *spot) {
        PlanMount *m;
        int r = 0;

        if (!streq(spot->path, spot->cover->destination))
                r = pin_parents(rb, s, spot);
        if (r >= 0)
                r = separate(rb, s, spot);
        if (r < 0)
                return r;
        m = root_model_find(&rb->model, spot->path);
        if (m->kind != MOUNT_BIND && m->kind != MOUNT_TMPFS)
                return part_error(rb, s, spot);
        *m = mount_of_setting(D_ReadOnlyPaths, s, *m); /* isoctl export tells it from a volume */
        m->attributes.read_only = true;
        return 0;
}

/* Whether the payload can write at the spot. */
static bool is_writable(const Spot *spot) {
        const PlanMount *m = spot->cover;

        return !m->attributes.read_only &&
               (m->kind == MOUNT_BIND || m->kind == MOUNT_ROOT || m->kind == MOUNT_OVERLAY || m->kind == MOUNT_TMPFS);
}

/* Whether the spot is a volume, and not a part of one that this file has separated. */
static bool is_volume(const Spot *spot) {
        return streq(spot->path, spot->cover->destination) &&
               !(spot->cover->key && streq(spot->cover->key, directive_table[D_ReadOnlyPaths].name));
}

static char *path_of(const RootBuilder *rb, const Setting *s) {
        const char *below = startswith(s->value.text, "./");

        return below ? path_join(rb->b->host->working_directory ?: "/", below) : strdup(s->value.text);
}

/* Lists the missing path and those of later lines that are missing in the same directory: to make one of them alone
 * would not help. */
static char *list_missing(RootBuilder *rb, const Setting *s, const Spot *missing) {
        const SettingList *list = build_list(rb->b, D_ReadOnlyPaths);
        char *names = strdup(missing->path);

        for (const Setting *other = s + 1; names && other < list->items + list->n; other++) {
                _cleanup_free_ char *path = path_of(rb, other), *before = names;
                _cleanup_(spot_deinit) Spot spot = {};
                int r = path ? root_model_walk(&rb->model, path, &spot) : -ENOMEM;
                const bool same = r >= 0 && !other->value.optional && !spot.exists && spot.nearest &&
                                  streq(spot.nearest, missing->nearest);

                names = r == -ENOMEM ? NULL : same ? format("%s and %s", before, spot.path) : TAKE_PTR(before);
        }
        return names;
}

/* For a path that does not exist in a writable volume. The volume itself stays writable: it is for the payload. *said
 * is the directory that the last notice has named, and one notice is enough. */
static int protect_missing(RootBuilder *rb, const Setting *s, const Spot *missing, char **said) {
        const char *rest = missing->path + (missing->nearest[1] ? strlen(missing->nearest) : 0) + 1;
        _cleanup_free_ char *first = strndup(missing->path, (size_t) (rest - missing->path) + strcspn(rest, "/"));
        _cleanup_(spot_deinit) Spot nearest = {};
        int r;

        r = first ? root_model_walk(&rb->model, missing->nearest, &nearest) : -ENOMEM;
        if (r < 0)
                return r;
        if (!is_volume(&nearest)) {
                _cleanup_free_ char *names = list_missing(rb, s, missing);

                if (!names)
                        return -ENOMEM;
                report_notice_at(rb->b->report, s->origin, directive_table[D_ReadOnlyPaths].name,
                                 "%s is read-only, because the program could make files that do not exist there: %s",
                                 nearest.path, names);
                return make_read_only(rb, s, &nearest);
        }
        if (!*said || !streq(*said, first))
                report_notice_at(rb->b->report, s->origin, directive_table[D_ReadOnlyPaths].name,
                                 "%s does not exist, so the program can make it", first);
        free(*said);
        *said = TAKE_PTR(first);
        return 0;
}

/* Makes what isorun mounts below the path read-only, as systemd does. A line of the policy for a place below, or a
 * directory of the service, is closer to that place, so it counts there. */
static void protect_mounts(RootBuilder *rb, const Setting *s, const char *path) {
        for (size_t i = 0; i < rb->model.n_mounts; i++) {
                PlanMount *m = rb->model.mounts[i];
                const bool own = m->kind == MOUNT_DEVPTS || (m->kind == MOUNT_TMPFS && !streq(m->destination, path));

                if (m->attributes.read_only || !path_is_at_or_below(m->destination, path))
                        continue;
                if (m->kind == MOUNT_PROC || m->kind == MOUNT_CGROUP)
                        report_notice_at(rb->b->report, s->origin, directive_table[D_ReadOnlyPaths].name,
                                         "%s stays writable, because of %s=", m->destination,
                                         directive_table[m->kind == MOUNT_PROC ? D_Nesting : D_Delegate].name);
                if (!own || m->asker >= ASKED_BY_SERVICE)
                        continue;
                m->attributes.read_only = true;
                m->origin = s->origin; /* m is still built in: a place that is hidden hides it, too */
                m->key = directive_table[D_ReadOnlyPaths].name;
        }
}

static int protect(RootBuilder *rb, const Setting *s, const char *path, char **said) {
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        r = root_model_walk(&rb->model, path, &spot);
        if (r < 0)
                return r == -ENOMEM ? r : build_error(rb->b, s, D_ReadOnlyPaths, -r, "%s: %s", path, strerror(-r));
        if (spot.leaves_root || spot.through_volume)
                return build_error(rb->b, s, D_ReadOnlyPaths, ELOOP,
                                   "%s: this path contains a symlink that leads out of the root, or is in a writable "
                                   "volume, so the program could redirect it", path);
        if (spot.unknown)
                return build_error(rb->b, s, D_ReadOnlyPaths, EXDEV,
                                   "%s is below a mount of the host that %s leaves out, so isorun cannot see what is "
                                   "there", path, spot.cover->destination);
        protect_mounts(rb, s, spot.path);
        if (!is_writable(&spot))
                return 0;
        if (spot.exists)
                return make_read_only(rb, s, &spot);
        /* In memory, it is the payload's own. */
        return s->value.optional || spot.cover->kind == MOUNT_TMPFS ? 0 : protect_missing(rb, s, &spot, said);
}

int build_read_only(RootBuilder *rb) {
        const SettingList *list = build_list(rb->b, D_ReadOnlyPaths);
        _cleanup_free_ char *said = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Setting *s = &list->items[i];
                _cleanup_free_ char *path = path_of(rb, s);

                r = path ? protect(rb, s, path, &said) : -ENOMEM;
        }
        return r;
}
