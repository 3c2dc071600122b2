/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares the mounts of an instance with the plan's. This reads only the tables of mounts, and opens no path of the
 * instance: a file system there could hang. is_gone() alone looks, and not in a file system that a program serves. */
#include "cmd/verify/verification.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/instance/kept.h"
#include "plan/show/promises.h"
#include "sandbox/wire/kept-answers.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/open-in.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Root {
        Verification *v;
        MountTable inside, outside; /* outside: of isorun, where the sources are; empty if not known */
        bool may_mount;
} Root;

/* A mount of the plan. */
typedef struct Planned {
        const Promise *promise;
        const char *kind, *path, *flags, *options, *source;
} Planned;

static Planned planned(const Promise *p) {
        return (Planned) { p, promise_value(p, 0), promise_value(p, 1), promise_value(p, 2), promise_value(p, 3),
                           promise_value(p, 4) };
}

static bool has(const Planned *p, const char *flag) {
        return strstr(p->flags, flag);
}

/* The type of file system that a mount of the plan has, or NULL for any. */
static const char *expected_type(const Planned *p) {
        static const char *const types[][2] = {
                { "tmpfs", "tmpfs" },   { "grant", "tmpfs" },  { "notify", "tmpfs" },   { "file", "tmpfs" },
                { "copy", "tmpfs" },    { "merge", "tmpfs" },  { "blocked", "tmpfs" },  { "proc", "proc" },
                { "devpts", "devpts" }, { "cgroup", "cgroup2" }, { "overlay", "overlay" },
        };

        if (has(p, PROMISE_MERGE))
                return "tmpfs";
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i][0], p->kind))
                        return types[i][1];
        return NULL;
}

static bool is_of_host(const Root *root, const MountEntry *e) {
        for (size_t i = 0; i < root->outside.n; i++)
                if (streq(root->outside.items[i].device, e->device))
                        return true;
        return false;
}

/* Whether e shows what the host has at source. Returns 1, 0, or -ENOMEM. */
static int shows_source(const Root *root, const MountEntry *e, const char *source) {
        const MountEntry *there = mount_table_find(&root->outside, source);
        _cleanup_free_ char *path = there ? mount_path_in(there, source) : NULL;

        if (!there)
                return 0;
        return path ? streq(e->device, there->device) && streq(e->root, path) : -ENOMEM;
}

/* The attributes that keep a mount harmless. Returns what it lacks, or NULL. */
static const char *lacks(const MountEntry *e, bool read_only, bool no_exec, bool devices) {
        if (read_only && !mount_option(e->options, "ro"))
                return "is writable, and not read-only";
        if (no_exec && !mount_option(e->options, "noexec"))
                return "allows to execute files, and is not noexec";
        if (!devices && !mount_option(e->options, "nodev"))
                return "lets device nodes work, and is not nodev";
        return mount_option(e->options, "nosuid") ? NULL : "is not nosuid";
}

/* Compares an option with a number, such as "size=64M" or "max=256". */
static bool option_holds(const char *promised, const char *actual) {
        uint64_t wanted, got;

        if (!actual || parse_size(promised, 1024, &wanted) < 0)
                return actual && strncmp(promised, actual, strlen(promised)) == 0; /* a word, such as "pid" */
        return sscanf(actual, "%" SCNu64, &got) == 1 && got * (strspn(actual, "0123456789") < strcspn(actual, ",") ?
                                                               1024 : 1) <= wanted + (uint64_t) sysconf(_SC_PAGESIZE);
}

/* Returns the option of the plan that the file system does not have, on the heap, or NULL. */
static char *lost_option(const Planned *p, const MountEntry *e) {
        static const char *const compared[] = { "size=", "nr_inodes=", "max=", "subset=", "hidepid=" };

        for (size_t i = 0; !streq(p->kind, "overlay") && i < ELEMENTSOF(compared); i++) {
                const char *wanted = mount_option(p->options, compared[i]);
                _cleanup_free_ char *value = wanted ? strndup(wanted, strcspn(wanted, ",")) : NULL;

                if (value && !strchr(value, '%') && !option_holds(value, mount_option(e->super_options, compared[i])))
                        return format("%s%s", compared[i], value);
        }
        return NULL;
}

