/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/users.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "plan/host.h"
#include "plan/who/private-ids.h"
#include "sandbox/who/id-maps.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

static int has_layers(const Store *store) {
        _cleanup_close_ int fd = openat(store->fd, "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd < 0 ? -errno : directory_list_all(fd, &names);

        return r < 0 ? r : names && *names;
}

static int record(const Store *store, const StoreUsers *users) {
        _cleanup_free_ char *text = users->kind == STORE_SUBORDINATE
                ? format("%u %u %u %u", users->uids.first, users->uids.count, users->gids.first, users->gids.count)
                : strdup("own");

        return text ? store_replace(store, STORE_USERS, STORE_USERS STORE_NEW, text) : -ENOMEM;
}

/* Finds the user's ids, and the programs that write maps of them. Returns NULL, or why files cannot keep their ids. */
static const char *find(const Host *host, BuildRanges *ranges, Plan *plan) {
        const char *why = build_ranges(host, plan, ranges);

        if (!why && (build_map_from_own(host->uid, &ranges->uids, &plan->uid_map) < 0 ||
                     build_map_from_own(host->gid, &ranges->gids, &plan->gid_map) < 0))
                return strerror(ENOMEM);
        return why;
}

/* Only a process outside of the namespace can have its map written. */
_Noreturn static void write_maps(const Plan *plan, pid_t parent, int made, Report *report) {
        _cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        Patience patience = patience_begin(report);
        char byte;

        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (read(made, &byte, 1) != 1) /* there is no namespace */
                _exit(1);
        if (proc < 0)
                (void) report_error(report, errno, "cannot open /proc: %s", strerror(errno));
        _exit(proc < 0 || id_maps_write(plan, proc, parent, &patience) < 0);
}

/* Removing and unpacking needs no more than these. */
static int keep_capabilities(void) {
        const uint64_t keep = 1ULL << CAP_CHOWN | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | 1ULL << CAP_DAC_OVERRIDE |
                              1ULL << CAP_SYS_CHROOT;
        int r = capability_set_ambient(0);

        return r < 0 ? r : capability_set(&(CapabilitySets) { .effective = keep, .permitted = keep });
}

static int enter(const Plan *plan, Report *report) {
        const pid_t self = getpid();
        int made[2], status = -1, r;
        pid_t child;

        if (pipe2(made, O_CLOEXEC) < 0)
                return report_error(report, errno, "cannot make a pipe: %s", strerror(errno));
        child = fork();
        if (child == 0) {
                fd_close(made[1]);
                write_maps(plan, self, made[0], report);
        }
        r = child < 0 || unshare(CLONE_NEWUSER) < 0 ? -errno : fd_write_all(made[1], "", 1);
        fds_close(made, 2);
        if (child > 0 && TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) < 0)
                status = -1;
        if (r >= 0 && status != 0)
                return -EPERM; /* the child has reported why */
        if (r >= 0)
                r = keep_capabilities();
        return r < 0 ? report_error(report, -r, "cannot make a user namespace: %s", strerror(-r)) : 0;
}

/* A store without layers can still be of either kind. */
static int decide(Store *store, bool add, const StoreUsers *now, const char *why, Report *report) {
        int r = add ? has_layers(store) : 1;

        if (r == 0) {
                store->users = (StoreUsers) { .kind = STORE_OWN };
                if (!why)
                        store->users = *now;
                r = record(store, &store->users);
        } else if (r > 0)
                r = store_read_users(store, &store->users);
        return r < 0 ? report_error(report, -r, "cannot use the file " STORE_USERS " in %s: %s", store->path,
                                    strerror(-r)) : 0;
}

static int enter_as(Store *store, bool add, const Host *host, Plan *plan, Report *report) {
        BuildRanges ranges = {};
        const char *why = find(host, &ranges, plan);
        const StoreUsers now = { .kind = STORE_SUBORDINATE, .uids = ranges.uids, .gids = ranges.gids };
        int r = decide(store, add, &now, why, report);

        if (r < 0)
                return r;
        if (store->users.kind == STORE_OWN)
                snprintf(store->users.why, sizeof(store->users.why), "%s",
                         why ?: "the store has images from before you had subordinate ids: remove them first");
        if (store->users.kind != STORE_SUBORDINATE)
                return 0;
        if (why)
                return report_error(report, EPERM, "the files in %s belong to subordinate ids, and isoctl cannot use "
                                    "these: %s", store->path, why);
        r = store_check_ids(store, &store->users, now.uids, now.gids, (Origin) {}, NULL, report);
        return r < 0 ? r : enter(plan, report);
}

int store_users_enter(Store *store, bool add, Report *report) {
        _cleanup_(host_deinit) Host host = {};
        Plan plan = {};
        int r;

        if (geteuid() == 0 || store->fd < 0)
                return 0;
        r = host_probe(&host, report);
        if (r >= 0)
                r = enter_as(store, add, &host, &plan, report);
        id_map_deinit(&plan.uid_map);
        id_map_deinit(&plan.gid_map);
        free(plan.uid_helper);
        free(plan.gid_helper);
        return r;
}
