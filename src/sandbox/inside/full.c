/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/full.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/statfs.h>

#include "sandbox/wire/message.h"
#include "util/path.h"

/* The innermost mount that this one is in. The mounts are sorted, and the first one is the root. */
static size_t find_around(const Plan *plan, size_t i) {
        const char *destination = plan->mounts[i].destination;

        do
                i--;
        while (!path_is_below(destination, plan->mounts[i].destination) || !plan_mount_is_mounted(&plan->mounts[i]));
        return i;
}

static bool is_directly_in(const char *path, const char *directory) {
        return path_name(path) == path + strlen(directory) + !streq(directory, "/");
}

/* Whether the path certainly leads to this mount: the payload cannot move a mount, but a directory that has one in it.
 * And whether no file system is on the way that may not answer, such as one of the host. */
static bool is_fixed(const Plan *plan, size_t i) {
        while (i > 0) {
                const size_t around = find_around(plan, i);
                const PlanMount *m = &plan->mounts[around];

                if (m->kind != MOUNT_ROOT && m->kind != MOUNT_TMPFS)
                        return false;
                if (!plan_mount_is_read_only(m) && !is_directly_in(plan->mounts[i].destination, m->destination))
                        return false;
                i = around;
        }
        return true;
}

static bool is_full(const struct statfs *fs) {
        return (fs->f_blocks > 0 && fs->f_bfree == 0) || (fs->f_files > 0 && fs->f_ffree == 0);
}

void full_tell(const Plan *plan, int socket) {
        struct statfs fs;

        if (plan->bounding & UINT64_C(1) << CAP_SYS_ADMIN)
                return;
        for (size_t i = 1; i < plan->n_mounts; i++)
                if (plan_mount_is_memory(&plan->mounts[i]) && is_fixed(plan, i) &&
                    statfs(plan->mounts[i].destination, &fs) >= 0 && is_full(&fs))
                        (void) message_send(socket, &(Message) { .type = MESSAGE_FULL, .value = (int32_t) i }, NULL, 0);
}
