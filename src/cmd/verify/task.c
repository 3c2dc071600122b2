/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/value/names.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/text.h"

/* A payload with many threads, or that forks all the time, must not keep this busy for ever. */
enum { TASKS_MAX = 1 << 16, LOOK_SECONDS = 10 };

/* A process of the machine. */
typedef struct Process {
        pid_t pid, parent;
        uint64_t started;
        bool in_cgroup;
        bool known;     /* the next two are */
        bool descends;  /* from the reaper */
        bool of_isorun; /* isorun outside, or a process that it has made beside the instance, to serve it */
} Process;

typedef struct Processes {
        Process *items;
        size_t n;
} Processes;

static void task_deinit(Task *t) {
        free(t->groups);
        free(t->limits);
        free(t->uid_map);
        free(t->gid_map);
}

void tasks_deinit(Tasks *tasks) {
        for (size_t i = 0; i < tasks->n; i++)
                task_deinit(&tasks->items[i]);
        free(tasks->items);
        *tasks = (Tasks) {};
}

int task_namespace(const char *name) {
        for (int i = 0; i < TASK_NAMESPACES && namespace_types[i].name; i++)
                if (streq(namespace_types[i].name, name))
                        return i;
        return -1;
}

ino_t namespace_inode(int dir, const char *name) {
        _cleanup_free_ char *path = format("ns/%s", name), *target = NULL;
        uint64_t inode;

        if (!path || link_read(dir, path, &target) < 0 || sscanf(target, "%*[a-z_]:[%" SCNu64 "]", &inode) != 1)
                return 0;
        return (ino_t) inode;
}

static bool is_in(const Instance *instance, pid_t pid) {
        _cleanup_free_ char *cgroup = NULL;

        return process_cgroup(pid, &cgroup) >= 0 && path_is_at_or_below(cgroup, instance->cgroup);
}

