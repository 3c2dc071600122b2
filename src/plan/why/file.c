/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload gets when it uses a path. The order of the checks is the kernel's: path_openat(), do_unlinkat() and
 * do_renameat2() in fs/namei.c. Access control lists and attributes such as chattr(1)'s are not looked at. */
#include "plan/why/file.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/major.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "plan/root/model.h"
#include "plan/why/answer.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum { MAY_EXECUTE = 1, MAY_WRITE = 2, MAY_READ = 4 };

/* What is at a path inside. */
typedef struct Place {
        Spot spot;
        const PlanMount *mount; /* that it is on */
        bool known;             /* the mode is */
        struct stat st;         /* ids as the caller sees them */
} Place;

typedef struct Asked {
        const Plan *plan;
        const WhyQuestion *question;
        RootModel model; /* its mounts are the plan's, which owns all in them but the destination */
        WhyAnswer *a;
} Asked;

static void place_deinit(Place *place) {
        spot_deinit(&place->spot);
}

/* Whether the kernel makes what is on the mount, so that the plan does not know it. */
static bool is_of_kernel(const PlanMount *m) {
        return m->kind == MOUNT_PROC || m->kind == MOUNT_DEVPTS || m->kind == MOUNT_CGROUP || m->kind == MOUNT_NOTIFY;
}

static int make_model(Asked *q) {
        for (size_t i = 0; i < q->plan->n_mounts; i++) {
                const PlanMount *m = &q->plan->mounts[i];
                PlanMount *added = root_model_add(&q->model, (PlanMount) { .destination = strdup(m->destination) });
                char *destination;

                if (!added)
                        return -ENOMEM;
                destination = added->destination;
                *added = *m;
                added->destination = destination;
                if (is_of_kernel(m)) {
                        added->kind = MOUNT_BIND;
                        added->source = (PlanSource) { .kind = SOURCE_IMAGE, .directory = true };
                }
        }
        return 0;
}

static void asked_deinit(Asked *q) {
        for (size_t i = 0; i < q->model.n_mounts; i++)
                *q->model.mounts[i] = (PlanMount) { .destination = q->model.mounts[i]->destination };
        root_model_deinit(&q->model);
}

/* The id of the payload as the caller sees it. */
static uint32_t outer_id(uint32_t id, const IdMap *inner, const IdMap *outer) {
        uint64_t between = id, outside = id;

        if (!id_map_find(inner, id, &between) || !id_map_find(outer, between, &outside))
                return UINT32_MAX;
        return (uint32_t) outside;
}

/* isorun makes this mount in memory, and gives it to the payload with this mode. */
static mode_t memory_mode(const PlanMount *m) {
        const char *mode = m->kind == MOUNT_TMPFS && m->options ? strstr(m->options, "mode=") : NULL;

        switch (m->kind) {
        case MOUNT_BLOCKED:
                return m->on_directory ? S_IFDIR : S_IFREG;
        case MOUNT_TMPFS:
                return S_IFDIR | (mode ? (mode_t) strtoul(mode + strlen("mode="), NULL, 8) : 0755);
        case MOUNT_DIRECTORY:
                return S_IFDIR | m->mode;
        case MOUNT_FILE:
        case MOUNT_COPY:
                return S_IFREG | m->mode;
        default:
                return S_IFDIR | 0755;
        }
}

/* Looks at the file behind a place. */
static void look(const Asked *q, Place *place) {
        const Spot *spot = &place->spot;
        const PlanMount *made = plan_find_mount(q->plan, spot->path);

        place->mount = plan_mount_of(q->plan, spot->path);
        if (!spot->exists || spot->unread || spot->unknown || spot->left_out)
                return;
        if (spot->hosts) {
                if (lstat(spot->hosts[0], &place->st) < 0)
                        return;
        } else if (made && !is_of_kernel(made))
                place->st = (struct stat) {
                        .st_mode = memory_mode(made),
                        .st_uid = outer_id(q->plan->uid, &q->plan->inner_uid_map, &q->plan->uid_map),
                        .st_gid = outer_id(q->plan->gid, &q->plan->inner_gid_map, &q->plan->gid_map),
                };
        else
                return;
        place->known = place->mount->source.kind != SOURCE_ID_MAPPED;
}

static int find_place(Asked *q, const char *path, Place *ret) {
        Place place = {};
        int r = root_model_walk(&q->model, path, &place.spot);

        if (r < 0) {
                place_deinit(&place);
                return r;
        }
        look(q, &place);
        *ret = place;
        return 0;
}

