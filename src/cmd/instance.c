/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "cmd/common.h"
#include "sandbox/cgroup.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"

enum { DEPTH_MAX = 64, NO_PARENT = SIZE_MAX };

static void instance_deinit(Instance *i) {
        free(i->cgroup);
        free(i->name);
        free(i->policy);
        free(i->command);
        *i = (Instance) {};
}

void instances_deinit(InstanceList *list) {
        for (size_t i = 0; i < list->n; i++)
                instance_deinit(&list->items[i]);
        free(list->items);
        free(list->root);
        *list = (InstanceList) {};
}

static char *get_attribute(int fd, const char *name) {
        char value[CGROUP_ATTRIBUTE_MAX];
        ssize_t n = fgetxattr(fd, name, value, sizeof(value));

        return n < 0 ? NULL : strndup(value, (size_t) n);
}

static uint64_t get_number(int fd, const char *name) {
        _cleanup_free_ char *text = get_attribute(fd, name);
        uint64_t number;

        return text && parse_u64(text, &number) >= 0 ? number : 0;
}

/* Whether a process is a reaper: called isorun, the first of its pid namespace, and with a parent called isorun, which
 * is in another one. Returns that parent's pid, or 0. */
static pid_t reaper_parent(pid_t pid) {
        _cleanup_free_ char *name = NULL, *pids = NULL, *parent = NULL, *parent_name = NULL;
        uint64_t number;

        if (process_status(pid, "Name", &name) < 0 || !streq(name, "isorun"))
                return 0;
        if (process_status(pid, "NSpid", &pids) < 0 || !endswith(pids, "\t1"))
                return 0;
        if (process_status(pid, "PPid", &parent) < 0 || parse_u64_range(parent, 1, INT32_MAX, &number) < 0)
                return 0;
        if (process_status((pid_t) number, "Name", &parent_name) < 0 || !streq(parent_name, "isorun"))
                return 0;
        return (pid_t) number;
}

/* Whether the process is in the cgroup, or in one that its payload has made below it. */
static bool is_in_cgroup(pid_t pid, const char *cgroup) {
        _cleanup_free_ char *own = NULL;
        const char *rest;

        if (process_cgroup(pid, &own) < 0)
                return false;
        rest = startswith(own, cgroup);
        return rest && (*rest == '\0' || *rest == '/');
}

static void confirm(Instance *i, uint64_t pid) {
        if (pid == 0 || pid > INT32_MAX || !is_in_cgroup((pid_t) pid, i->cgroup))
                return;
        i->isorun = reaper_parent((pid_t) pid);
        i->pid = i->isorun ? (pid_t) pid : 0;
}

/* A service in which isorun could write down nothing: root's, with User= and without Delegate=. */
static int find_unmarked(int fd, Instance *i) {
        _cleanup_free_ char *text = NULL;
        char *line, *position = NULL;

        if (!endswith(i->cgroup, ".service") || file_read(fd, "cgroup.procs", &text, NULL) < 0)
                return 0;
        for (line = strtok_r(text, "\n", &position); line && !i->pid; line = strtok_r(NULL, "\n", &position)) {
                uint64_t pid;

                if (parse_u64(line, &pid) >= 0)
                        confirm(i, pid);
        }
        if (!i->pid)
                return 0;
        i->name = strndup(path_name(i->cgroup), strlen(path_name(i->cgroup)) - strlen(".service"));
        return i->name ? 1 : -ENOMEM;
}

static bool is_populated(int fd) {
        uint64_t n;

        return instance_number(fd, "cgroup.events", "populated", &n) >= 0 && n;
}

/* Returns 1 with what is known of the cgroup's instance in *i, 0 where there is none. */
static int describe(int fd, Instance *i) {
        uint64_t frozen = 0;
        struct stat st;
        int r = 1;

        i->own = fstat(fd, &st) >= 0 && (st.st_uid == 0 || st.st_uid == geteuid());
        i->name = get_attribute(fd, CGROUP_ATTRIBUTE("name"));
        if (i->name) {
                /* Whose cgroup it is can write there what he likes; a path, say, would be another's cgroup. */
                if (!is_populated(fd) || (!i->nested && !name_is_valid(i->name)))
                        return 0;
                i->policy = get_attribute(fd, CGROUP_ATTRIBUTE("policy"));
                i->command = get_attribute(fd, CGROUP_ATTRIBUTE("command"));
                i->started_usec = get_number(fd, CGROUP_ATTRIBUTE("started"));
                if (!i->nested)
                        confirm(i, get_number(fd, CGROUP_ATTRIBUTE("pid")));
        } else
                r = i->nested ? 0 : find_unmarked(fd, i);
        if (r > 0) {
                (void) instance_number(fd, "cgroup.events", "frozen", &frozen);
                i->frozen = frozen;
        }
        return r;
}

static int walk(InstanceList *list, int fd, const char *path, size_t parent, unsigned depth);

