/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "cmd/instance/described.h"
#include "cmd/instance/evidence.h"
#include "cmd/instance/member.h"
#include "cmd/options.h"
#include "lib/load.h"
#include "plan/unit/name.h"
#include "plan/unit/pool.h"
#include "sandbox/limits/cgroup.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/thread.h"

enum { DEPTH_MAX = 64, NO_PARENT = SIZE_MAX };

typedef struct Walk {
        InstanceList *list;
        InstanceProof proof;
        void *userdata;
        unsigned depth; /* of this process's pid namespace */
        uid_t uid;
        bool measure;
        bool second; /* this is the second thread */
        pthread_mutex_t *lock; /* of the proof, for both threads */
} Walk;

static void instance_deinit(Instance *i) {
        free(i->cgroup);
        free(i->name);
        free(i->unit);
        free(i->pool);
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

/* Finds the pool of an instance that is not in a scope for it: the cgroup above, which is in a service or, without
 * systemd, anywhere. unit: the name of the first unit of the path. */
static int find_pool_below(Instance *i, const char *unit) {
        _cleanup_free_ char *parent = path_parent(i->cgroup);
        const char *name = parent ? path_name(parent) : NULL;

        if (!parent)
                return -ENOMEM;
        if (!startswith(name, POOL_PREFIX))
                return 0;
        i->pool = strdup(endswith(unit, ".service") ? unit : name);
        return i->pool ? 0 : -ENOMEM;
}

int instance_find_unit(Instance *i) {
        const UnitPlace place = unit_place_find(i->cgroup);
        const bool escaped = *place.name == '_'; /* systemd puts "_" before names that could clash with the kernel's */
        _cleanup_free_ char *name = strndup(place.name + escaped, place.n - escaped);

        if (!name)
                return -ENOMEM;
        i->of_user = place.of_user;
        i->uid = place.uid;
        if (!place.name[place.n]) {
                i->unit = endswith(name, ".service") || endswith(name, ".scope") ? TAKE_PTR(name) : NULL;
                return 0;
        }
        if (!pool_is_unit(name))
                return find_pool_below(i, name);
        i->pool = TAKE_PTR(name);
        return 0;
}

char *instance_attribute(int fd, const char *name) {
        char value[CGROUP_ATTRIBUTE_MAX];
        ssize_t n = fgetxattr(fd, name, value, sizeof(value));

        return n < 0 ? NULL : strndup(value, (size_t) n);
}

char *instance_attribute_trusted(const Instance *i, int fd, const char *name) {
        return fd >= 0 && i->own && !i->nested ? instance_attribute(fd, name) : NULL;
}

static uint64_t get_number(int fd, const char *name) {
        _cleanup_free_ char *text = instance_attribute(fd, name);
        uint64_t number;

        return text && parse_u64(text, &number) >= 0 ? number : 0;
}

static bool is_service(const Instance *i) {
        return i->unit && endswith(i->unit, ".service");
}

/* The cgroup of the manager of the user whose service the instance is, on the heap. NULL if memory runs out. */
static char *manager_cgroup(const Instance *i) {
        _cleanup_free_ char *name = format("/user@%u.service/", i->uid);
        const char *found = name ? strstr(i->cgroup, name) : NULL;

        return found ? format("%.*s%sinit.scope", (int) (found - i->cgroup), i->cgroup, name) : NULL;
}

/* A process that hidepid= hides, like a user's manager with capabilities, is known by its cgroup alone. */
static bool may_be_manager(const ProcessFacts *p, uid_t uid) {
        return p->hidden ? p->uid == uid || p->uid == (uid_t) -1 : p->uid == uid && streq(p->name, "systemd");
}

/* Whether the process is the service manager of the instance's service: pid 1, or for a user the user's process
 * "systemd" in the cgroup of the user's manager. */
static bool is_manager(const Walk *w, pid_t pid, const Instance *i) {
        _cleanup_free_ char *cgroup = NULL, *path = NULL;
        _cleanup_close_ int pidfd = -1, dir = -1;
        ProcessFacts p;

        if (!is_service(i))
                return false;
        if (!i->of_user)
                return pid == 1;
        if (member_facts(pid, &p, &pidfd) < 0 || !may_be_manager(&p, i->uid))
                return false;
        cgroup = manager_cgroup(i);
        path = cgroup ? path_join(w->list->root, cgroup + 1) : NULL;
        dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        return dir >= 0 && member_is_in(pid, cgroup, dir) && member_runs(pidfd);
}

/* Whether the process may be a reaper: it is called isorun, unless its name is hidden, and is pid 1 of its pid
 * namespace. */
static bool may_be_reaper(const ProcessFacts *p) {
        return (p->hidden || streq(p->name, "isorun")) && p->innermost == 1 && p->depth > 1;
}

/* Whether the process may be the isorun of the instance, also as a program that isolates itself: of the instance's
 * user, not in a container and, for a service, a child of the service manager. A process that chooses the name can as
 * well be a changed isorun, but its children cannot choose it for it: with CLONE_PARENT, they can make the process that
 * looks like the reaper. */
static bool may_be_isorun(const Walk *w, const ProcessFacts *p, const Instance *i) {
        return streq(p->name, "isorun") && (!i->of_user || p->uid == i->uid) && p->depth == w->depth &&
               (!is_service(i) || is_manager(w, p->parent, i));
}

/* The kernel knows a process's cgroup by its id. Before Linux 6.13, and if the process is in a cgroup below, this reads
 * the path. */
static bool is_member(pid_t pid, int fd, const Instance *i) {
        return member_is_exactly_in(pid, i->inode) || member_is_in(pid, i->cgroup, fd);
}

/* Checks a process that may be the reaper. Its parent is isorun, or the service manager after a hand-over. */
static void confirm(const Walk *w, int fd, Instance *i, pid_t pid, const ProcessFacts *reaper,
                    bool may_be_handed_over) {
        ProcessFacts isorun = {};

        if (!may_be_reaper(reaper) || reaper->parent == 0 || !is_member(pid, fd, i) ||
            (process_facts(reaper->parent, &isorun) < 0 && !reaper->hidden))
                return;
        if (may_be_isorun(w, &isorun, i)) {
                i->isorun = reaper->parent;
                i->runner = isorun.uid;
        } else if (may_be_handed_over && is_manager(w, reaper->parent, i))
                i->handed_over = true;
        i->pid = i->isorun || i->handed_over ? pid : 0;
}

/* The same for a pid that the cgroup names. */
static void confirm_pid(const Walk *w, int fd, Instance *i, uint64_t pid, bool may_be_handed_over) {
        _cleanup_close_ int pidfd = -1;
        ProcessFacts facts;

        if (pid == 0 || pid > INT32_MAX || member_facts((pid_t) pid, &facts, &pidfd) < 0)
                return;
        confirm(w, fd, i, (pid_t) pid, &facts, may_be_handed_over);
        if (!member_runs(pidfd)) {
                i->pid = i->isorun = 0;
                i->handed_over = false;
        }
}

/* Reads whether the cgroup is frozen, and returns whether it has processes. */
static bool read_events(int fd, Instance *i) {
        _cleanup_free_ char *text = NULL;

        if (record_read(fd, "cgroup.events", &text, NULL) < 0)
                return false;
        i->frozen = strstr(text, "frozen 1\n");
        return strstr(text, "populated 1\n");
}

typedef struct Member {
        pid_t pid;
        ProcessFacts facts;
} Member;

/* Reads about each process in the text of cgroup.procs that has not ended. Returns 0 or -ENOMEM. */
static int read_members(char *text, Member **ret, size_t *ret_n) {
        char *position = NULL;

        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                _cleanup_close_ int pidfd = -1;
                Member found, *m;
                uint64_t pid;

                if (parse_u64_range(line, 1, INT32_MAX, &pid) < 0 ||
                    member_facts((pid_t) pid, &found.facts, &pidfd) < 0)
                        continue;
                found.pid = (pid_t) pid;
                m = ARRAY_APPEND(*ret, *ret_n);
                if (!m)
                        return -ENOMEM;
                *m = found;
        }
        return 0;
}