static bool has_outside(const IdMap *map, uint32_t id) {
        for (const IdMapEntry *e = map->items; e < map->items + map->n; e++)
                if (id - e->outside < e->count)
                        return true;
        return false;
}

/* The user namespace must have the ids of the file: capable_wrt_inode_uidgid() of the kernel. */
static bool has_capability(const Plan *plan, const struct stat *st, unsigned capability) {
        if (plan->uid_map.n && !(has_outside(&plan->uid_map, st->st_uid) && has_outside(&plan->gid_map, st->st_gid)))
                return false;
        return why_capabilities(plan) & UINT64_C(1) << capability;
}

static bool in_group(const Plan *plan, gid_t gid) {
        if (gid == outer_id(plan->gid, &plan->inner_gid_map, &plan->gid_map))
                return true;
        for (size_t i = 0; i < plan->n_groups; i++)
                if (gid == outer_id(plan->groups[i], &plan->inner_gid_map, &plan->gid_map))
                        return true;
        for (size_t i = 0; i < plan->n_kept_groups; i++)
                if (gid == plan->kept_groups[i])
                        return true;
        return false;
}

static bool is_owner(const Plan *plan, const struct stat *st) {
        return st->st_uid == outer_id(plan->uid, &plan->inner_uid_map, &plan->uid_map);
}

/* generic_permission() of the kernel. */
static bool may(const Plan *plan, const struct stat *st, unsigned access) {
        const unsigned shift = is_owner(plan, st) ? 6 : in_group(plan, st->st_gid) ? 3 : 0;

        if ((st->st_mode >> shift & access) == access)
                return true;
        if ((S_ISDIR(st->st_mode) ? !(access & MAY_WRITE) : access == MAY_READ) &&
            has_capability(plan, st, CAP_DAC_READ_SEARCH))
                return true;
        if (!S_ISDIR(st->st_mode) && access & MAY_EXECUTE && !(st->st_mode & 0111))
                return false;
        return has_capability(plan, st, CAP_DAC_OVERRIDE);
}

/* Whether a path can stand in a policy as it is. */
static bool is_plain(const char *path) {
        return !strpbrk(path, " \t\n:%\\\"'");
}

