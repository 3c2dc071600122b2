/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/homes.h"
#include "plan/record/setting.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/resolve.h"
#include "util/strv.h"
#include "util/text.h"

/* Of the system, whatever was used: a program's interpreter is seen by nobody. */
static const char *const system_paths[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

/* A use that is being looked up. */
typedef struct Search {
        Located *located;
        const Plan *plan;
        const FoldBase *base;
        const RecordCount *count;
} Search;

bool plan_has_host_root(const Plan *plan) {
        const PlanMount *root = &plan->mounts[0];

        return root->source.kind == SOURCE_PATH && streq(root->source.path, "/");
}

const Setting *located_setting(const Plan *plan, const PlanMount *m) {
        static const DirectiveId ids[] = { D_BindPaths, D_BindReadOnlyPaths, D_Volume };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                const SettingList *list = &plan->source->settings[ids[i]];

                for (size_t j = 0; j < list->n; j++)
                        if (origin_equal(list->items[j].origin, m->origin) &&
                            streq(list->items[j].value.words[1] ?: list->items[j].value.words[0], m->destination))
                                return &list->items[j];
        }
        return NULL;
}

bool located_is_plain(const Setting *s) {
        return s && s->value.words[0][0] == '/' && (!s->value.words[1] || !s->value.words[2]) &&
               (s->value.number & ~(uint64_t) BIND_READ_ONLY) == 0;
}

static bool is_of_system(const char *path) {
        static const char *const own[] = { "/dev", "/proc", "/sys" };

        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                if (path_is_at_or_below(path, own[i]))
                        return true;
        return false;
}

static bool is_permissive(const Plan *plan, const PlanMount *m) {
        const Setting *s = m->kind == MOUNT_BIND || m->kind == MOUNT_OVERLAY ? located_setting(plan, m) : NULL;

        return s && setting_is_permissive(s);
}

static bool may_be_base(const Plan *plan, const PlanMount *m) {
        if (m->kind == MOUNT_ROOT)
                return plan_has_host_root(plan);
        if (is_permissive(plan, m))
                return true;
        if ((m->kind != MOUNT_BIND && m->kind != MOUNT_MERGE) || is_of_system(m->destination) ||
            (m->source.kind != SOURCE_PATH && m->source.kind != SOURCE_FD) || m->asker == ASKED_BY_SERVICE)
                return false;
        if (m->asker == ASKED_BY_POLICY && streq(m->key, directive_table[D_ReadOnlyPaths].name))
                return !m->attributes.devices && (!m->attributes.no_exec || m->made_no_exec);
        return m->asker != ASKED_BY_POLICY || located_is_plain(located_setting(plan, m));
}

static void make_bases(const Plan *plan, Located *l) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (may_be_base(plan, m))
                        l->bases[i] = (FoldBase) { m->destination, m->source.path, !plan_mount_is_read_only(m),
                                                   m->kind == MOUNT_BIND && !is_permissive(plan, m),
                                                   m->kind == MOUNT_OVERLAY };
        }
}

/* The base of a path inside, or NULL. Then its mount is marked as used. */
static const FoldBase *find_base(const Plan *plan, Located *l, const char *path) {
        const size_t i = (size_t) (plan_mount_of(plan, path) - plan->mounts);

        if (l->bases[i].destination)
                return &l->bases[i];
        l->used[i] = true;
        return NULL;
}

/* "/a/b" below "/a" becomes "/c/b" below "/c". NULL: it is not below, or memory has run out (errno). */
static char *move_below(const char *path, const char *from, const char *to) {
        const char *rest = path + (streq(from, "/") ? 0 : strlen(from));

        errno = 0;
        if (!path_is_at_or_below(path, from))
                return NULL;
        return *rest && !streq(rest, "/") ? path_join(streq(to, "/") ? "" : to, rest + 1) : strdup(to);
}

/* Homes are in /home, or elsewhere: plan/homes.h. */
static int note_home(Located *l, const char *path) {
        const char *rest = startswith(path, "/home/");
        _cleanup_free_ char *home = NULL;

        if (!rest || !*rest)
                return 0;
        home = strndup(path, strchrnul(rest, '/') - path);
        return !home ? -ENOMEM : strv_contains(l->homes, home) ? 0 : strv_push(&l->homes, home);
}

static int add(const Search *s, const char *inside, char *target, bool directory, unsigned uses) {
        const FoldBase *base = find_base(s->plan, s->located, inside);
        FoldEntry *e = base ? ARRAY_APPEND(s->located->entries, s->located->n) : NULL;

        if (!e) {
                free(target);
                return base ? -ENOMEM : 0;
        }
        *e = (FoldEntry) { .path = strdup(inside), .target = target, .directory = directory, .base = base,
                           .uses = base->writable ? uses : uses & ~(unsigned) USED_WRITE, .count = *s->count };
        return e->path ? note_home(s->located, inside) : -ENOMEM;
}

