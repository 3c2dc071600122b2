/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/select.h"

#include <errno.h>
#include <unistd.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdio.h>

#include "cmd/container/container-root.h"
#include "cmd/options.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/text.h"

static bool is_named(const Instance *i, const char *name) {
        return streq(i->name, name) || streq(path_name(i->cgroup), name) || streq(i->cgroup, name);
}

bool instance_is_pattern(const char *name) {
        return strpbrk(name, "*?[");
}

const char *instance_split_user(const char *name, uid_t *ret) {
        const char *slash = name[0] == '/' ? NULL : strchr(name, '/');
        _cleanup_free_ char *user = slash ? strndup(name, (size_t) (slash - name)) : NULL;
        const struct passwd *found;
        uint64_t number;

        *ret = (uid_t) -1;
        if (!user)
                return name;
        found = getpwnam(user);
        if (found)
                *ret = found->pw_uid;
        else if (parse_u64_range(user, 0, UINT32_MAX - 1, &number) >= 0)
                *ret = (uid_t) number;
        return slash + 1;
}

/* Whether the name says whose the instance is: USER/NAME, or a cgroup. */
static bool names_user(const char *name) {
        return strchr(name, '/');
}

static bool is_of(const Instance *i, uid_t uid) {
        return i->of_user ? i->uid == uid : uid == 0;
}

bool instance_matches(const Instance *i, const char *name) {
        uid_t uid;
        const char *rest = instance_split_user(name, &uid);

        if (rest != name && !is_of(i, uid))
                return false;
        if (!instance_is_pattern(rest))
                return is_named(i, rest);
        return fnmatch(rest, i->name, FNM_NOESCAPE) == 0 || fnmatch(rest, path_name(i->cgroup), FNM_NOESCAPE) == 0;
}

static bool matches_any(const Instance *i, const void *names) {
        for (char *const *name = names; *name; name++)
                if (instance_matches(i, *name))
                        return true;
        return false;
}

void instances_keep_named(InstanceList *list, char *const *names) {
        instances_keep(list, matches_any, names);
}

/* The rules to match a name, in order. Another user can give an instance any name, so such an instance never hides one
 * of the caller's, and needs its full name. Instances of the caller's own manager come before others. */
typedef struct MatchRule {
        bool managed, own, exact;
} MatchRule;

static const MatchRule match_rules[] = {
        { true, true, true },  { false, true, true },  { false, false, true },
        { true, true, false }, { false, true, false },
};

static bool is_meant(const Instance *i, const char *name, const MatchRule *rule) {
        if (i->nested || (rule->own && !i->own) || (rule->managed && !instance_is_own(i)) ||
            (instance_is_foreign(i) && !names_user(name)))
                return false;
        if (rule->exact)
                return instance_matches(i, name);
        return *name && !instance_is_pattern(name) && startswith(i->name, name);
}

static int ambiguous(const InstanceList *list, const char *name, const MatchRule *rule, Report *report) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return report_oom(report);
        for (size_t i = 0; i < list->n; i++)
                if (is_meant(&list->items[i], name, rule))
                        fprintf(text.f, " %s (%s)", list->items[i].name, list->items[i].cgroup);
        return report_error(report, ENOTUNIQ, "\"%s\" matches more than one instance:%s", name,
                            text_so_far(&text) ?: " …");
}

/* Names the instance of that name that belongs to another user. Returns whether there is one. */
static bool foreign(const InstanceList *list, const char *name, Report *report) {
        for (size_t i = 0; i < list->n; i++) {
                _cleanup_free_ char *full = NULL;

                if (list->items[i].nested || !instance_is_foreign(&list->items[i]) || !is_named(&list->items[i], name))
                        continue;
                full = instance_full_name(&list->items[i]);
                report_error(report, ENOENT, "no such instance: \"%s\"; for the instance of another user, write \"%s\"",
                             name, full ?: "USER/NAME");
                return true;
        }
        return false;
}

static int none(const InstanceList *list, const char *name, Report *report) {
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].nested && is_named(&list->items[i], name)) {
                        const char *outer = list->items[list->items[i].parent].name;

                        return report_error(report, EPERM,
                                            "\"%s\" is nested in %s, so isoctl cannot verify it from here: start "
                                            "isoctl inside %s, with isoctl enter", name, outer, outer);
                }
        if (foreign(list, name, report))
                return -ENOENT;
        if (container_exists(name))
                return report_error(report, ENOENT, "%s is not an instance but a container: use isorun-oci, or isoctl "
                                    "explain and why", name);
        return report_error(report, ENOENT, "no such instance: \"%s\"; see isoctl list", name);
}

bool instances_has(const InstanceList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++) {
                const Instance *item = &list->items[i];

                if (instance_matches(item, name) ? !instance_is_foreign(item) || names_user(name)
                                                 : instance_is_own(item) && startswith(item->name, name))
                        return true;
        }
        return instance_is_pattern(name);
}

/* Something that names an instance. */
typedef struct NameKey {
        const char *key; /* its name, unit or cgroup, borrowed */
        const Instance *instance;
} NameKey;

/* All keys of a list, sorted: so that many names take not much longer each than one. */
typedef struct NameIndex {
        NameKey *keys; /* NULL: there is no index */
        size_t n;
} NameIndex;

static void index_deinit(NameIndex *index) {
        free(index->keys);
}

