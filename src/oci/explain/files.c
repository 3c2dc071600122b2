/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root of a container as a plan has it. A mount that comes later hides what is below its destination. */
#include "oci/explain/files.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "plan/root/model.h"
#include "plan/why/answer.h"
#include "plan/why/file.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"

static void remove_below(Plan *plan, const char *destination) {
        size_t kept = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (path_is_below(plan->mounts[i].destination, destination) ||
                    streq(plan->mounts[i].destination, destination))
                        plan_mount_deinit(&plan->mounts[i]);
                else
                        plan->mounts[kept++] = plan->mounts[i];
        plan->n_mounts = kept;
}

/* Whether the path does not exist in the root, or in what is bound: of other mounts, isoctl does not know. */
static bool is_missing(const Spot *spot) {
        return !spot->exists && !spot->unread && !spot->unknown && spot->cover &&
               (spot->cover->kind == MOUNT_ROOT || spot->cover->kind == MOUNT_BIND);
}

/* Where the destination leads, with the mounts before it. ret_missing may be NULL. */
static char *resolve(const Plan *plan, const char *destination, bool *ret_missing) {
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

/* Takes over what the mount owns. */
static int add(Plan *plan, const char *destination, PlanMount mount, Origin origin) {
        PlanMount *slot;

        mount.destination = plan->n_mounts > 0 ? resolve(plan, destination, NULL) : strdup("/");
        mount.origin = origin;
        mount.asker = ASKED_BY_POLICY;
        mount.place = PLACE_EXISTS;
        if (mount.destination)
                remove_below(plan, mount.destination);
        slot = mount.destination ? ARRAY_APPEND(plan->mounts, plan->n_mounts) : NULL;
        if (!slot) {
                plan_mount_deinit(&mount);
                return -ENOMEM;
        }
        *slot = mount;
        return 0;
}

static PlanSource host_source(char *path) {
        struct stat st;
        const bool known = path && stat(path, &st) >= 0;

        return (PlanSource) { .kind = SOURCE_PATH, .path = path, .directory = !known || S_ISDIR(st.st_mode),
                              .device = known && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) };
}

static int add_mount(Bundle *b, Plan *plan, size_t i) {
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
        return add(plan, m->destination, mount, origin);
}

static int add_device(Plan *plan, const char *path, Origin origin) {
        PlanMount mount = { .kind = MOUNT_BIND, .attributes.devices = true, .source = host_source(strdup(path)) };

        return mount.source.path ? add(plan, path, mount, origin) : -ENOMEM;
}

/* isorun-oci makes these nodes in the container; the host's are the same devices. */
static int add_devices(Bundle *b, Plan *plan) {
        int r = 0;

        if (spec_has_own_devices(b->spec))
                return 0;
        for (size_t i = 0; r >= 0 && i < SPEC_DEFAULT_DEVICES; i++)
                r = add_device(plan, spec_default_devices[i].path, (Origin) {});
        for (size_t i = 0; r >= 0 && i < b->spec->n_devices; i++)
                r = add_device(plan, b->spec->devices[i].path, bundle_origin(b, "/linux/devices/%zu", i));
        return r;
}

static int compare(const void *a, const void *b) {
        return destination_compare(((const PlanMount *) a)->destination, ((const PlanMount *) b)->destination);
}

static int make_plan(Bundle *b, Plan *plan) {
        const Spec *spec = b->spec;
        const uint64_t capabilities = bundle_capabilities(spec);
        PlanMount root = { .kind = MOUNT_ROOT, .attributes = { .read_only = spec->root_read_only, .devices = true,
                                                             .recursive = true } };
        int r;

        plan->uid = spec->process.uid;
        plan->gid = spec->process.gid;
        plan->groups = spec->process.groups;
        plan->n_groups = spec->process.n_groups;
        plan->uid_map = spec->uid_map;
        plan->gid_map = spec->gid_map;
        plan->bounding = capabilities;
        plan->ambient = capabilities;
        root.source = host_source(strdup(spec->root));
        r = root.source.path ? add(plan, "/", root, bundle_origin(b, "/root")) : -ENOMEM;
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                r = add_mount(b, plan, i);
        if (r >= 0)
                r = add_devices(b, plan);
        if (r >= 0 && plan->n_mounts > 0)
                qsort(plan->mounts, plan->n_mounts, sizeof(*plan->mounts), compare);
        return r;
}

static bool changes(WhyAction action) {
        return action == WHY_WRITE || action == WHY_CREATE || action == WHY_REMOVE || action == WHY_RENAME;
}

/* What is asked, and where: with the symlinks of the container. */
typedef struct Asked {
        const Plan *plan;
        const WhyQuestion *question;
        const char *path, *real;
} Asked;

