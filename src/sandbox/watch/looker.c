/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/looker.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/kernel.h"

enum { PATIENCE_MSEC = 2000 }; /* for one path */

static bool find_id(uint32_t id, const IdMap *inner, const IdMap *outer, uint32_t *ret) {
        uint64_t between, outside;

        if (!id_map_find(inner, id, &between) || !id_map_find(outer, between, &outside))
                return false;
        *ret = (uint32_t) outside;
        return true;
}

/* Takes the payload's ids as the host has them. Only root can do that. */
static bool take_ids(const Plan *plan) {
        gid_t groups[NGROUPS_MAX];
        uint32_t uid, gid;

        if (geteuid() != 0 || !plan->set_ids)
                return true;
        for (size_t i = 0; i < plan->n_groups; i++)
                if (i == NGROUPS_MAX || !find_id(plan->groups[i], &plan->inner_gid_map, &plan->gid_map, &groups[i]))
                        return false;
        return find_id(plan->uid, &plan->inner_uid_map, &plan->uid_map, &uid) &&
               find_id(plan->gid, &plan->inner_gid_map, &plan->gid_map, &gid) &&
               sys_setgroups(plan->n_groups, groups) >= 0 && sys_setresgid(gid) >= 0 && sys_setresuid(uid) >= 0;
}

_Noreturn static void run(const Plan *plan, void (*f)(void *userdata), void *userdata) {
        if (!take_ids(plan))
                _exit(1);
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        f(userdata);
        _exit(0);
}

/* Waits until the process has ended, or has been at one path for too long. Returns whether it has ended. */
static bool await(const size_t *progress, int pidfd) {
        struct pollfd fd = { .fd = pidfd, .events = POLLIN };
        size_t before;
        int r;

        do {
                before = __atomic_load_n(progress, __ATOMIC_ACQUIRE);
                r = (int) TEMP_FAILURE_RETRY(poll(&fd, 1, PATIENCE_MSEC));
        } while (r == 0 && before != __atomic_load_n(progress, __ATOMIC_ACQUIRE));
        return r > 0;
}

bool look_in_child(const Plan *plan, const size_t *progress, void (*f)(void *userdata), void *userdata) {
        int pidfd = -1;
        struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t) (uintptr_t) &pidfd,
                                   .exit_signal = SIGCHLD };
        const pid_t pid = sys_clone3(&args);
        bool ended;

        if (pid == 0)
                run(plan, f, userdata);
        ended = pid > 0 && await(progress, pidfd);
        if (!ended && pid > 0)
                (void) sys_pidfd_send_signal(pidfd, SIGKILL);
        fd_close(pidfd);
        return ended;
}