/* Looks for an instance in a service whose cgroup isorun cannot write to: a service of root with User= and without
 * Delegate=. A service with a process of root, like cron's, may run processes of users that imitate an instance. So
 * without isorun's attribute, it does not count as an instance that was handed over. Returns 1, 0 or -ENOMEM. */
static int find_unmarked(const Walk *w, int fd, Instance *i) {
        _cleanup_free_ Member *members = NULL;
        _cleanup_free_ char *text = NULL;
        bool users = true;
        size_t n = 0;

        if (!is_service(i) || file_read(fd, "cgroup.procs", &text, NULL) < 0)
                return 0;
        if (read_members(text, &members, &n) < 0)
                return -ENOMEM;
        for (size_t k = 0; k < n; k++)
                users = users && members[k].facts.uid != 0 && members[k].facts.uid != (uid_t) -1;
        for (size_t k = 0; k < n && !i->pid; k++)
                if (may_be_reaper(&members[k].facts))
                        confirm_pid(w, fd, i, (uint64_t) members[k].pid, users);
        return i->pid && read_events(fd, i);
}

/* Describes an instance that isorun could not describe, or that the user of a service could describe otherwise. Returns
 * 1 or -ENOMEM. */
static int describe_service(Instance *i) {
        free(i->name);
        free(i->policy);
        free(i->command);
        i->name = strndup(i->unit, (size_t) (strrchr(i->unit, '.') - i->unit));
        if (evidence_read(i->isorun ?: i->pid, &i->policy, &i->command, &i->started_usec) < 0 || !i->name)
                return -ENOMEM;
        return 1;
}