/* isorun-oci skips a place that does not exist. */
static bool is_at(const Asked *asked, const char *place) {
        bool missing;
        _cleanup_free_ char *real = resolve(asked->plan, place, &missing);

        if (!real || missing)
                return !real && path_is_at_or_below(asked->path, place);
        return path_is_at_or_below(asked->path, place) || path_is_at_or_below(asked->path, real) ||
               path_is_at_or_below(asked->real, real);
}

/* The line that has a path. */
static Origin origin_of(const Bundle *b, DirectiveId id, const char *path) {
        const SettingList *list = &b->policy->source->settings[id];

        for (size_t i = 0; i < list->n; i++) {
                const char *text = list->items[i].value.text + strspn(list->items[i].value.text, "-+");
                const char *below = startswith(text, "./");
                _cleanup_free_ char *joined = below ? path_join(b->spec->process.directory, below) : NULL;

                if (streq(joined ?: text, path))
                        return list->items[i].origin;
        }
        return (Origin) {};
}

/* A hidden path is an empty one: /dev/null, or an empty directory. Returns 1 or -ENOMEM, as the next two do. */
static int ask_masked(WhyAnswer *a, const WhyQuestion *q, const char *path, const char *masked, Origin origin) {
        int r;

        answer_origin(a, origin);
        if (streq(path, masked) && (q->action == WHY_READ || q->action == WHY_WRITE))
                r = answer_allowed(a, "%s is hidden: it is empty, and what is written is lost", path);
        else
                r = answer_denied(a, q->action == WHY_CREATE ? EROFS : ENOENT, BY_HIDING, "%s is hidden", masked);
        return r < 0 ? r : 1;
}

static int ask_read_only(WhyAnswer *a, const char *place, Origin origin) {
        answer_origin(a, origin);
        return answer_denied(a, EROFS, BY_MOUNT, "%s is read-only", place) < 0 ? -ENOMEM : 1;
}

static int ask_no_exec(WhyAnswer *a, const char *place, Origin origin) {
        answer_origin(a, origin);
        return answer_denied(a, EACCES, BY_MOUNT, "%s is noexec", place) < 0 ? -ENOMEM : 1;
}

/* Returns 1 if the policy of the annotation decides, 0 or -ENOMEM. */
static int ask_policy(Bundle *b, const Asked *asked, WhyAnswer *a) {
        const SpecPolicy *policy = b->spec->policy;
        const WhyQuestion *q = asked->question;

        for (char **p = policy->masked; p && *p; p++)
                if (is_at(asked, *p))
                        return ask_masked(a, q, asked->path, *p, origin_of(b, D_InaccessiblePaths, *p));
        for (char **p = policy->read_only; changes(q->action) && p && *p; p++)
                if (is_at(asked, *p))
                        return ask_read_only(a, *p, origin_of(b, D_ReadOnlyPaths, *p));
        for (char **p = policy->no_exec; q->action == WHY_EXECUTE && p && *p; p++)
                if (is_at(asked, *p))
                        return ask_no_exec(a, *p, origin_of(b, D_NoExecPaths, *p));
        return 0;
}

/* Returns 1 if a masked or read-only path decides, 0 or -ENOMEM. */
static int ask_protected(Bundle *b, const Asked *asked, WhyAnswer *a) {
        const Spec *spec = b->spec;
        const WhyQuestion *q = asked->question;
        int r = spec->policy ? ask_policy(b, asked, a) : 0;

        if (r != 0)
                return r;
        for (size_t i = 0; spec->masked && spec->masked[i]; i++)
                if (is_at(asked, spec->masked[i]))
                        return ask_masked(a, q, asked->path, spec->masked[i],
                                          bundle_origin(b, "/linux/maskedPaths/%zu", i));
        for (size_t i = 0; changes(q->action) && spec->read_only && spec->read_only[i]; i++)
                if (is_at(asked, spec->read_only[i]))
                        return ask_read_only(a, spec->read_only[i], bundle_origin(b, "/linux/readonlyPaths/%zu", i));
        return 0;
}

int bundle_why_file(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        _cleanup_free_ char *path = path_simplify(q->object);
        _cleanup_free_ char *real = NULL;
        Plan plan = {};
        int r = path ? make_plan(b, &plan) : -ENOMEM;

        if (r >= 0) {
                real = resolve(&plan, path, NULL);
                r = real ? ask_protected(b, &(Asked) { &plan, q, path, real }, a) : -ENOMEM;
        }
        if (r == 0) {
                r = why_file(&plan, q, a);
                free(TAKE_PTR(a->allow)); /* it would be a line of a policy */
                a->opens = NULL;
        }
        for (size_t i = 0; i < plan.n_mounts; i++)
                plan_mount_deinit(&plan.mounts[i]);
        free(plan.mounts);
        return r < 0 ? r : 0;
}