static int open_process(pid_t pid) {
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d", pid);
        return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int look_at_process(const char *name, pid_t *ret_pid, ProcessLife *ret) {
        _cleanup_close_ int dir = -1;

        if (parse_int(name, 1, INT_MAX, ret_pid) < 0)
                return -ENOENT;
        dir = open_process(*ret_pid);
        return dir < 0 ? -errno : process_life(dir, ret);
}

/* Whether an error says that the thread is not there any more. Any other one says nothing about it. */
static bool has_ended(int r) {
        return r == -ENOENT || r == -ESRCH;
}

/* A lack of fds or memory would hide a process. Others may not be readable, because they are other users'. */
static bool is_shortage(int r) {
        return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

static int list_processes(const Instance *instance, Processes *ret) {
        DIR *dir = opendir("/proc");
        struct dirent *e;
        int r = dir ? 0 : -errno;

        while (r >= 0 && (e = readdir(dir))) {
                ProcessLife life;
                Process *p;
                int pid;

                r = look_at_process(e->d_name, &pid, &life);
                if (r < 0) {
                        r = is_shortage(r) ? r : 0;
                        continue;
                }
                p = ARRAY_APPEND(ret->items, ret->n);
                if (p)
                        *p = (Process) { .pid = pid, .parent = life.parent, .started = life.started,
                                         .in_cgroup = is_in(instance, pid),
                                         .known = pid == instance->pid || pid == instance->isorun,
                                         .descends = pid == instance->pid, .of_isorun = pid == instance->isorun };
                else
                        r = -ENOMEM;
        }
        if (dir)
                closedir(dir);
        return r;
}

static int compare_pids(const void *a, const void *b) {
        const Process *x = a, *y = b;

        return (x->pid > y->pid) - (x->pid < y->pid);
}

static Process *find_process(const Processes *all, pid_t pid) {
        const Process key = { .pid = pid };

        return all->n == 0 ? NULL : bsearch(&key, all->items, all->n, sizeof(Process), compare_pids);
}

/* Finds out from whom a process descends, and with it all processes on the way up. */
static void mark(const Processes *all, Process *process) {
        Process *known = process;

        for (; known && !known->known; known = find_process(all, known->parent))
                known->known = true; /* also ends a circle, which pids that were used again can make */
        for (Process *p = process; p != known; p = find_process(all, p->parent)) {
                p->descends = known && known->descends;
                p->of_isorun = known && known->of_isorun;
        }
}

/* Marks the descendants of the reaper and those of isorun. A process inside never becomes a child of isorun: the kernel
 * gives orphans to the reaper. Each process is visited twice, however long a payload makes the chain. */
static void mark_descendants(Processes *all) {
        if (all->n > 0)
                qsort(all->items, all->n, sizeof(Process), compare_pids);
        for (size_t i = 0; i < all->n; i++)
                mark(all, &all->items[i]);
}

static void read_ids(const char *text, uint32_t ret[static TASK_IDS]) {
        (void) sscanf(text, "%u %u %u %u", &ret[0], &ret[1], &ret[2], &ret[3]);
}

static int read_status_line(Task *t, const char *line) {
        static const char *const sets[TASK_SETS] = { "CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapBnd:\t", "CapAmb:\t" };
        const char *rest;

        for (size_t i = 0; i < TASK_SETS; i++)
                if ((rest = startswith(line, sets[i])))
                        t->sets[i] = strtoull(rest, NULL, 16);
        if ((rest = startswith(line, "Name:\t")))
                snprintf(t->name, sizeof(t->name), "%s", rest);
        else if ((rest = startswith(line, "Uid:\t")))
                read_ids(rest, t->uids);
        else if ((rest = startswith(line, "Gid:\t")))
                read_ids(rest, t->gids);
        else if ((rest = startswith(line, "Groups:\t")))
                t->groups = strdup(rest);
        else if ((rest = startswith(line, "NSsid:\t")))
                t->session = strtol(rest, NULL, 10) == t->pid;
        else if ((rest = startswith(line, "NoNewPrivs:\t")))
                t->no_new_privs = (unsigned) strtoul(rest, NULL, 10);
        else if ((rest = startswith(line, "Seccomp:\t")))
                t->seccomp = (unsigned) strtoul(rest, NULL, 10);
        else if ((rest = startswith(line, "Seccomp_filters:\t")))
                t->filters = (unsigned) strtoul(rest, NULL, 10);
        else if (startswith(line, "State:\tZ") || startswith(line, "State:\tX"))
                return -ESRCH; /* it has ended, and has no rights any more */
        return startswith(line, "Groups:\t") && !t->groups ? -ENOMEM : 0;
}

/* Returns 0, -ENOMEM, or another negative errno if the file cannot be read. */
static int read_status(int dir, Task *t) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r = record_read(dir, "status", &text, NULL);

        for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &position); r >= 0 && line;
             line = strtok_r(NULL, "\n", &position))
                r = read_status_line(t, line);
        return r >= 0 && !t->groups ? -EIO : r;
}

/* Fills in what the thread's directory shows of it. */
static int read_task(int dir, Task *t) {
        int r = read_status(dir, t);

        for (int i = 0; r >= 0 && i < TASK_NAMESPACES && namespace_types[i].name; i++)
                t->namespaces[i] = namespace_inode(dir, namespace_types[i].name);
        if (r < 0)
                return r;
        (void) file_read(dir, "uid_map", &t->uid_map, NULL);
        (void) file_read(dir, "gid_map", &t->gid_map, NULL);
        return file_read(dir, "limits", &t->limits, NULL);
}

/* Reads the thread. What was read counts only if the thread still lived afterwards. Returns -ESRCH if it has ended. */
static int read_living_task(int dir, Task *t) {
        int r = read_task(dir, t), life_r;
        ProcessLife life;

        if (r == -ENOMEM)
                return r;
        life_r = process_life(dir, &life);
        if (life_r < 0 || life.ends)
                return life_r < 0 && !has_ended(life_r) ? life_r : -ESRCH;
        t->started = life.started;
        return r;
}