static pid_t find_main_pid(int fd, const Instance *i) {
        uint64_t pid = i->pid ? get_number(fd, CGROUP_ATTRIBUTE("mainpid")) : 0;

        return pid > 0 && pid <= INT32_MAX && member_is_in((pid_t) pid, i->cgroup, fd) ? (pid_t) pid : 0;
}

/* Reads what isorun has written. Returns 1, or 0 if the cgroup is not an instance. */
static int read_attributes(const Walk *w, int fd, Instance *i) {
        /* The owner of the cgroup can write any attribute. A path as a name, for example, would mean another cgroup. */
        if (!read_events(fd, i) || (!i->nested && !name_is_valid(i->name)))
                return 0;
        i->policy = instance_attribute(fd, CGROUP_ATTRIBUTE("policy"));
        i->command = instance_attribute(fd, CGROUP_ATTRIBUTE("command"));
        i->started_usec = get_number(fd, CGROUP_ATTRIBUTE("started"));
        if (!i->nested)
                confirm_pid(w, fd, i, get_number(fd, CGROUP_ATTRIBUTE("pid")),
                            is_service(i) && get_number(fd, CGROUP_ATTRIBUTE("handed-over")) == 1);
        /* If its processes have ended meanwhile, it is not one that cannot be verified. */
        if (!i->nested && !i->pid && !read_events(fd, i))
                return 0;
        i->main_pid = find_main_pid(fd, i);
        return 1;
}

/* Finds out to whom the cgroup belongs. Returns 0 or -ENOMEM. */
static int find_owner(const Walk *w, const struct stat *st, Instance *i) {
        if (!i->nested && instance_find_unit(i) < 0)
                return -ENOMEM;
        i->own = st->st_uid == 0 || st->st_uid == w->uid;
        if (!i->nested && !i->unit && !i->of_user && st->st_uid != 0) {
                i->of_user = true;
                i->uid = st->st_uid;
        }
        i->foreign = i->of_user && i->uid != w->uid;
        return 0;
}

/* The proof asks a service manager, over one connection. */
static bool is_proven(const Walk *w, const Instance *i) {
        bool proven;

        (void) pthread_mutex_lock(w->lock);
        proven = w->proof(i, w->userdata);
        (void) pthread_mutex_unlock(w->lock);
        return proven;
}

/* As root, for a table. Not for a service: there, another process than its manager may be the parent of isorun, so the
 * manager is asked. Returns 1, 0 or -ENOMEM. */
static int read_description(const Walk *w, int fd, Instance *i) {
        Description d;
        int r = w->measure && w->uid == 0 && !i->nested && !is_service(i) ? described_read(fd, i->inode, &d) : 0;

        if (r <= 0)
                return r;
        i->name = d.name;
        i->policy = d.policy;
        i->command = d.command;
        i->started_usec = d.started_usec;
        i->pid = d.pid;
        i->isorun = d.isorun;
        i->runner = d.runner;
        return 1;
}

