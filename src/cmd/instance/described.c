/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/described.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "lib/load.h"
#include "sandbox/limits/cgroup.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/process.h"

/* Finds the texts. Returns whether each is there. */
static bool split(const char *text, size_t size, const char *fields[static N_DESCRIBED]) {
        size_t n = 0;

        if (size == 0 || text[size - 1])
                return false;
        for (const char *field = text; field < text + size && n < N_DESCRIBED; field += strlen(field) + 1)
                fields[n++] = field;
        return n == N_DESCRIBED;
}

static bool is_confirmed(uint64_t pid, uint64_t isorun, ino_t cgroup) {
        _cleanup_close_ int pidfd = sys_pidfd_open((pid_t) pid, 0);
        uint64_t id;
        pid_t parent;

        return pidfd >= 0 && process_pidfd_place(pidfd, &id, &parent) >= 0 && id == cgroup && parent == (pid_t) isorun;
}

int described_read(int cgroup, ino_t inode, Description *ret) {
        _cleanup_free_ char *name = NULL, *policy = NULL, *command = NULL;
        uint64_t pid, isorun, runner, started;
        const char *fields[N_DESCRIBED];
        char text[CGROUP_DESCRIPTION_MAX];
        ssize_t size = fgetxattr(cgroup, CGROUP_DESCRIPTION, text, sizeof(text));

        if (size < 0 || !split(text, (size_t) size, fields) || !name_is_valid(fields[DESCRIBED_NAME]) ||
            parse_u64_range(fields[DESCRIBED_PID], 1, INT32_MAX, &pid) < 0 ||
            parse_u64_range(fields[DESCRIBED_ISORUN], 1, INT32_MAX, &isorun) < 0 ||
            parse_u64_range(fields[DESCRIBED_RUNNER], 0, UINT32_MAX - 1, &runner) < 0 ||
            parse_u64(fields[DESCRIBED_STARTED], &started) < 0 || !is_confirmed(pid, isorun, inode))
                return 0;
        name = strdup(fields[DESCRIBED_NAME]);
        policy = strdup(fields[DESCRIBED_POLICY]);
        command = strdup(fields[DESCRIBED_COMMAND]);
        if (!name || !policy || !command)
                return -ENOMEM;
        *ret = (Description) { .name = TAKE_PTR(name), .policy = TAKE_PTR(policy), .command = TAKE_PTR(command),
                               .started_usec = started, .pid = (pid_t) pid, .isorun = (pid_t) isorun,
                               .runner = (uid_t) runner };
        return 1;
}
