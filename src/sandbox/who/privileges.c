/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/who/privileges.h"

#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/capability.h"
#include "util/kernel.h"

static int set_ids(const Plan *plan) {
        /* Each change of ids resets the dumpable flag to fs.suid_dumpable, which may allow everything (prctl(2),
         * PR_SET_DUMPABLE). But a process that enters an instance must not be traced by the processes that are already
         * inside. */
        bool hide = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;

        /* Groups first, because they need CAP_SETGID. The user last, because the change takes the capabilities away. */
        if (sys_setgroups(plan->n_groups, plan->groups) < 0 || sys_setresgid(plan->gid) < 0 ||
            (hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) || sys_setresuid(plan->uid) < 0 ||
            (hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
                return -errno;
        return 0;
}

/* Leaves the process exactly these capabilities. The ambient set is empty in between: it can contain only what the
 * others do. */
static int set_capabilities(uint64_t permitted, uint64_t ambient) {
        int r;

        r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) { permitted, permitted, ambient });
        if (r >= 0 && ambient)
                r = capability_set_ambient(ambient);
        return r;
}

int privileges_drop(const Plan *plan, Failure *f) {
        /* execve(2) gives the bounding set to uid 0, and the ambient set to any other user. Until then the process
         * holds exactly the same capabilities. */
        uint64_t permitted = plan->uid == 0 ? plan->bounding : plan->ambient;
        int r;

        /* The bounding set is first, because it needs CAP_SETPCAP. From here on, no execve(2) brings back a dropped
         * capability. */
        r = capability_drop_bounding(plan->bounding);
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
        r = set_capabilities(permitted, plan->ambient);
        return r < 0 ? fail(f, -r, "cannot set the capabilities") : 0;
}

int privileges_drop_all(Failure *f) {
        int r;

        r = capability_drop_bounding(0);
        if (r >= 0)
                r = set_capabilities(0, 0);
        return r < 0 ? fail(f, -r, "cannot drop all capabilities") : 0;
}