/* Returns 1 with the data of the cgroup's instance in *i, 0 if the cgroup is not an instance, or -ENOMEM. */
static int describe(const Walk *w, int fd, const struct stat *st, Instance *i) {
        bool named;
        int r;

        if (find_owner(w, st, i) < 0)
                return -ENOMEM;
        r = read_description(w, fd, i);
        if (r != 0)
                return r > 0 ? read_events(fd, i) : r;
        i->name = instance_attribute(fd, CGROUP_ATTRIBUTE("name"));
        named = i->name;
        r = named ? read_attributes(w, fd, i) : i->nested ? 0 : find_unmarked(w, fd, i);
        if (i->handed_over)
                i->runner = named ? st->st_uid : (uid_t) -1;
        if (r > 0 && is_service(i) && (!i->pid || !is_proven(w, i)))
                return 0;
        /* Root has written a service of the system. The service's user may have written other attributes. */
        if (r > 0 && (!named || (is_service(i) && !i->of_user && !i->own)))
                r = describe_service(i);
        return r;
}

static int walk(const Walk *w, int fd, const char *path, size_t parent, unsigned depth);

static int visit(const Walk *w, int parent_fd, const char *parent_path, const char *name, size_t parent,
                 unsigned depth) {
        _cleanup_close_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(instance_deinit) Instance found = { .nested = parent != NO_PARENT, .parent = parent };
        _cleanup_free_ char *path = path_join(parent_path, name);
        enum { LINKS_OF_LEAF = 2 }; /* a directory of cgroup2 has one more for each directory in it */
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0) /* gone */
                return path ? 0 : -ENOMEM;
        found.inode = st.st_ino;
        found.cgroup = path ? strdup(path) : NULL;
        if (!found.cgroup)
                return -ENOMEM;
        r = describe(w, fd, &st, &found);
        if (r < 0)
                return r;
        if (r > 0) {
                Instance *i = ARRAY_APPEND(w->list->items, w->list->n);

                if (!i)
                        return -ENOMEM;
                found.measured = w->measure;
                if (w->measure)
                        found.usage = instance_measure(fd);
                *i = found;
                found = (Instance) {};
                parent = w->list->n - 1;
        }
        return st.st_nlink != LINKS_OF_LEAF && depth < DEPTH_MAX ? walk(w, fd, path, parent, depth + 1) : 0;
}

/* A part of a directory's cgroups, for the second thread. */
typedef struct Part {
        Walk walk;
        InstanceList list; /* the root is another list's */
        int fd;
        const char *path;
        char *const *names;
        unsigned depth;
        int result;
} Part;

static void *visit_part(void *userdata) {
        Part *p = userdata;

        for (char *const *name = p->names; *name && p->result >= 0; name++)
                p->result = visit(&p->walk, p->fd, p->path, *name, NO_PARENT, p->depth);
        return NULL;
}

/* Moves the instances of the part to the end of the list. */
static int take_part(InstanceList *list, Part *p) {
        const size_t first = list->n;
        int r = p->result;

        for (size_t i = 0; i < p->list.n && r >= 0; i++) {
                Instance *added = ARRAY_APPEND(list->items, list->n);

                if (!added) {
                        r = -ENOMEM;
                        break;
                }
                *added = p->list.items[i];
                added->parent += added->nested ? first : 0;
                p->list.items[i] = (Instance) {};
        }
        p->list.root = NULL;
        instances_deinit(&p->list);
        return r;
}

/* Of many cgroups side by side, a second thread looks at half: the time goes into reading files of the kernel. */
static int walk(const Walk *w, int fd, const char *path, size_t parent, unsigned depth) {
        enum { MANY = 32 };
        _cleanup_strv_free_ char **names = NULL;
        Part p = { .walk = *w, .fd = fd, .path = path, .depth = depth };
        pthread_t thread;
        bool shared;
        size_t n;
        int r;

        r = directory_list(fd, &names);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        n = strv_length(names);
        p.names = names + n / 2;
        p.walk.list = &p.list;
        p.walk.second = true;
        p.list.root = w->list->root;
        shared = n >= MANY && !w->second && parent == NO_PARENT && thread_begin(&thread, visit_part, &p) >= 0;
        for (size_t i = 0; i < (shared ? n / 2 : n) && r >= 0; i++)
                r = visit(w, fd, path, names[i], parent, depth);
        if (shared) {
                int joined = pthread_join(thread, NULL) == 0 ? take_part(w->list, &p) : -ENOMEM;

                r = r < 0 ? r : joined;
        }
        return r;
}

