/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/verification.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/id-map.h"
#include "util/text.h"

bool verify_may_make(const Verification *v, const char *type) {
        return promises_have(v->promises, "may-make", type);
}

void verify_tasks(Verification *v, const Promise *promise, const char *part, TaskCheck check) {
        Verdict worst = VERDICT_HOLDS;
        size_t n_seen = 0;
        char details[WHY_MAX + 128] = "";

        for (size_t i = 0; i < v->tasks.n; i++) {
                const Task *t = &v->tasks.items[i];
                char why[WHY_MAX] = "";
                Verdict verdict = check(v, promise, t, why);

                if (verdict == VERDICT_BROKEN && t->being_made)
                        v->findings.may_pass = true;
                n_seen += !(t->reaper && verdict == VERDICT_UNSEEN);
                if (verdict <= worst || (t->reaper && verdict == VERDICT_UNSEEN))
                        continue;
                worst = verdict;
                snprintf(details, sizeof(details), "process %d (%s)%s: %s", t->pid, t->name,
                         t->reaper ? ", the reaper" : "", why);
        }
        if (worst == VERDICT_HOLDS)
                snprintf(details, sizeof(details), "in %zu of %zu threads%s", n_seen, v->tasks.n,
                         n_seen < v->tasks.n ? " (that of the reaper cannot be seen)" : "");
        finding_add(&v->findings, worst, part, promise_origin(promise), "%s", details);
}

static Verdict check_no_new_privs(_unused_ const Verification *v, _unused_ const Promise *p, const Task *t,
                                  char why[static WHY_MAX]) {
        snprintf(why, WHY_MAX, "no_new_privs is not set");
        return t->no_new_privs == 1 ? VERDICT_HOLDS : VERDICT_BROKEN;
}

static Verdict check_filter(const Verification *v, _unused_ const Promise *p, const Task *t, char why[static WHY_MAX]) {
        const unsigned outer = tasks_outer_filters(&v->tasks);

        if (t->reaper)
                return VERDICT_HOLDS;
        snprintf(why, WHY_MAX, "it has no system call filter%s", outer ? " but those around the sandbox" : "");
        return t->seccomp != 2 || t->filters <= outer ? VERDICT_BROKEN : VERDICT_HOLDS;
}

/* Whether the thread is in the payload's user namespace, or for the reaper in its own. Others are in one that the
 * payload has made: what they have there says nothing about the host. verify_namespaces() looks at the namespaces
 * themselves. */
static bool is_comparable(const Verification *v, const Task *t, char why[static WHY_MAX]) {
        const Promise *p = promises_find(v->promises, "namespace", "user");
        const ino_t inode = t->namespaces[task_namespace("user")];

        snprintf(why, WHY_MAX, "it is in a user namespace that the payload has made: not compared");
        if (!p || !inode || !verify_may_make(v, "user"))
                return true;
        return inode == promise_number_of(p, 0) || inode == promise_number_of(p, 1);
}

/* Whether the thread is of the reaper, which is in the user namespace around the payload's, with the ids that own
 * it. */
static bool is_around(const Verification *v, const Task *t) {
        const Promise *p = promises_find(v->promises, "namespace", "user");

        return (t->reaper || t->being_made) && p && promise_number_of(p, 1) != promise_number_of(p, 2);
}

static Verdict check_capabilities(const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        static const char *const names[TASK_SETS] = { "inheritable", "permitted", "effective", "bounding", "ambient" };
        const uint64_t bounding = strtoull(promise_value(p, 0), NULL, 16);
        const uint64_t ambient = strtoull(promise_value(p, 1), NULL, 16);

        if (!is_comparable(v, t, why))
                return VERDICT_UNSEEN;
        for (size_t i = 0; i < TASK_SETS; i++) {
                const uint64_t more = t->sets[i] & ~(i == TASK_AMBIENT ? ambient : bounding);

                if (!more)
                        continue;
                snprintf(why, WHY_MAX, "its %s set has %#" PRIx64 ", which the policy does not keep", names[i], more);
                return VERDICT_BROKEN;
        }
        return VERDICT_HOLDS;
}