/* The open directory stays that of this thread, also if its number is used again. Reads of it then fail with ESRCH. */
static int add_task(Tasks *tasks, const Process *process, const Instance *instance, int process_dir, const char *tid) {
        _cleanup_free_ char *path = format("task/%s", tid);
        _cleanup_close_ int dir = path ? openat(process_dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        Task t = { .pid = process->pid, .tid = (pid_t) strtol(tid, NULL, 10), .reaper = process->pid == instance->pid,
                   .outside = !process->in_cgroup };
        Task *added;
        int r;

        if (!path)
                return -ENOMEM;
        r = dir < 0 ? -errno : read_living_task(dir, &t);
        t.child = process->parent == instance->pid;
        t.session = t.session && t.child && t.tid == t.pid;
        added = r < 0 ? NULL : ARRAY_APPEND(tasks->items, tasks->n);
        if (added) {
                *added = t;
                return 0;
        }
        task_deinit(&t);
        if (has_ended(r))
                return 0;
        tasks->n_unread++;
        return r >= 0 || r == -ENOMEM ? -ENOMEM : 0;
}

static int add_process(Tasks *tasks, const Process *process, const Instance *instance, uint64_t end) {
        _cleanup_close_ int dir = open_process(process->pid);
        int list = dir < 0 ? -1 : openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        struct dirent *e;
        DIR *stream = list < 0 ? NULL : fdopendir(list);
        ProcessLife life;

        if (!stream) {
                tasks->n_unread += !has_ended(-errno);
                fd_close(list);
                return 0;
        }
        r = process_life(dir, &life);
        if (r < 0 || life.started != process->started) { /* or another process has its number */
                tasks->n_unread += r < 0 && !has_ended(r);
                closedir(stream);
                return 0;
        }
        while (r >= 0 && (e = readdir(stream))) {
                if (e->d_name[0] == '.')
                        continue;
                tasks->too_many = tasks->n >= TASKS_MAX || clock_usec(CLOCK_MONOTONIC) > end;
                if (tasks->too_many)
                        break;
                r = add_task(tasks, process, instance, dir, e->d_name);
        }
        closedir(stream);
        return r;
}

bool task_lives(const Task *t) {
        _cleanup_close_ int process = open_process(t->pid), dir = -1;
        ProcessLife life;
        char path[32];
        int r;

        snprintf(path, sizeof(path), "task/%d", t->tid);
        dir = process < 0 ? -1 : openat(process, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = dir < 0 ? -errno : process_life(dir, &life);
        return r < 0 ? !has_ended(r) : life.started == t->started && !life.ends;
}

unsigned tasks_outer_filters(const Tasks *tasks) {
        for (size_t i = 0; i < tasks->n; i++)
                if (tasks->items[i].reaper)
                        return tasks->items[i].filters;
        return 0;
}

/* A process that the reaper has forked gets its filter last. */
static void mark_being_made(Tasks *tasks) {
        const unsigned outer = tasks_outer_filters(tasks);

        for (size_t i = 0; i < tasks->n; i++)
                tasks->items[i].being_made = tasks->items[i].child && tasks->items[i].filters <= outer;
}

int tasks_find(const Instance *instance, bool in_service, Tasks *ret) {
        const uint64_t end = clock_usec(CLOCK_MONOTONIC) + (uint64_t) LOOK_SECONDS * 1000000;
        Processes all = {};
        int r;

        r = list_processes(instance, &all);
        mark_descendants(&all);
        for (size_t i = 0; r >= 0 && i < all.n && !ret->too_many; i++) {
                const Process *p = &all.items[i];

                if (p->of_isorun || !(p->in_cgroup || p->descends))
                        continue;
                if (in_service && !p->descends)
                        ret->n_strangers++;
                else
                        r = add_process(ret, p, instance, end);
        }
        free(all.items);
        mark_being_made(ret);
        return r;
}