bool instance_is_own(const Instance *i) {
        return geteuid() == 0 ? !i->of_user : i->of_user && i->uid == geteuid();
}

bool instance_is_foreign(const Instance *i) {
        return i->foreign;
}

const char *instance_state(const Instance *i) {
        if (!i->nested && !i->pid)
                return "unverified";
        return i->frozen ? "frozen" : "running";
}

char *instance_full_name(const Instance *i) {
        const struct passwd *user;

        if (!instance_is_foreign(i))
                return strdup(i->name);
        user = getpwuid(i->uid);
        return user ? format("%s/%s", user->pw_name, i->name) : format("%u/%s", i->uid, i->name);
}

char *instance_runner_name(const Instance *i) {
        const struct passwd *user = i->isorun ? getpwuid(i->runner) : NULL;

        return user ? strdup(user->pw_name) : i->isorun ? format("%u", i->runner) : NULL;
}

/* getpwuid(3) reads the table of users each time, or asks a service. */
int instance_next_runner(const Instance *i, const Instance **before, char **name) {
        const Instance *last = *before;

        *before = i;
        if (last && !last->isorun == !i->isorun && last->runner == i->runner)
                return 0;
        free(*name);
        *name = instance_runner_name(i);
        return *name || !i->isorun ? 0 : -ENOMEM;
}

static bool is_selected(const Instance *i, _unused_ const void *userdata) {
        return arg_whose == WHOSE_SYSTEM ? !i->of_user : i->of_user && i->uid == geteuid();
}

void instances_keep(InstanceList *list, InstanceFilter wanted, const void *userdata) {
        size_t dropped = 0, n = 0; /* nested instances follow the one that they are in */
        bool wanting = false;

        for (size_t i = 0; i < list->n; i++) {
                Instance *item = &list->items[i];

                if (!item->nested) {
                        wanting = wanted(item, userdata);
                        dropped = i - n;
                }
                if (!wanting) {
                        instance_deinit(item);
                        continue;
                }
                if (item->nested)
                        item->parent -= dropped;
                list->items[n++] = *item;
        }
        list->n = n;
}

int instances_walk(InstanceList *ret, InstanceProof proof, void *userdata, bool measure, Report *report) {
        pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        Walk w = { .list = ret, .proof = proof, .userdata = userdata, .uid = geteuid(), .measure = measure,
                   .lock = &lock };
        _cleanup_(host_deinit) Host host = {};
        _cleanup_close_ int fd = -1;
        int r;

        *ret = (InstanceList) {};
        r = host_probe(&host, report);
        if (r < 0)
                return r;
        if (!host.cgroup_root)
                return report_error(report, ENOENT,
                                    "cannot find instances: no cgroup2 file system is mounted on /sys/fs/cgroup "
                                    "(inside an instance, this needs Delegate=yes in its policy)");
        ret->root = TAKE_PTR(host.cgroup_root);
        fd = open(ret->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return report_error(report, errno, "%s: %s", ret->root, strerror(errno));
        r = process_pid_depth(0);
        w.depth = r < 0 ? 0 : (unsigned) r;
        r = walk(&w, fd, "/", NO_PARENT, 0);
        if (arg_whose != WHOSE_ANY)
                instances_keep(ret, is_selected, NULL);
        return r < 0 ? report_oom(report) : 0;
}

int instance_open(const InstanceList *list, const Instance *instance) {
        _cleanup_free_ char *path = path_join(list->root, instance->cgroup + 1);
        int fd;

        if (!path)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

InstanceUsage instance_measure(int cgroup) {
        InstanceUsage u = {};

        u.has_memory = cgroup_number(cgroup, "memory.current", NULL, &u.memory) >= 0;
        u.has_tasks = cgroup_number(cgroup, "pids.current", NULL, &u.tasks) >= 0;
        u.has_cpu = cgroup_number(cgroup, "cpu.stat", "usage_usec", &u.cpu_usec) >= 0;
        return u;
}