static Verdict compare_contents(const Root *root, const Planned *p, const MountEntry *e, char why[static WHY_MAX]) {
        const char *type = expected_type(p);
        _cleanup_free_ char *option = NULL;
        int r;

        if (type && !streq(type, e->type)) {
                snprintf(why, WHY_MAX, "a file system of type %.32s is there, and not %s", e->type, type);
                return VERDICT_BROKEN;
        }
        snprintf(why, WHY_MAX, "a file system of the host is there, and not a new one");
        if (type && !streq(type, "cgroup2") && is_of_host(root, e))
                return VERDICT_BROKEN;
        snprintf(why, WHY_MAX, "it is not the empty place that hides it");
        if (streq(p->kind, "blocked") && !startswith(e->root, "/hidden-"))
                return VERDICT_BROKEN;
        option = lost_option(p, e);
        if (option) {
                snprintf(why, WHY_MAX, "the file system has another %s: %.128s", option, e->super_options);
                return VERDICT_BROKEN;
        }
        if (!*p->source || type)
                return VERDICT_HOLDS;
        snprintf(why, WHY_MAX, "isorun is gone, so its source cannot be compared");
        if (!root->outside.n)
                return VERDICT_UNREAD;
        snprintf(why, WHY_MAX, "its source has been removed or replaced since the start");
        if (endswith(e->root, "//deleted"))
                return VERDICT_UNREAD;
        r = shows_source(root, e, p->source);
        snprintf(why, WHY_MAX, "it shows %.96s of device %s, and not %.96s", e->root, e->device, p->source);
        return r > 0 ? VERDICT_HOLDS : VERDICT_BROKEN;
}

static Verdict compare(const Root *root, const Planned *p, const MountEntry *e, char why[static WHY_MAX]) {
        const char *lack = lacks(e, has(p, PROMISE_READ_ONLY), has(p, PROMISE_NO_EXEC), has(p, PROMISE_DEVICES));
        Verdict verdict = compare_contents(root, p, e, why);

        if (lack) {
                snprintf(why, WHY_MAX, "it %s", lack);
                return VERDICT_BROKEN;
        }
        if (verdict != VERDICT_HOLDS)
                return verdict;
        snprintf(why, WHY_MAX, "it is read-only");
        if (!has(p, PROMISE_READ_ONLY) && mount_option(e->options, "ro"))
                return VERDICT_STRICTER;
        snprintf(why, WHY_MAX, "%s, %s", e->options, e->type);
        return VERDICT_HOLDS;
}

/* The payload may have mounted something on a mount of the plan, which it cannot undo: any mount there counts. */
static Verdict compare_any(const Root *root, const Planned *p, char why[static WHY_MAX]) {
        Verdict best = VERDICT_BROKEN;

        snprintf(why, WHY_MAX, "nothing is mounted there");
        for (size_t i = 0; best == VERDICT_BROKEN && i < root->inside.n; i++)
                if (streq(root->inside.items[i].path, p->path))
                        best = compare(root, p, &root->inside.items[i], why);
        return best;
}

/* On a place for grants, isoctl grant mounts a directory. */
static Verdict compare_grant(const Root *root, const Planned *p, const MountEntry *top, char why[static WHY_MAX]) {
        const char *lack = lacks(top, !has(p, PROMISE_GRANT_WRITE), false, false);

        if (compare(root, p, top, why) == VERDICT_HOLDS)
                return VERDICT_HOLDS;
        if (compare_any(root, p, why) != VERDICT_HOLDS)
                return VERDICT_BROKEN;
        if (lack)
                snprintf(why, WHY_MAX, "the granted %.96s %s", top->root, lack);
        else
                snprintf(why, WHY_MAX, "%.128s is granted: %s", top->root, top->options);
        return lack ? VERDICT_BROKEN : VERDICT_HOLDS;
}

/* Whether this process sees the directory that e shows at path, and nothing of that name in it. */
static bool is_gone_from(const MountEntry *e, const char *path) {
        _cleanup_(mount_table_deinit) MountTable own = {};
        _cleanup_free_ char *inner = mount_path_in(e, path);
        _cleanup_close_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        bool gone = false;

        if (!inner || top < 0 || startswith(e->type, "fuse") || mount_table_read("/proc/self/mountinfo", &own) < 0)
                return false;
        for (size_t i = 0; !gone && i < own.n; i++) {
                const MountEntry *o = &own.items[i];
                _cleanup_free_ char *outer = NULL;
                _cleanup_close_ int fd = -1;

                if (!streq(o->device, e->device) || !path_is_below(inner, o->root))
                        continue;
                outer = path_join(o->path, inner + (o->root[1] ? strlen(o->root) : 0) + 1);
                if (!outer || mount_table_find(&own, outer) != o)
                        continue;
                fd = open_in(top, outer + 1, O_NOFOLLOW, 0);
                gone = fd == -ENOENT;
        }
        return gone;
}