static int follow(void *userdata, const char *link) {
        const Search *s = userdata;
        _cleanup_free_ char *inside = move_below(link, s->base->source, s->base->destination);
        char *target;
        int r;

        if (!inside)
                return errno ? -ENOMEM : 0;
        r = link_read(AT_FDCWD, link, &target);
        return r < 0 ? r : add(s, inside, target, false, USED_LOOK);
}

/* Resolves a path of the host. nearest: if it does not exist, takes the directory above it that does. */
static int resolve_host(Search *s, char **host, bool nearest, char **ret) {
        int r;

        while ((r = resolve(*host, follow, s, ret)) == -ENOENT && nearest && path_is_below(*host, s->base->source)) {
                char *parent = path_parent(*host);

                if (!parent)
                        return -ENOMEM;
                free(*host);
                *host = parent;
        }
        return r;
}

static int locate_path(Search *s, const char *path, unsigned uses, bool nearest) {
        _cleanup_free_ char *host = move_below(path, s->base->destination, s->base->source);
        _cleanup_free_ char *real = NULL, *inside = NULL;
        struct stat st;
        int r = host ? resolve_host(s, &host, nearest, &real) : -ENOMEM;

        if (r < 0 || lstat(real, &st) < 0)
                return r == -ENOMEM ? r : 0;
        inside = move_below(real, s->base->source, s->base->destination);
        if (!inside)
                return errno ? -ENOMEM : 0;
        return add(s, inside, NULL, S_ISDIR(st.st_mode), uses);
}

/* To make a file is to write in its directory; a mount's own place can only be written. */
static int locate_made(Search *s, const char *path) {
        _cleanup_free_ char *parent = NULL;

        if (streq(path, s->base->destination))
                return locate_path(s, path, USED_WRITE, false);
        parent = path_parent(path);
        return parent ? locate_path(s, parent, USED_WRITE, true) : -ENOMEM;
}

static int locate_use(Located *l, const Plan *plan, const RecordUse *use) {
        const unsigned others = use->uses & ~(unsigned) USED_MAKE;
        _cleanup_free_ char *path = path_simplify(use->key);
        Search s = { l, plan, NULL, &use->count };
        int r = 0;

        if (!path)
                return -ENOMEM;
        s.base = find_base(plan, l, path);
        if (!s.base)
                return 0;
        if (use->uses & USED_MAKE)
                r = locate_made(&s, path);
        return r >= 0 && others ? locate_path(&s, path, others, false) : r;
}

/* Where the root is the host's, all programs need these. */
static int add_system(const Plan *plan, Located *l) {
        const RecordCount none = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && plan_has_host_root(plan) && i < ELEMENTSOF(system_paths); i++) {
                Search s = { l, plan, find_base(plan, l, system_paths[i]), &none };

                if (s.base)
                        r = locate_path(&s, system_paths[i], USED_READ, false);
        }
        return r;
}

static int add_homes(const Plan *plan, Located *l) {
        const char *variable = strv_variable(plan->caller_environment, "HOME");
        int r = homes_find(geteuid(), variable, &l->homes);

        r = r == -ENOMEM ? r : strv_push(&l->homes, "/root");
        return r >= 0 && variable && variable[0] == '/' ? strv_consume(&l->homes, path_simplify(variable)) : r;
}

int locate(const Plan *plan, const Record *record, RecordProgress *progress, Located *ret) {
        Located l = { .bases = calloc(plan->n_mounts, sizeof(*l.bases)),
                      .used = calloc(plan->n_mounts, sizeof(*l.used)) };
        int r = l.bases && l.used ? add_homes(plan, &l) : -ENOMEM;

        if (r >= 0) {
                make_bases(plan, &l);
                r = add_system(plan, &l);
        }
        for (size_t i = 0; r >= 0 && i < record_n_uses(record); i++) {
                __atomic_store_n(&progress->next, i, __ATOMIC_RELEASE);
                if (record_use(record, i)->key[0] == '/' && !progress->skip[i])
                        r = locate_use(&l, plan, record_use(record, i));
        }
        if (r < 0)
                located_deinit(&l);
        else
                *ret = l;
        return r;
}

void located_deinit(Located *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->entries[i].path);
                free(l->entries[i].target);
        }
        free(l->entries);
        free(l->bases);
        free(l->used);
        strv_free(l->homes);
        *l = (Located) {};
}