static int visit(InstanceList *list, int parent_fd, const char *parent_path, const char *name, size_t parent,
                 unsigned depth) {
        _cleanup_close_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(instance_deinit) Instance found = { .nested = parent != NO_PARENT, .parent = parent };
        _cleanup_free_ char *path = path_join(parent_path, name);
        int r;

        if (fd < 0) /* gone */
                return path ? 0 : -ENOMEM;
        found.cgroup = path ? strdup(path) : NULL;
        if (!found.cgroup)
                return -ENOMEM;
        r = describe(fd, &found);
        if (r < 0)
                return r;
        if (r > 0) {
                Instance *i = ARRAY_APPEND(list->items, list->n);

                if (!i)
                        return -ENOMEM;
                *i = found;
                found = (Instance) {};
                parent = list->n - 1;
        }
        return depth < DEPTH_MAX ? walk(list, fd, path, parent, depth + 1) : 0;
}

static int walk(InstanceList *list, int fd, const char *path, size_t parent, unsigned depth) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = directory_list(fd, &names);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char **name = names; name && *name && r >= 0; name++)
                r = visit(list, fd, path, *name, parent, depth);
        return r;
}

int instances_find(InstanceList *ret, Report *report) {
        _cleanup_(host_deinit) Host host = {};
        _cleanup_close_ int fd = -1;
        int r;

        *ret = (InstanceList) {};
        r = host_probe(&host, report);
        if (r < 0)
                return r;
        if (!host.cgroup_root)
                return report_error(report, ENOENT, "no cgroup2 file system is mounted on /sys/fs/cgroup, where instances are found (inside of "
                                    "one it takes Delegate=yes there)");
        ret->root = TAKE_PTR(host.cgroup_root);
        fd = open(ret->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return report_error(report, errno, "%s: %s", ret->root, strerror(errno));
        r = walk(ret, fd, "/", NO_PARENT, 0);
        return r < 0 ? report_oom(report) : 0;
}

static bool is_named(const Instance *i, const char *name, bool exact) {
        if (!exact)
                return *name && startswith(i->name, name);
        return streq(i->name, name) || streq(path_name(i->cgroup), name) || streq(i->cgroup, name);
}

static int ambiguous(const InstanceList *list, const char *name, bool exact, Report *report) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return report_oom(report);
        for (size_t i = 0; i < list->n; i++) {
                const Instance *item = &list->items[i];

                if (!item->nested && is_named(item, name, exact))
                        fprintf(f, " %s (%s)", item->name, item->cgroup);
        }
        return fclose(f) != 0 ? report_oom(report)
                              : report_error(report, ENOTUNIQ, "\"%s\" is more than one instance:%s", name, text);
}

static int none(const InstanceList *list, const char *name, Report *report) {
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].nested && is_named(&list->items[i], name, true))
                        return report_error(report, EPERM,
                                            "\"%s\" is inside of %s, which alone says so: enter that one, and act on "
                                            "it there", name, list->items[list->items[i].parent].name);
        return report_error(report, ENOENT, "no such instance: \"%s\"; see isoctl list", name);
}

static const Instance *match(const InstanceList *list, const char *name, bool own, bool exact, size_t *ret_n) {
        const Instance *found = NULL;

        *ret_n = 0;
        for (size_t i = 0; i < list->n; i++) {
                const Instance *item = &list->items[i];

                if (item->nested || (own && !item->own) || !is_named(item, name, exact))
                        continue;
                found = item;
                ++*ret_n;
        }
        return found;
}

const Instance *instances_pick(const InstanceList *list, const char *name, Report *report) {
        /* Another user may call his whatever he likes: it does not stand in the way of one's own, and is meant only
         * by who says all of its name. */
        static const struct {
                bool own, exact;
        } ways[] = { { true, true }, { false, true }, { true, false } };
        const Instance *found = NULL;
        bool exact = false;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(ways) && !found; i++) {
                found = match(list, name, ways[i].own, ways[i].exact, &n);
                exact = ways[i].exact;
        }
        if (!found || n > 1) {
                (void) (found ? ambiguous(list, name, exact, report) : none(list, name, report));
                return NULL;
        }
        if (!found->pid) {
                report_error(report, ESRCH, "%s: the process that its attributes name is not isorun's, or not in %s",
                             found->name, found->cgroup);
                return NULL;
        }
        return found;
}

int instance_open(const InstanceList *list, const Instance *instance) {
        _cleanup_free_ char *path = path_join(list->root, instance->cgroup + 1);
        int fd;

        if (!path)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int instance_number(int cgroup, const char *file, const char *key, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        char *line, *position = NULL;
        int r;

        r = file_read(cgroup, file, &text, NULL);
        if (r < 0)
                return r;
        for (line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *rest = key ? startswith(line, key) : line;

                if (!rest || (key && *rest != ' '))
                        continue;
                return parse_u64(rest + !!key, ret) < 0 ? -ENODATA : 0;
        }
        return -ENODATA;
}