/* The mount of the plan at or closest above path. */
static bool find_planned(const Root *root, const char *path, Planned *ret) {
        bool found = false;

        for (size_t i = 0; i < root->v->promises->n; i++) {
                const Planned p = planned(&root->v->promises->items[i]);

                if (!promise_is(p.promise, "mount") || !path_is_at_or_below(path, p.path) ||
                    (found && strlen(p.path) <= strlen(ret->path)))
                        continue;
                *ret = p;
                found = true;
        }
        return found;
}

/* Whether the host removed the path while the instance started, and has not made it again. In a directory that is
 * merged in memory, each file is a mount. */
static bool is_gone(const Root *root, const Planned *p, const MountEntry *e) {
        Planned around;

        if (!has(p, PROMISE_VANISH) || !e)
                return false;
        for (size_t i = 0; i < root->inside.n; i++)
                if (streq(root->inside.items[i].path, p->path))
                        return false;
        if (find_planned(root, e->path, &around) && streq(around.path, e->path) && has(&around, PROMISE_MERGE))
                return true;
        return is_gone_from(e, p->path);
}

static void verify_mount(Root *root, const Planned *p) {
        const MountEntry *e = mount_table_find(&root->inside, p->path);
        Verdict verdict = VERDICT_BROKEN;
        char why[WHY_MAX] = "nothing is mounted there";

        if (root->may_mount)
                verdict = compare_any(root, p, why);
        else if (e && streq(e->path, p->path))
                verdict = streq(p->kind, "grant") ? compare_grant(root, p, e, why) : compare(root, p, e, why);
        if (verdict == VERDICT_BROKEN && has(p, PROMISE_PERHAPS) && !(e && streq(e->path, p->path))) {
                verdict = VERDICT_UNSEEN;
                snprintf(why, sizeof(why), "nothing is mounted there: the plan does so only if the image has the path");
        }
        if (verdict == VERDICT_BROKEN && is_gone(root, p, e)) {
                verdict = VERDICT_HOLDS;
                snprintf(why, sizeof(why), "the host has removed it: nothing is there to hide");
        }
        finding_add(&root->v->findings, verdict, p->path, promise_origin(p->promise), "%s", why);
}

/* The path of a mount below one of the plan, with a slash before it. */
static const char *path_in(const MountEntry *e, const Planned *p) {
        return e->path + (p->path[1] ? strlen(p->path) : 0);
}

/* Whether the mount is an entry of a directory that is merged in memory. */
static bool is_entry(const MountEntry *e, const Planned *p) {
        return path_is_below(e->path, p->path) && !strchr(path_in(e, p) + 1, '/') && streq(e->root, path_in(e, p));
}

/* Whether the mount is an entry of a directory that is merged from layers. All of its entries are of one overlay. Which
 * directories are its layers, nobody can compare: isorun names them by fds. */
static bool is_of_layers(const Root *root, const MountEntry *e, const Planned *p) {
        if (!has(p, PROMISE_MERGE) || !has(p, PROMISE_LAYERS) || !is_entry(e, p) || is_of_host(root, e))
                return false;
        for (size_t i = 0; i < root->inside.n; i++) {
                const MountEntry *first = &root->inside.items[i];

                if (is_entry(first, p) && streq(first->type, "overlay"))
                        return streq(first->device, e->device);
        }
        return false;
}

/* Whether the mount shows what can be seen at its place without it: a mount below the source of a recursive one, or an
 * entry of a directory that is merged in memory. */