/* A map in the format of promises: entries with commas. */
static int read_map(const Promises *promises, const char *kind, IdMap *ret) {
        const Promise *p = promises_find(promises, kind, NULL);
        _cleanup_free_ char *text = strdup(p ? promise_value(p, 0) : "");

        if (!text)
                return -ENOMEM;
        for (char *c = text; *c; c++)
                if (*c == ',')
                        *c = '\n';
        return id_map_parse(text, ret);
}

/* The id outside of an id in the payload's user namespace. Returns false if it has none. */
static bool map_out(const Verification *v, const char *what, uint64_t id, uint64_t *ret) {
        bool mapped = true;

        for (unsigned i = 0; mapped && i < 2; i++) {
                _cleanup_free_ char *kind = format("%s%s-map", i ? "outer-" : "", what);
                _cleanup_(id_map_deinit) IdMap map = {};

                if (!kind || read_map(v->promises, kind, &map) < 0)
                        return false;
                mapped = id_map_find(&map, id, &id);
        }
        *ret = id;
        return mapped;
}

static bool all_are(const uint32_t ids[static TASK_IDS], uint64_t id) {
        for (size_t i = 0; i < TASK_IDS; i++)
                if (ids[i] != id)
                        return false;
        return true;
}

static Verdict check_user(const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        uint64_t uid, gid;

        if (!is_comparable(v, t, why))
                return VERDICT_UNSEEN;
        snprintf(why, WHY_MAX, "the payload may change its ids: not compared");
        if (promise_number_of(p, 2))
                return VERDICT_UNSEEN;
        snprintf(why, WHY_MAX, "the plan's ids are not mapped");
        if (!map_out(v, "uid", promise_number_of(p, 0), &uid) || !map_out(v, "gid", promise_number_of(p, 1), &gid))
                return VERDICT_UNREAD;
        snprintf(why, WHY_MAX, "its user is %u, its group %u, and not %" PRIu64 " and %" PRIu64, t->uids[1], t->gids[1],
                 uid, gid);
        return is_around(v, t) || (all_are(t->uids, uid) && all_are(t->gids, gid)) ? VERDICT_HOLDS : VERDICT_BROKEN;
}

static bool may_have_group(const Verification *v, const Promise *p, uint64_t group) {
        const Promise *user = promises_find(v->promises, "user", NULL);
        uint64_t id;

        if (user && map_out(v, "gid", promise_number_of(user, 1), &id) && id == group)
                return true;
        for (size_t i = 0; *promise_value(p, i); i++) {
                if (promise_number_of(p, i) == group) /* a kept one, which is the caller's own */
                        return true;
                if (map_out(v, "gid", promise_number_of(p, i), &id) && id == group)
                        return true;
        }
        return false;
}

static Verdict check_groups(const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        const Promise *user = promises_find(v->promises, "user", NULL);
        const char *text = t->groups;
        unsigned long group;
        char *end;

        if (!is_comparable(v, t, why))
                return VERDICT_UNSEEN;
        snprintf(why, WHY_MAX, "the payload may change its ids: not compared");
        if (user && promise_number_of(user, 2))
                return VERDICT_UNSEEN;
        if (is_around(v, t))
                return VERDICT_HOLDS;
        for (; group = strtoul(text, &end, 10), end != text; text = end) {
                if (may_have_group(v, p, group))
                        continue;
                snprintf(why, WHY_MAX, "it has the group %lu", group);
                return VERDICT_BROKEN;
        }
        return VERDICT_HOLDS;
}

/* Maps the outsides of an inner map by the outer one, as a process outside sees it: the kernel maps each entry's first
 * id. */
static char *expected_map(const Verification *v, const Promise *p, const char *outer_kind) {
        _cleanup_(id_map_deinit) IdMap map = {}, outer = {};

        if (read_map(v->promises, promise_is(p, "uid-map") ? "uid-map" : "gid-map", &map) < 0 ||
            read_map(v->promises, outer_kind, &outer) < 0)
                return NULL;
        for (size_t i = 0; i < map.n; i++) {
                uint64_t id;

                if (id_map_find(&outer, map.items[i].outside, &id))
                        map.items[i].outside = (uint32_t) id;
        }
        return id_map_format(&map, ",");
}