static int compare_keys(const void *a, const void *b) {
        const NameKey *x = a, *y = b;
        int r = strcmp(x->key, y->key);

        return r ?: (x->instance > y->instance) - (x->instance < y->instance);
}

static int index_make(NameIndex *ret, const InstanceList *list) {
        enum { KEYS = 3 };
        NameKey *keys = reallocarray(NULL, list->n * KEYS + 1, sizeof(*keys));

        if (!keys)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                const Instance *item = &list->items[i];

                keys[KEYS * i] = (NameKey) { item->name, item };
                keys[KEYS * i + 1] = (NameKey) { path_name(item->cgroup), item };
                keys[KEYS * i + 2] = (NameKey) { item->cgroup, item };
        }
        *ret = (NameIndex) { .keys = keys, .n = list->n * KEYS };
        qsort(keys, ret->n, sizeof(*keys), compare_keys);
        return 0;
}

/* The first key that is not before name. */
static size_t index_find(const NameIndex *index, const char *name) {
        size_t low = 0, high = index->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(index->keys[middle].key, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* As find_meant(), for a rule and a name that must be an exact one. */
static const Instance *find_exact(const NameIndex *index, const char *name, const MatchRule *rule, size_t *ret_n) {
        const Instance *found = NULL, *last = NULL;
        uid_t uid;
        const char *rest = instance_split_user(name, &uid);

        *ret_n = 0;
        for (size_t i = index_find(index, rest); i < index->n && streq(index->keys[i].key, rest); i++) {
                const Instance *item = index->keys[i].instance;

                if (item == last) /* its name is that of its unit */
                        continue;
                last = item;
                if (!is_meant(item, name, rule))
                        continue;
                found = item;
                ++*ret_n;
        }
        return found;
}

static const Instance *find_meant(const InstanceList *list, const NameIndex *index, const char *name,
                                  const MatchRule *rule, size_t *ret_n) {
        const Instance *found = NULL;

        if (index && index->keys && rule->exact && !instance_is_pattern(name))
                return find_exact(index, name, rule, ret_n);
        *ret_n = 0;
        for (size_t i = 0; i < list->n; i++) {
                if (!is_meant(&list->items[i], name, rule))
                        continue;
                found = &list->items[i];
                ++*ret_n;
        }
        return found;
}

/* With hidepid= (proc(5)), a user sees no process of others, nor the reaper, which is not dumpable. */
static int unverified(const Instance *found, Report *report) {
        if (access("/proc/1", F_OK) < 0)
                return report_error(report, EACCES,
                                    "isoctl cannot verify %s, because /proc is mounted with hidepid=, which hides its "
                                    "processes: run isoctl as root, or mount /proc with gid= of a group that you are "
                                    "in", found->name);
        return report_error(report, ESRCH,
                            "isoctl cannot verify %s: its cgroup attributes name a process that is not isorun, or is "
                            "not in %s", found->name, found->cgroup);
}

static const Instance *pick(const InstanceList *list, const NameIndex *index, const char *name, Report *report) {
        const Instance *found = NULL;
        const MatchRule *rule = match_rules;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(match_rules) && !found; i++) {
                rule = &match_rules[i];
                found = find_meant(list, index, name, rule, &n);
        }
        if (!found || n > 1) {
                (void) (found ? ambiguous(list, name, rule, report) : none(list, name, report));
                return NULL;
        }
        if (!found->pid) {
                (void) unverified(found, report);
                return NULL;
        }
        return found;
}

const Instance *instances_pick(const InstanceList *list, const char *name, Report *report) {
        return pick(list, NULL, name, report);
}

void selection_deinit(Selection *s) {
        free(s->items);
        free(s->chosen);
        *s = (Selection) {};
}

static int add(Selection *s, const InstanceList *list, const Instance *instance, Report *report) {
        const size_t place = (size_t) (instance - list->items);
        const Instance **added;

        if (s->chosen[place])
                return 0;
        added = ARRAY_APPEND(s->items, s->n);
        if (!added)
                return report_oom(report);
        *added = instance;
        s->chosen[place] = true;
        return 0;
}

static int add_matching(Selection *s, const InstanceList *list, const char *pattern, bool own, Report *report) {
        bool any = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];

                if (item->nested || !item->pid || (own && !instance_is_own(item)) || !instance_matches(item, pattern))
                        continue;
                any = true;
                r = add(s, list, item, report);
        }
        if (!any)
                report_notice(report, "no instance matches \"%s\"", pattern);
        return r;
}

int instances_select(Selection *ret, const InstanceList *list, char *const *names, bool acting, Report *report) {
        _cleanup_(index_deinit) NameIndex index = {};
        int result = 0;

        *ret = (Selection) { .chosen = calloc(list->n + 1, sizeof(bool)) };
        if (!ret->chosen || (names[0] && names[1] && index_make(&index, list) < 0))
                return report_oom(report);
        for (; *names; names++) {
                const Instance *instance;
                int r;

                if (instance_is_pattern(*names))
                        r = add_matching(ret, list, *names, acting && arg_whose == WHOSE_ANY && !names_user(*names),
                                         report);
                else {
                        instance = pick(list, &index, *names, report);
                        r = instance ? add(ret, list, instance, report) : -ENOENT;
                }
                if (r < 0)
                        result = r;
        }
        return result;
}