static bool is_device(const struct stat *st) {
        return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* What the payload gets with a file of the host. */
static const char *describe_gain(const struct stat *st, bool writable) {
        if (is_device(st))
                return "this device, and the code of the kernel behind it";
        if (S_ISSOCK(st->st_mode))
                return "all that the server at this socket does for the user";
        if (S_ISDIR(st->st_mode))
                return writable ? "changes to all files below this directory of the host"
                                : "all files below this directory that the user may read";
        return writable ? "changes to this file of the host" : "this file alone";
}

/* Adds a line that shows a path of the host, if it is one. */
static int allow_bind(WhyAnswer *a, const char *path, bool writable) {
        struct stat st;

        if (!is_plain(path) || streq(path, "/") || stat(path, &st) < 0)
                return 0;
        if (is_device(&st))
                return answer_allow(a, describe_gain(&st, writable), "Volume=%s:%s:dev", path, path);
        return answer_allow(a, describe_gain(&st, writable), "%s=%s", writable ? "BindPaths" : "BindReadOnlyPaths",
                            path);
}

/* If the mode of a file of the host would deny it in any case, the answer says so. Returns 1 then, 0 or -ENOMEM. */
static int note_mode(const Asked *q, const char *path) {
        static const unsigned accesses[_WHY_ACTION_MAX] = { [WHY_READ] = MAY_READ, [WHY_WRITE] = MAY_WRITE,
                                                            [WHY_EXECUTE] = MAY_EXECUTE };
        const unsigned access = accesses[q->question->action];
        struct stat st;
        char *text;

        if (!access || stat(path, &st) < 0 || may(q->plan, &st, access))
                return 0;
        text = format("%s; and even if it is visible, its mode (%04o, uid %u, gid %u) does not let uid %u do that",
                      q->a->text, st.st_mode & 07777, st.st_uid, st.st_gid, q->plan->uid);
        if (!text)
                return -ENOMEM;
        free(q->a->text);
        q->a->text = text;
        return 1;
}

/* Adds a line that gives the payload more of the path, or of its directory. */
static int allow_more(const Asked *q, const char *path) {
        const PlanMount *m = plan_find_mount(q->plan, path);
        _cleanup_free_ char *parent = NULL;
        int r;

        /* A second line for the same place would be an error. */
        if (m && m->asker == ASKED_BY_POLICY) {
                if (m->kind == MOUNT_BLOCKED && m->key && streq(m->key, "InaccessiblePaths"))
                        return answer_allow(q->a, "all that lines of InaccessiblePaths= hide", "InaccessiblePaths=");
                return 0;
        }
        r = note_mode(q, path);
        if (r != 0)
                return r < 0 ? r : 0;
        switch (q->question->action) {
        case WHY_READ:
        case WHY_EXECUTE:
        case WHY_CONNECT: /* read-only mounts do not hinder it */
                return allow_bind(q->a, path, false);
        case WHY_WRITE:
                return allow_bind(q->a, path, true);
        default:
                parent = path_parent(path);
                return parent ? allow_bind(q->a, parent, true) : -ENOMEM;
        }
}

static void add_origin(const Asked *q, const PlanMount *m) {
        answer_origin(q->a, m->origin);
}

/* Whether the mount is the root, and that is not the host's. */
static bool is_other_root(const PlanMount *m) {
        return m->kind == MOUNT_ROOT && m->source.kind != SOURCE_NONE && !streq(m->source.path ?: "", "/");
}

/* It does not exist inside: because the sandbox hides it, or on the host neither. */
static int answer_missing(const Asked *q, const Place *place) {
        const char *path = place->spot.path;
        struct stat st;
        int r;

        if (place->spot.hosts || lstat(path, &st) < 0)
                return answer_denied(q->a, ENOENT, BY_FILES, "%s does not exist %s", path,
                                     place->mount->kind != MOUNT_BIND && is_other_root(&q->plan->mounts[0])
                                             ? "in the root" : "on the host either");
        r = answer_denied(q->a, ENOENT, BY_HIDING, "%s of the host is hidden: %s is %s",
                          path, place->mount->destination,
                          place->mount->kind == MOUNT_TMPFS ? "a directory in memory" : "another directory");
        add_origin(q, place->mount);
        return r < 0 ? r : allow_more(q, q->question->object);
}

static int answer_blocked(const Asked *q, const Place *place) {
        const PlanMount *m = place->mount;
        /* isorun hides secrets by itself: the origin is then the reason, and no line. */
        const bool is_secret = m->origin.file && m->origin.line == 0 && m->asker != ASKED_BY_POLICY;
        int r = answer_denied(q->a, EACCES, BY_HIDING, "%s is hidden%s%s", m->destination, is_secret ? ": " : "",
                              is_secret ? m->origin.file : "");

        if (!is_secret)
                add_origin(q, m);
        return r < 0 ? r : allow_more(q, q->question->object);
}

static int answer_mode(const Asked *q, const Place *place, int error) {
        return answer_denied(q->a, error, BY_FILES,
                             "the mode of %s (%04o, uid %u, gid %u as the caller sees them) does not let uid %u do "
                             "that", place->spot.path, place->st.st_mode & 07777, place->st.st_uid, place->st.st_gid,
                             q->plan->uid);
}

static int answer_unknown(const Asked *q, const Place *place) {
        return answer_depends(q->a, "%s is on %s, whose contents the plan does not know", place->spot.path,
                              place->mount->destination);
}

static int answer_read_only(const Asked *q, const Place *place) {
        int r = answer_denied(q->a, EROFS, BY_MOUNT, "%s is mounted read-only", place->mount->destination);

        add_origin(q, place->mount);
        return r < 0 ? r : allow_more(q, q->question->action == WHY_WRITE ? place->spot.path : q->question->object);
}

/* Checks the way to a place: each directory before it must exist and can be searched. Returns 1 if it does not, with
 * the answer. */
static int check_way(Asked *q, const char *path) {
        int r = 0;

        for (const char *slash = path; r == 0 && (slash = strchr(slash, '/')); slash++) {
                _cleanup_free_ char *prefix = slash == path ? strdup("/") : strndup(path, (size_t) (slash - path));
                _cleanup_(place_deinit) Place place = {};

                r = prefix ? find_place(q, prefix, &place) : -ENOMEM;
                if (r < 0)
                        return r;
                if (!place.spot.exists)
                        r = answer_missing(q, &place);
                else if (!place.known && !place.spot.directory)
                        r = answer_unknown(q, &place);
                else if (place.known && !S_ISDIR(place.st.st_mode))
                        r = answer_denied(q->a, ENOTDIR, BY_FILES, "%s is not a directory", place.spot.path);
                else if (place.known && !may(q->plan, &place.st, MAY_EXECUTE))
                        r = place.mount->kind == MOUNT_BLOCKED ? answer_blocked(q, &place)
                                                              : answer_mode(q, &place, EACCES);
                r = r < 0 ? r : q->a->text != NULL;
        }
        return r;
}

/* unix_find_bsd() of the kernel. */
static int use_socket(Asked *q, const Place *place) {
        const char *path = place->spot.path;
        const PlanMount *m = place->mount;

        if (!may(q->plan, &place->st, MAY_WRITE))
                return m->kind == MOUNT_BLOCKED ? answer_blocked(q, place) : answer_mode(q, place, EACCES);
        if (!S_ISSOCK(place->st.st_mode))
                return answer_denied(q->a, ECONNREFUSED, BY_FILES, "%s is not a socket", path);
        add_origin(q, m);
        /* The kernel finds a server by the inode, and that of an overlay is another one. */
        if (plan_mount_is_overlay(m))
                return answer_denied(q->a, ECONNREFUSED, BY_MOUNT, "%s is an overlay, and no socket works through one",
                                     m->destination);
        return answer_allowed(q->a, "%s is a socket of the host; whether a server is there is another question", path);
}

/* Opens for reading or writing, or executes. */
static int use_existing(Asked *q, const Place *place) {
        static const unsigned rights[] = { [WHY_READ] = MAY_READ, [WHY_WRITE] = MAY_WRITE,
                                           [WHY_EXECUTE] = MAY_EXECUTE };
        const WhyAction action = q->question->action;
        const mode_t mode = place->st.st_mode;
        const PlanMount *m = place->mount;

        if (action == WHY_WRITE && S_ISDIR(mode))
                return answer_denied(q->a, EISDIR, BY_FILES, "%s is a directory", place->spot.path);
        if (action == WHY_CONNECT)
                return use_socket(q, place);
        if (action != WHY_EXECUTE && S_ISSOCK(mode))
                return answer_denied(q->a, ENXIO, BY_FILES, "%s is a socket", place->spot.path);
        if (action == WHY_EXECUTE && S_ISREG(mode) && m->attributes.no_exec) {
                add_origin(q, m);
                return answer_denied(q->a, EACCES, BY_MOUNT, "%s is mounted noexec", m->destination);
        }
        if (action != WHY_EXECUTE && is_device(&place->st) && !m->attributes.devices) {
                add_origin(q, m);
                return answer_denied(q->a, EACCES, BY_MOUNT, "%s is mounted without devices", m->destination);
        }
        if (action != WHY_EXECUTE && S_ISCHR(mode) && place->st.st_rdev == makedev(TTYAUX_MAJOR, 0))
                return answer_depends(q->a, "%s is the controlling terminal, if the instance has one",
                                      place->spot.path);
        if (!may(q->plan, &place->st, rights[action]))
                return m->kind == MOUNT_BLOCKED ? answer_blocked(q, place) : answer_mode(q, place, EACCES);
        if (action == WHY_WRITE && S_ISREG(mode) && plan_mount_is_read_only(m))
                return answer_read_only(q, place);
        add_origin(q, m);
        return answer_allowed(q->a, "%s is %s%s", place->spot.path,
                              m->kind == MOUNT_BLOCKED ? "hidden: an empty file that the payload may use" :
                              !place->spot.hosts       ? "in memory" :
                              is_other_root(m)         ? "a file of the root" : "a file of the host",
                              action == WHY_WRITE && plan_mount_is_overlay(m) ? ", and changes stay in memory" : "");
}

/* Whether rmdir(2) would find entries in the directory. */
static bool is_empty(const Asked *q, const Place *place) {
        DIR *dir = place->spot.hosts ? opendir(place->spot.hosts[0]) : NULL;
        bool empty = true;

        for (struct dirent *e; empty && dir && (e = readdir(dir));)
                empty = streq(e->d_name, ".") || streq(e->d_name, "..");
        if (dir)
                closedir(dir);
        for (size_t i = 0; empty && i < q->plan->n_mounts; i++)
                empty = !path_is_below(q->plan->mounts[i].destination, place->spot.path);
        return empty;
}

/* Creates, removes or renames the place, in the directory around it. */
static int change_directory(Asked *q, const Place *directory, const Place *place) {
        const WhyAction action = q->question->action;
        const bool create = action == WHY_CREATE;

        if (create && place->spot.exists)
                return answer_denied(q->a, EEXIST, BY_FILES, "%s exists already", place->spot.path);
        if (plan_mount_is_read_only(directory->mount))
                return answer_read_only(q, directory);
        if (!directory->known)
                return answer_unknown(q, directory);
        if (!create && !place->spot.exists)
                return answer_missing(q, place);
        if (!may(q->plan, &directory->st, MAY_WRITE | MAY_EXECUTE))
                return answer_mode(q, directory, EACCES);
        if (!create && !place->known)
                return answer_unknown(q, place);
        if (!create && directory->st.st_mode & S_ISVTX && !is_owner(q->plan, &place->st) &&
            !is_owner(q->plan, &directory->st) && !has_capability(q->plan, &place->st, CAP_FOWNER))
                return answer_mode(q, directory, EPERM);
        if (!create && streq(place->mount->destination, place->spot.path)) {
                add_origin(q, place->mount);
                return answer_denied(q->a, EBUSY, BY_MOUNT, "%s is the place of a mount", place->spot.path);
        }
        if (action == WHY_REMOVE && S_ISDIR(place->st.st_mode) && !is_empty(q, place))
                return answer_denied(q->a, ENOTEMPTY, BY_FILES, "%s is not empty", place->spot.path);
        add_origin(q, directory->mount);
        return answer_allowed(q->a, "%s is writable", directory->spot.path);
}

/* Finds an entry of a directory, without following it if it is a symlink. */
static int find_entry(Asked *q, const Place *directory, const char *path, Place *ret) {
        const PlanMount *made = plan_find_mount(q->plan, path);
        _cleanup_free_ char *host = NULL;
        Place place = { .known = true, .mount = directory->mount, .spot.exists = true };

        if (!made && directory->spot.hosts) {
                host = path_join(directory->spot.hosts[0], path_name(path));
                if (!host)
                        return -ENOMEM;
        }
        if (made && made->kind == MOUNT_SYMLINK) {
                place.st = directory->st;
                place.st.st_mode = S_IFLNK | 0777;
        } else if (!host || lstat(host, &place.st) < 0 || !S_ISLNK(place.st.st_mode))
                return find_place(q, path, ret);
        place.spot.path = strdup(path);
        *ret = place;
        return place.spot.path ? 0 : -ENOMEM;
}

static int ask_directory(Asked *q, const char *path) {
        _cleanup_free_ char *parent = path_parent(path), *full = NULL;
        _cleanup_(place_deinit) Place directory = {}, place = {};
        int r;

        r = parent ? find_place(q, parent, &directory) : -ENOMEM;
        if (r < 0)
                return r;
        full = path_join(directory.spot.path, path_name(path));
        r = full ? find_entry(q, &directory, full, &place) : -ENOMEM;
        if (r < 0)
                return r;
        if (!directory.known && !plan_mount_is_read_only(directory.mount))
                return answer_unknown(q, &directory);
        return change_directory(q, &directory, &place);
}

static int ask_file(Asked *q, const char *path) {
        _cleanup_(place_deinit) Place place = {};
        int r = find_place(q, path, &place);

        /* Symlinks may lead elsewhere. */
        if (r >= 0 && !streq(path, place.spot.path))
                r = check_way(q, place.spot.path);
        if (r != 0)
                return r;
        if (!place.spot.exists)
                return answer_missing(q, &place);
        return place.known ? use_existing(q, &place) : answer_unknown(q, &place);
}

static int ask(Asked *q) {
        _cleanup_free_ char *path = path_simplify(q->question->object);
        const WhyAction action = q->question->action;
        int r;

        if (!path)
                return -ENOMEM;
        if (streq(path, "/") && (action == WHY_CREATE || action == WHY_REMOVE || action == WHY_RENAME))
                return answer_denied(q->a, action == WHY_CREATE ? EEXIST : EBUSY, BY_FILES,
                                     "/ is the root of the instance");
        r = make_model(q);
        if (r >= 0)
                r = check_way(q, path);
        if (r != 0)
                return r;
        return action == WHY_CREATE || action == WHY_REMOVE || action == WHY_RENAME ? ask_directory(q, path)
                                                                                   : ask_file(q, path);
}

int why_file(const Plan *plan, const WhyQuestion *question, WhyAnswer *a) {
        Asked q = { .plan = plan, .question = question, .a = a };
        int r = ask(&q);

        asked_deinit(&q);
        if (r >= 0 || r == -ENOMEM)
                return r < 0 ? r : 0;
        return answer_depends(a, "%s cannot be looked up on the host: %s", question->object, strerror(-r));
}
