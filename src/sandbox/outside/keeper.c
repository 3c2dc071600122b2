/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#include "plan/unit/pool.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/systemd/scope.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/process.h"

typedef struct Keeper {
        const Plan *plan;
        Report report;
        int scope;     /* the cgroup of the unit */
        int instances;
        int events;    /* cgroup.events of "instances" */
        int holder;    /* the socket of the isorun that holds the pool; -1: it needs it no more, or is gone */
        int signals;
} Keeper;

static int await_scope(const Bus *bus, Scope *scope, Report *report) {
        int r;

        while ((r = scope_process(scope, report)) == 0) {
                r = bus_wait(bus);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : 0;
}

/* Asks systemd for the scope, with this process in it. Limits belong to the instances. Without TasksMax=, the scope
 * would have the manager's default, which is too small for a thousand of them. */
static int make_scope(Keeper *k) {
        Setting yes = { .value = { .number = true } }, infinity = { .value = { .number = UINT64_MAX } };
        const SettingList delegate = { &yes, 1 }, tasks = { &infinity, 1 };
        const SettingList *slice = &k->plan->source->settings[D_Slice];
        PlanProperty properties[] = {
                { .directive = &directive_table[D_Delegate], .settings = &delegate },
                { .directive = &directive_table[D_TasksMax], .settings = &tasks },
                { .directive = &directive_table[D_Slice], .settings = slice },
        };
        char *words[] = { (char *) "pool", policy_get(k->plan->source, D_Pool)->value.text, NULL };
        const Plan pool = { .unit = k->plan->pool, .description = (char *) "", .arguments = words,
                            .user_manager = k->plan->user_manager, .properties = properties,
                            .n_properties = slice->n > 0 ? 3 : 2 };
        Patience patience = patience_begin(&k->report);
        _cleanup_(scope_freep) Scope *scope = NULL;
        Bus bus = {};
        int r;

        r = bus_connect(&bus, pool.user_manager, &patience, &k->report);
        if (r >= 0)
                r = scope_request(&scope, &pool, &bus, &k->report);
        if (r >= 0)
                r = await_scope(&bus, scope, &k->report);
        scope = scope_free(scope);
        bus_deinit(&bus);
        return r;
}

/* systemd must have put the scope where starts will look for it. */
static int open_scope(Keeper *k) {
        _cleanup_free_ char *path = path_parent(k->plan->cgroup), *actual = NULL, *full = NULL;
        int r = path ? process_cgroup(0, &actual) : -ENOMEM;

        if (r < 0)
                return r;
        if (!streq(path, actual))
                return report_error(&k->report, EXDEV, "systemd has made %s in %s, not in %s", k->plan->pool, actual,
                                    path);
        full = path_join(k->plan->cgroup_root, path + 1);
        k->scope = full ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        return !full ? -ENOMEM : k->scope < 0 ? -errno : 0;
}

/* A cgroup with processes cannot give controllers to those below it, so the keeper leaves it first. */
static int make_places(Keeper *k) {
        int r;

        r = open_scope(k);
        if (r >= 0)
                r = cgroup_move_below(k->scope, POOL_KEEPER, "0");
        if (r < 0)
                return r;
        cgroup_enable_all(k->scope);
        k->instances = cgroup_make_below(k->scope, POOL_INSTANCES, O_RDONLY);
        if (k->instances < 0)
                return k->instances;
        cgroup_enable_all(k->instances);
        (void) file_write(k->instances, "cgroup.max.descendants", "max"); /* a pool that was stopped may have left it */
        k->events = openat(k->instances, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (k->events < 0)
                return -errno;
        return fsetxattr(k->instances, POOL_ATTRIBUTE, "1", 1, 0) < 0 ? -errno : 0;
}

static int begin(Keeper *k) {
        int r;

        r = make_scope(k);
        if (r >= 0)
                r = make_places(k);
        if (r < 0 && r != -EEXIST && k->report.n_errors == 0)
                report_error(&k->report, -r, "cannot make cgroups in %s: %s", k->plan->pool, strerror(-r));
        return r;
}

static void answer(const Keeper *k, int error) {
        KeeperAnswer a = { .error = error };

        snprintf(a.text, sizeof(a.text), "%s", k->report.first.text);
        (void) send(k->holder, &a, sizeof(a), MSG_NOSIGNAL);
}

/* The caller may wait until its pipes are closed, or until its directories can be unmounted. Returns the socket. */
static int leave_caller(int socket) {
        int null;

        (void) setsid();
        if (chdir("/") < 0)
                return -errno;
        (void) dup3(socket, STDERR_FILENO + 1, O_CLOEXEC);
        (void) close_range(STDERR_FILENO + 2, ~0U, 0);
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                (void) dup2(null, fd);
        return STDERR_FILENO + 1;
}

static int take_signals(void) {
        sigset_t all, stop;

        sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        sigemptyset(&stop);
        sigaddset(&stop, SIGTERM);
        return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_populated(const Keeper *k) {
        char text[64] = "";

        return pread(k->events, text, sizeof(text) - 1, 0) > 0 && startswith(text, "populated 1\n");
}

/* Waits until something has changed, or for some time. While the pool is held, it may be empty, so nothing changes with
 * its instances. Nobody can hold a pool that is stopped. */
static void await_change(Keeper *k, int timeout_msec) {
        struct pollfd fds[] = {
                { .fd = k->signals, .events = POLLIN },
                { .fd = k->holder >= 0 ? -1 : k->events, .events = POLLPRI },
                { .fd = k->holder, .events = POLLIN },
        };
        struct signalfd_siginfo info;
        bool stopped;

        (void) poll(fds, ELEMENTSOF(fds), timeout_msec);
        stopped = fds[0].revents && read(k->signals, &info, sizeof(info)) == sizeof(info);
        if (stopped)
                (void) file_write(k->instances, "cgroup.max.descendants", "0");
        if (stopped || fds[2].revents)
                k->holder = fd_close(k->holder);
}

/* An isorun that was killed leaves its cgroup behind. Without the attribute, the cgroup may be that of a start, which
 * then fails with ENODEV and is repeated. So it is removed only after some time. */
static void sweep(const Keeper *k, const char *path, unsigned empty_turns) {
        enum { TURNS_MAX = 50 };

        cgroup_sweep(path);
        if (empty_turns > TURNS_MAX)
                cgroup_empty(k->instances);
}

_Noreturn static void keep(Keeper *k, const char *path) {
        enum { EMPTY_MSEC = 100, BUSY_MSEC = 60000 };
        unsigned empty_turns = 0;

        for (;;) {
                bool busy = k->holder >= 0 || is_populated(k);

                empty_turns = busy ? 0 : empty_turns + 1;
                sweep(k, path, empty_turns);
                if (!busy && (unlinkat(k->scope, POOL_INSTANCES, AT_REMOVEDIR) >= 0 || errno == ENOENT))
                        _exit(0);
                await_change(k, busy ? BUSY_MSEC : EMPTY_MSEC);
        }
}

_Noreturn void keeper_main(const Plan *plan, int socket) {
        Keeper k = { .plan = plan, .scope = -1, .instances = -1, .events = -1, .holder = leave_caller(socket),
                     .signals = take_signals() };
        _cleanup_free_ char *path = path_join(plan->cgroup_root, plan->cgroup + 1);
        int r = !path ? -ENOMEM : k.signals < 0 ? -errno : begin(&k);

        answer(&k, -r);
        if (r < 0)
                _exit(1);
        (void) process_hide_arguments("isorun-pool");
        (void) prctl(PR_SET_NAME, "isorun-pool");
        keep(&k, path);
}