static Verdict check_map(const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        const bool uid = promise_is(p, "uid-map");
        const char *outer_kind = uid ? "outer-uid-map" : "outer-gid-map";
        _cleanup_free_ char *expected = expected_map(v, p, outer_kind), *actual = NULL;
        const char *text = uid ? t->uid_map : t->gid_map;
        _cleanup_(id_map_deinit) IdMap map = {};

        if (!is_comparable(v, t, why))
                return VERDICT_UNSEEN;
        snprintf(why, WHY_MAX, "its map cannot be read");
        if (!expected || !text || id_map_parse(text, &map) < 0)
                return VERDICT_UNREAD;
        actual = id_map_format(&map, ",");
        if (!actual)
                return VERDICT_UNREAD;
        snprintf(why, WHY_MAX, "its map is %s, and not %s", actual, expected);
        return is_around(v, t) || streq(actual, expected) ? VERDICT_HOLDS : VERDICT_BROKEN;
}

/* Whether a namespace is that of this process, or of isorun outside. */
static bool is_outer(const Verification *v, const char *type, ino_t inode) {
        _cleanup_close_ int own = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), isorun = -1;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d", v->instance->isorun);
        isorun = v->instance->isorun ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        return namespace_inode(own, type) == inode || (isorun >= 0 && namespace_inode(isorun, type) == inode);
}

static Verdict check_namespace(const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        const char *type = promise_value(p, 0);
        const int index = task_namespace(type);
        const ino_t inode = index < 0 ? 0 : t->namespaces[index];

        if (!inode) {
                snprintf(why, WHY_MAX, "it cannot be read"); /* of the reaper, only by root */
                return t->reaper ? VERDICT_UNSEEN : VERDICT_UNREAD;
        }
        /* A namespace that the payload alone is in: the reaper can be in the host's. */
        if ((t->reaper || t->being_made) && inode == promise_number_of(p, 2) && inode != promise_number_of(p, 1))
                return VERDICT_HOLDS;
        snprintf(why, WHY_MAX, "it is in the host's");
        if (is_outer(v, type, inode))
                return VERDICT_BROKEN;
        if (inode == promise_number_of(p, 1))
                return VERDICT_HOLDS;
        snprintf(why, WHY_MAX, verify_may_make(v, type) ? "it is in one that the payload has made: not compared"
                                                        : "it is not in the instance's");
        return verify_may_make(v, type) ? VERDICT_UNSEEN : VERDICT_BROKEN;
}

static Verdict check_cgroup(const Verification *v, _unused_ const Promise *p, const Task *t, char why[static WHY_MAX]) {
        snprintf(why, WHY_MAX, "it is not in the cgroup %.128s, which has the limits", v->instance->cgroup);
        return t->outside ? VERDICT_BROKEN : VERDICT_HOLDS;
}

static void look_at_all(Verification *v) {
        if (v->tasks.n_unread > 0)
                finding_add(&v->findings, VERDICT_UNREAD, "processes", "", "the status of %zu threads cannot be read",
                            v->tasks.n_unread);
        if (v->tasks.too_many)
                finding_add(&v->findings, VERDICT_UNREAD, "processes", "", "too many to look at all of them: %zu were",
                            v->tasks.n);
        if (v->tasks.n_strangers > 0)
                finding_add(&v->findings, VERDICT_UNSEEN, "processes", "",
                            "%zu processes of the unit are not in the sandbox: their commands are the unit's",
                            v->tasks.n_strangers);
}

void verify_identity(Verification *v) {
        static const struct {
                const char *kind, *part;
                TaskCheck check;
        } table[] = {
                { "holder", "cgroup", check_cgroup },           { "no_new_privs", "no_new_privs", check_no_new_privs },
                { "uid-map", "uid map", check_map },            { "gid-map", "gid map", check_map },
                { "user", "user", check_user },                 { "groups", "groups", check_groups },
                { "filter", "filter", check_filter },           { "capabilities", "capabilities", check_capabilities },
                { "namespace", "namespace", check_namespace },
        };

        look_at_all(v);
        for (size_t i = 0; i < v->promises->n; i++) {
                const Promise *p = &v->promises->items[i];

                for (size_t k = 0; k < ELEMENTSOF(table); k++) {
                        _cleanup_free_ char *part = NULL;

                        if (!promise_is(p, table[k].kind))
                                continue;
                        part = streq(table[k].kind, "namespace") ? format("%s namespace", promise_value(p, 0))
                                                                 : strdup(table[k].part);
                        if (part)
                                verify_tasks(v, p, part, table[k].check);
                        else
                                v->findings.oom = true;
                }
        }
}