static bool shows_the_same(const Root *root, const MountEntry *e, const Planned *p) {
        _cleanup_free_ char *source = *p->source ? path_join(p->source, path_in(e, p) + 1) : NULL;

        if ((source && shows_source(root, e, source) > 0) || is_of_layers(root, e, p))
                return true;
        for (size_t i = 0; i < root->inside.n; i++) {
                const MountEntry *below = &root->inside.items[i];
                _cleanup_free_ char *path = NULL;

                if (!streq(below->path, p->path) || !streq(below->device, e->device))
                        continue;
                path = mount_path_in(below, e->path);
                if (path && streq(path, e->root))
                        return true;
        }
        return false;
}

/* Looks at a mount that the plan does not list. */
static void verify_other(Root *root, const MountEntry *e) {
        const char *lack;
        Planned p = {};

        if (!find_planned(root, e->path, &p) || streq(e->path, p.path))
                return;
        lack = lacks(e, has(&p, PROMISE_READ_ONLY) && !has(&p, PROMISE_GRANT_WRITE), false, has(&p, PROMISE_DEVICES));
        if (streq(p.kind, "grant") && !lack)
                return;
        if (lack)
                finding_add(&root->v->findings, VERDICT_BROKEN, e->path, promise_origin(p.promise),
                            "a mount in %s: it %s", p.path, lack);
        else if (!shows_the_same(root, e, &p))
                finding_add(&root->v->findings, root->outside.n ? VERDICT_BROKEN : VERDICT_UNREAD, e->path,
                            promise_origin(p.promise), "a mount that the plan does not have: %s of device %s (%s)",
                            e->root, e->device, e->type);
}

static int read_task_table(const Task *t, MountTable *ret) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/task/%d/mountinfo", t->pid, t->tid);
        return mount_table_read(path, ret);
}

/* Reads the table of a thread in the payload's mount namespace. Everybody may read the reaper's, but it can be in the
 * namespace around that one. */
static int read_inside(Verification *v, MountTable *ret) {
        const Promise *p = promises_find(v->promises, "namespace", "mnt");
        const int index = task_namespace("mnt");
        bool some_ended = false;

        for (size_t i = 0; i < v->tasks.n; i++) {
                const Task *t = &v->tasks.items[i];
                const bool at_home = p && (t->reaper ? promise_number_of(p, 1) == promise_number_of(p, 2)
                                                     : t->namespaces[index] == promise_number_of(p, 1));

                if (!at_home)
                        continue;
                if (read_task_table(t, ret) < 0) {
                        some_ended = some_ended || !task_lives(t);
                        continue;
                }
                if (mount_table_find(ret, "/"))
                        return 0;
                mount_table_deinit(ret); /* it has changed its root */
        }
        v->findings.may_pass = v->findings.may_pass || some_ended;
        return -ENOENT;
}

/* Where the sources of the mounts are. */
static int read_outside(const Instance *instance, MountTable *ret) {
        _cleanup_free_ char *text = NULL;
        Report silent = {};
        char path[64];
        int r;

        if (!instance->handed_over) {
                snprintf(path, sizeof(path), "/proc/%d/mountinfo", instance->isorun);
                return mount_table_read(path, ret);
        }
        r = kept_read(instance, KEPT_MOUNTS, &text, &silent);
        return r < 0 ? r : mount_table_parse(text, ret);
}

static void verify_mounts(Root *root) {
        const Promises *promises = root->v->promises;

        for (size_t i = 0; i < promises->n; i++) {
                const Planned p = planned(&promises->items[i]);

                if (promise_is(p.promise, "mount") && !streq(p.kind, "symlink"))
                        verify_mount(root, &p);
        }
        for (size_t i = 0; !root->may_mount && i < root->inside.n; i++)
                if (mount_table_shows(&root->inside, &root->inside.items[i]))
                        verify_other(root, &root->inside.items[i]);
        if (root->may_mount)
                finding_add(&root->v->findings, VERDICT_UNSEEN, "other mounts", "",
                            "the payload may mount, so mounts on those of the plan are not compared");
}

void verify_root(Verification *v) {
        Root root = { .v = v, .may_mount = promises_find(v->promises, "may-mount", NULL) };
        int r = read_inside(v, &root.inside);

        if (r >= 0 && read_outside(v->instance, &root.outside) == -ENOMEM)
                v->findings.oom = true;
        if (r >= 0)
                verify_mounts(&root);
        else
                finding_add(&v->findings, VERDICT_UNREAD, "/", "", "the mounts cannot be read: %s", strerror(-r));
        mount_table_deinit(&root.inside);
        mount_table_deinit(&root.outside);
}
