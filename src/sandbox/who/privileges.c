/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/who/privileges.h"

#include <errno.h>
#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static void cap_freep(cap_t *caps) {
        if (*caps)
                cap_free(*caps);
}

static int raise(cap_t caps, cap_flag_t flag, uint64_t mask) {
        for (cap_value_t c = 0; c < cap_max_bits(); c++)
                if (mask & UINT64_C(1) << c && cap_set_flag(caps, flag, 1, &c, CAP_SET) < 0)
                        return -errno;
        return 0;
}

static int set_capabilities(uint64_t permitted, uint64_t inheritable) {
        _cleanup_(cap_freep) cap_t caps = cap_init();
        int r;

        if (!caps)
                return -ENOMEM;
        r = raise(caps, CAP_PERMITTED, permitted);
        if (r >= 0)
                r = raise(caps, CAP_EFFECTIVE, permitted);
        if (r >= 0)
                r = raise(caps, CAP_INHERITABLE, inheritable);
        if (r >= 0 && cap_set_proc(caps) < 0)
                r = -errno;
        return r;
}

static int drop_bounding(uint64_t keep) {
        for (cap_value_t c = 0; c < cap_max_bits(); c++)
                if (!(keep & UINT64_C(1) << c) && cap_drop_bound(c) < 0)
                        return -errno;
        return 0;
}

static int set_ids(const Plan *plan) {
        /* Each change of ids resets the dumpable flag to fs.suid_dumpable, which may allow everything (prctl(2),
         * PR_SET_DUMPABLE). But a process that enters an instance must not be traced by the processes that are already
         * inside. */
        bool hide = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;

        /* Groups first, because they need CAP_SETGID. The user last, because the change takes the capabilities away. */
        if (setgroups(plan->n_groups, plan->groups) < 0 || setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
            (hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) || setresuid(plan->uid, plan->uid, plan->uid) < 0 ||
            (hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
                return -errno;
        return 0;
}

static int raise_ambient(uint64_t mask) {
        for (cap_value_t c = 0; c < cap_max_bits(); c++)
                if (mask & UINT64_C(1) << c && cap_set_ambient(c, CAP_SET) < 0)
                        return -errno;
        return 0;
}

int privileges_drop(const Plan *plan, Failure *f) {
        /* execve(2) gives the bounding set to uid 0, and the ambient set to any other user. Until then the process
         * holds exactly the same capabilities. */
        uint64_t permitted = plan->uid == 0 ? plan->bounding : plan->ambient;
        int r;

        /* The bounding set is first, because it needs CAP_SETPCAP. From here on, no execve(2) brings back a dropped
         * capability. */
        r = drop_bounding(plan->bounding);
        if (r < 0)
                return fail(f, -r, "cannot drop capabilities from the bounding set");

        /* Then the ids, which need CAP_SETUID and CAP_SETGID. With PR_SET_KEEPCAPS, the capabilities for the ambient
         * set survive the change. */
        if (plan->set_ids) {
                if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                        return fail(f, errno, "cannot keep the capabilities while the user changes");
                r = set_ids(plan);
                if (r < 0)
                        return fail(f, -r, "cannot change to user %u, group %u", plan->uid, plan->gid);
        }

        /* The capabilities themselves are last: nothing after this needs one. */
        if (cap_reset_ambient() < 0)
                return fail(f, errno, "cannot clear the ambient capabilities");
        r = set_capabilities(permitted, plan->ambient);
        if (r >= 0)
                r = raise_ambient(plan->ambient);
        return r < 0 ? fail(f, -r, "cannot set the capabilities") : 0;
}

int privileges_drop_all(Failure *f) {
        int r;

        if (cap_reset_ambient() < 0)
                return fail(f, errno, "cannot clear the ambient capabilities");
        r = drop_bounding(0);
        if (r >= 0)
                r = set_capabilities(0, 0);
        return r < 0 ? fail(f, -r, "cannot drop all capabilities") : 0;
}
