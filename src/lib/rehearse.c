/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/patience.h"

/* Whether the answers of a file system come from elsewhere. */
static bool may_hang(const char *type) {
        static const char *const types[] = { "fuse", "nfs", "cifs", "smb3", "9p", "ceph", "afs", "virtiofs", "autofs",
                                             "lustre", "gfs2", "ocfs2" };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (startswith(type, types[i]))
                        return true;
        return false;
}

/* line is one of proc_pid_mountinfo(5). Below /proc and /sys, where systemd has an autofs and LXC a FUSE, isorun looks
 * at nothing. */
static bool is_concern(const char *line) {
        const char *type = strstr(line, " - "), *place = line;

        for (unsigned i = 0; i < 4 && place; i++) {
                place = strchr(place, ' ');
                place += place != NULL;
        }
        if (!type || !place)
                return true;
        return may_hang(type + strlen(" - ")) && !startswith(place, "/proc/") && !startswith(place, "/sys/");
}

static bool has_concern(bool *ret_symlinks) {
        _cleanup_free_ char *table = NULL;
        char *position = NULL;

        if (file_read(AT_FDCWD, "/proc/self/mountinfo", &table, NULL) < 0)
                return true;
        *ret_symlinks = !strstr(table, "nosymfollow");
        for (char *line = strtok_r(table, "\n", &position); line; line = strtok_r(NULL, "\n", &position))
                if (is_concern(line))
                        return true;
        return false;
}

bool rehearse_is_needed(Rehearsal *rehearsal) {
        if (!rehearsal->known)
                rehearsal->needed = has_concern(&rehearsal->symlinks_everywhere);
        rehearsal->known = true;
        return rehearsal->needed;
}

_Noreturn static void run_child(Look look, void *userdata) {
        Report silent = {};

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        look(userdata, &silent);
        _exit(0);
}

int rehearse(Rehearsal *rehearsal, Look look, void *userdata, Report *report) {
        _cleanup_close_ int pidfd = -1;
        Patience patience = patience_begin(report);
        struct pollfd fd = {};
        pid_t pid;
        int r = 0;

        if (!rehearse_is_needed(rehearsal))
                return 0;
        /* Not clone3(2), whose flags no filter can see: that of isoctl --root denies it. */
        pid = (pid_t) syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);
        if (pid < 0)
                return report_error(report, errno, "cannot fork: %s", strerror(errno));
        if (pid == 0)
                run_child(look, userdata);

        fd = (struct pollfd) { .fd = pidfd, .events = POLLIN };
        while (r >= 0 && !fd.revents) {
                patience_check(&patience, (Origin) {}, NULL,
                               "waiting until the file systems of the policy's paths answer");
                r = patience_poll(&patience, &fd, 1, -1);
        }
        if (r < 0)
                return report_error(report, -r, "cannot wait for events: %s", strerror(-r));
        (void) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) pidfd, &(siginfo_t) {}, WEXITED));
        return 0;
}
