/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/unmount.h"

#include <sys/prctl.h>
#include <sys/socket.h>

#include "sandbox/wire/packet.h"
#include "util/kernel.h"
#include "util/macro.h"

static bool is_chosen(const PlanMount *m) {
        bool whole_host = m->kind == MOUNT_ROOT && m->source.kind == SOURCE_PATH && streq(m->source.path, "/");

        return m->kind == MOUNT_GRANT ||
               (m->source.kind != SOURCE_NONE && m->asker >= ASKED_BY_SERVICE && !whole_host);
}

/* Whether a sandbox is around this one: all of isorun's set no_new_privs. */
static bool is_nested(void) {
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0;
}

bool unmount_may_be_late(const Plan *plan) {
        if (plan->holder != HOLDER_NONE || plan->may_mount || is_nested())
                return false;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (is_chosen(&plan->mounts[i]))
                        return false;
        return true;
}

void unmount_late(int mount_fd) {
        int self = sys_pidfd_open(1, 0), mounts = self < 0 ? -1 : sys_pidfd_get_mounts(self), pair[2];
        char c = 0;

        /* This process, the first of its pid namespace, is about to end, which closes the other fds. */
        if (mounts >= 0 && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) >= 0)
                (void) packet_send(pair[0], &(struct iovec) { .iov_base = &c, .iov_len = 1 }, 1,
                                   (int[]) { pair[1], mounts, mount_fd }, mount_fd >= 0 ? 3 : 2, MSG_DONTWAIT);
}
