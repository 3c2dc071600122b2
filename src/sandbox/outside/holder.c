/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "plan/unit/lacking.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/limits/limits.h"
#include "sandbox/outside/pool-below.h"
#include "sandbox/outside/pool.h"
#include "sandbox/systemd/service.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"

/* Whether a message about MemoryMax= has already said that the cgroup has no limits for memory. */
static bool is_reported(const Holder *h, const PlanProperty *p) {
        return directive_id(p->directive) == D_MemorySwapMax && policy_get(h->plan->source, D_MemoryMax) &&
               faccessat(h->cgroup_fd, "memory.max", F_OK, 0) < 0;
}

static int check_limit(const Holder *h, const PlanProperty *p, Lacking *lacking) {
        _cleanup_free_ char *actual = NULL;
        int r;

        r = limit_is_held(p, h->cgroup_fd, &actual);
        if (r > 0 || is_reported(h, p))
                return 0;
        return lacking_add(lacking, p, actual ?: strerror(-r));
}

/* Makes the instance's cgroup, and sets the limits. path is that of base. */
static int make_below(Holder *h, int base, const char *path) {
        _cleanup_free_ char *made = path_join(path, h->plan->unit);

        if (!made)
                return -ENOMEM;
        if (mkdirat(base, h->plan->unit, 0755) < 0) {
                h->taken = errno == EEXIST;
                return -errno;
        }
        h->made = TAKE_PTR(made);
        h->cgroup_fd = openat(base, h->plan->unit, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (h->cgroup_fd < 0)
                return -errno;

        /* holder_verify() reads the limits back, and reports those that are not in force. */
        for (size_t i = 0; i < h->plan->n_properties; i++)
                if (h->plan->properties[i].directive->cgroup_file)
                        (void) limit_write(&h->plan->properties[i], h->cgroup_fd);
        return 0;
}

/* Without systemd: makes a child of the cgroup that is delegated to isorun. */
static int make_in_delegated(Holder *h, const char *path) {
        _cleanup_close_ int base = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        struct stat st;

        if (base < 0 || fstat(base, &st) < 0)
                return -errno;
        cgroup_sweep_some(path, st.st_nlink);
        cgroup_enable(h->plan, base);
        return make_below(h, base, path);
}

/* Returns as make_below(); -ENOENT and -EAGAIN if the pool has just ended or is being stopped. */
static int try_in_pool(Holder *h, const char *path) {
        _cleanup_close_ int hold = -1, base = pool_open(h->plan, &hold, h->patience, h->report);
        int r = base < 0 ? base : make_below(h, base, path);

        if (r == -EEXIST && h->taken) {
                /* It may be left of an isorun that was killed. */
                cgroup_sweep(path);
                h->taken = false;
                r = make_below(h, base, path);
        }
        if (hold >= 0 && h->plan->pool_hold) {
                fd_close(*h->plan->pool_hold);
                *h->plan->pool_hold = TAKE_FD(hold);
        }
        return r;
}

static int make_in_pool(Holder *h, const char *path) {
        enum { TURN_MSEC = 10 };
        struct pollfd none = { .fd = -1 };
        int r;

        while ((r = try_in_pool(h, path)) == -ENOENT || r == -ENODEV || r == -EAGAIN) {
                holder_deinit(h);
                patience_check(h->patience, (Origin) {}, NULL, "waiting until systemd has stopped %s", h->plan->pool);
                r = patience_poll(h->patience, &none, 1, r == -EAGAIN ? TURN_MSEC : 0);
                if (r < 0)
                        return r;
        }
        return r;
}

int holder_prepare(Holder *h, const Plan *plan, Patience *patience, Report *report) {
        _cleanup_free_ char *path = NULL;
        int r;

        *h = (Holder) { .plan = plan, .report = report, .patience = patience, .cgroup_fd = -1, .memory_events = -1,
                        .task_events = -1, .own_events = { -1, -1 }, .places = { -1, -1 } };
        if (!holder_is_own(plan->holder))
                return 0;
        path = path_join(plan->cgroup_root, plan->cgroup + 1);
        r = !path ? -ENOMEM : plan->pool ? make_in_pool(h, path) : make_in_delegated(h, path);
        return r < 0 && report->n_errors == 0 && !h->taken && r != -EINTR
                       ? report_error(report, -r, "cannot make a cgroup in %s: %s", plan->cgroup, strerror(-r))
                       : r;
}

pid_t holder_clone(Holder *h, struct clone_args *args) {
        pid_t pid = -1;

        if (h->made) {
                args->flags |= CLONE_INTO_CGROUP;
                args->cgroup = (uint64_t) h->cgroup_fd;
                pid = sys_clone3(args);
                h->born = pid >= 0;
                if (pid < 0 && (errno == ENOENT || errno == ENODEV)) { /* the cgroup is gone */
                        errno = ENODEV;
                        return -1;
                }
        }
        if (pid < 0) {
                /* Linux before 5.7 does not know the flag. Whatever the reason, holder_begin() can still move the
                 * process. */
                args->flags &= ~CLONE_INTO_CGROUP;
                pid = sys_clone3(args);
        }
        if (pid == 0) /* nothing inside may reach the host's cgroups */
                h->cgroup_fd = fd_close(h->cgroup_fd);
        return pid;
}

/* A move waits for a grace period of the kernel, 6 ms if no other process was moved shortly before. */
static int move(const Holder *h) {
        char pid[16];
        int r;

        snprintf(pid, sizeof(pid), "%d", h->pid);
        r = file_write(h->cgroup_fd, "cgroup.procs", pid);
        return r < 0 ? report_error(h->report, -r, "cannot move a process to a cgroup in %s: %s", h->plan->cgroup,
                                    strerror(-r))
                     : 0;
}

int holder_begin(Holder *h, pid_t pid, const Bus *bus) {
        h->pid = pid;
        switch (h->plan->holder) {
        case HOLDER_SCOPE:
                return scope_request(&h->scope, h->plan, bus, h->report);
        case HOLDER_POOL:
                if (!h->born && h->plan->pool_by_bus)
                        return pool_attach(h->plan, bus, h->report);
                return h->born ? 0 : move(h);
        case HOLDER_CGROUP:
                return h->born ? 0 : move(h);
        case HOLDER_SERVICE:
        case HOLDER_NONE:
                return 0;
        }
        return -EINVAL;
}

int holder_fd(const Holder *h) {
        return h->scope ? scope_fd(h->scope) : -1;
}

short holder_events(const Holder *h) {
        return h->scope ? scope_events(h->scope) : 0;
}

int holder_process(Holder *h) {
        return h->scope ? scope_process(h->scope, h->report) : 1;
}

/* Whether the path is that of the unit or, where isorun has made the cgroup, of exactly that. */
static bool is_place(const Holder *h, const char *path) {
        _cleanup_free_ char *own = holder_is_own(h->plan->holder) ? path_join(h->plan->cgroup, h->plan->unit) : NULL;

        return holder_is_own(h->plan->holder) ? own && streq(path, own) : streq(path_name(path), h->plan->unit);
}

static int open_cgroup(Holder *h) {
        _cleanup_free_ char *path = NULL, *dir = NULL;
        int r;

        r = process_cgroup(h->pid, &path);
        if (r < 0)
                return report_error(h->report, -r, "cannot read the cgroup of process %d: %s", h->pid, strerror(-r));
        if (!is_place(h, path))
                return report_error(h->report, EXDEV, "process %d is not in %s, but in %s", h->pid, h->plan->unit,
                                    path);
        if (h->cgroup_fd >= 0)
                return 0;
        if (!h->plan->cgroup_root)
                return report_error(h->report, ENOENT, "no cgroup2 file system is mounted on /sys/fs/cgroup");

        dir = path_join(h->plan->cgroup_root, path + 1);
        if (!dir)
                return report_oom(h->report);
        h->cgroup_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (h->cgroup_fd >= 0)
                return 0;
        return report_error(h->report, errno, "cannot open the cgroup of %s, %s: %s%s", h->plan->unit, dir,
                            strerror(errno), !startswith(path, "/../") ? "" :
                            " (systemd is outside of this sandbox's cgroup namespace; --no-scope makes no unit)");
}

static int check_limits(const Holder *h, Patience *patience) {
        _cleanup_lacking_ Lacking lacking = { .report = h->report, .plan = h->plan };
        int result = 0;

        if (h->plan->holder == HOLDER_SERVICE)
                return service_ensure(h->plan, h->cgroup_fd, patience);

        lacking.refusal = h->scope ? "systemd accepted it, but the kernel does not enforce it: "
                                   : "the kernel does not enforce it: ";
        for (size_t i = 0; i < h->plan->n_properties; i++) {
                int r = check_limit(h, &h->plan->properties[i], &lacking);

                if (r < 0)
                        result = r;
        }
        return result;
}

void holder_describe(const Holder *h, const char *name, const char *value) {
        size_t size = strlen(value);

        /* An error does not stop the start. In a service with User= and without Delegate=, the cgroup belongs to root;
         * isoctl then finds the instance by its unit. */
        (void) fsetxattr(h->cgroup_fd, name, value, size < CGROUP_ATTRIBUTE_MAX ? size : CGROUP_ATTRIBUTE_MAX, 0);
}

/* Everything in one attribute that nobody but root can have written. */
static void describe_to_root(const Holder *h, const char *command, uint64_t started) {
        char text[CGROUP_DESCRIPTION_MAX];
        int n = snprintf(text, sizeof(text), "%d%c%d%c%u%c%" PRIu64 "%c%s%c%s%c%s", h->pid, 0, getpid(), 0, getuid(), 0,
                         started, 0, h->plan->name, 0, h->plan->policy, 0, command);

        if (n > 0 && (size_t) n < sizeof(text))
                (void) fsetxattr(h->cgroup_fd, CGROUP_DESCRIPTION, text, (size_t) n + 1, 0);
}

static void describe(const Holder *h) {
        _cleanup_free_ char *command = strv_join(h->plan->arguments, " ");
        const uint64_t started = clock_usec(CLOCK_REALTIME);
        char number[32];

        describe_to_root(h, command ?: "", started);
        holder_describe(h, CGROUP_ATTRIBUTE("name"), h->plan->name);
        holder_describe(h, CGROUP_ATTRIBUTE("policy"), h->plan->policy);
        holder_describe(h, CGROUP_ATTRIBUTE("command"), command ?: "");
        if (h->plan->image_id) {
                holder_describe(h, CGROUP_ATTRIBUTE("image"), h->plan->image_id);
                holder_describe(h, CGROUP_ATTRIBUTE("policy-digest"), h->plan->policy_digest);
        }
        snprintf(number, sizeof(number), "%" PRIu64, started);
        holder_describe(h, CGROUP_ATTRIBUTE("started"), number);
        snprintf(number, sizeof(number), "%d", h->pid);
        holder_describe(h, CGROUP_ATTRIBUTE("pid"), number);
}

static void open_own_events(Holder *h) {
        static const char *const files[] = { "memory.events.local", "inside/memory.events.local" };

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                h->own_events[i] = openat(h->cgroup_fd, files[i], O_RDONLY | O_CLOEXEC);
}

/* Reads the number after "NAME " in a file of events or statistics. Returns 0 if it is missing. */
static uint64_t read_event(int fd, const char *name) {
        char text[512], key[32];
        const char *found;
        uint64_t n = 0;
        ssize_t size;

        size = fd < 0 ? -1 : pread(fd, text + 1, sizeof(text) - 2, 0);
        if (size <= 0)
                return 0;
        text[0] = '\n';
        text[size + 1] = '\0';
        snprintf(key, sizeof(key), "\n%s ", name);
        found = strstr(text, key);
        return found && sscanf(found + strlen(key), "%" SCNu64, &n) == 1 ? n : 0;
}

static bool limits_tasks(const Plan *plan) {
        for (size_t i = 0; i < plan->n_properties; i++)
                if (directive_id(plan->properties[i].directive) == D_TasksMax)
                        return true;
        return false;
}

int holder_verify(Holder *h, Patience *patience) {
        int r;

        if (h->plan->holder == HOLDER_NONE)
                return 0;

        r = open_cgroup(h);
        if (r < 0)
                return r;
        r = check_limits(h, patience);
        if (r >= 0 && h->plan->inner_cgroup)
                r = cgroup_move_inside(h->plan, h->cgroup_fd, h->pid, h->places, h->report);
        if (r < 0)
                return r;

        h->memory_events = openat(h->cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC);
        if (h->plan->delegate)
                open_own_events(h);
        (void) holder_oom_killed(h);
        if (limits_tasks(h->plan))
                h->task_events = openat(h->cgroup_fd, "pids.events", O_RDONLY | O_CLOEXEC);
        /* poll(2) waits for changes since the last read. */
        h->tasks_refused = holder_tasks_refused(h);
        describe(h);
        return 0;
}

bool holder_oom_killed(Holder *h) {
        uint64_t kills = read_event(h->memory_events, "oom_kill"), ooms = 0;

        if (kills == h->oom_kills)
                return false;
        h->oom_kills = kills;
        if (!h->plan->delegate)
                return true;

        /* With Delegate=, memory.events also counts kills by limits of instances inside, which report these themselves.
         * So this reports only if a limit of this instance was reached. */
        for (size_t i = 0; i < ELEMENTSOF(h->own_events); i++)
                ooms += read_event(h->own_events[i], "oom");
        if (ooms == h->ooms)
                return false;
        h->ooms = ooms;
        return true;
}

uint64_t holder_tasks_refused(const Holder *h) {
        return read_event(h->task_events, "max") - h->tasks_refused;
}

void holder_measure(const Holder *h, Usage *usage) {
        _cleanup_close_ int cpu = h->cgroup_fd < 0 ? -1 : openat(h->cgroup_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *peak = NULL, *tasks = NULL;

        usage->cpu_usec = read_event(cpu, "usage_usec") ?: usage->cpu_usec;
        if (h->cgroup_fd >= 0 && file_read_line(h->cgroup_fd, "memory.peak", &peak) >= 0)
                (void) parse_u64(peak, &usage->memory_peak);
        if (h->cgroup_fd >= 0 && file_read_line(h->cgroup_fd, "pids.peak", &tasks) >= 0)
                (void) parse_u64(tasks, &usage->tasks_peak);
}

void holder_cancel(Holder *h) {
        if (h->scope)
                scope_cancel(h->scope);
}

bool holder_name_taken(const Holder *h) {
        return h->taken || (h->scope && scope_name_taken(h->scope));
}

void holder_end_payload(const Holder *h) {
        if (h->plan && h->plan->inner_cgroup && h->cgroup_fd >= 0)
                cgroup_end_payload(h->cgroup_fd);
}

void holder_remove_rest(const Holder *h, Patience *patience) {
        if (h->plan && h->plan->holder == HOLDER_SCOPE && h->plan->delegate && h->cgroup_fd >= 0 &&
            scope_has_ended(h->plan, patience))
                cgroup_remove_rest(h->cgroup_fd);
}

void holder_deinit(Holder *h) {
        h->scope = scope_free(h->scope);
        h->cgroup_fd = fd_close(h->cgroup_fd);
        h->memory_events = fd_close(h->memory_events);
        h->task_events = fd_close(h->task_events);
        fds_close(h->own_events, ELEMENTSOF(h->own_events));
        fds_close(h->places, ELEMENTSOF(h->places));
        if (h->made) {
                cgroup_remove(h->made);
                pool_below_leave(h->plan);
        }
        free(h->made);
        h->made = NULL;
}
