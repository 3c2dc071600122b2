/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter around isorun, such as a unit's SystemCallFilter=, kills the process that makes a denied call, or lets the
 * call fail with any errno. A child makes each call with arguments that the kernel refuses before it looks at rights.
 * So an errno other than that of the arguments comes from the filter. */
#include "sandbox/outside/around.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/strv.h"
#include "util/text.h"

enum { TRIES_MAX = 32 };

typedef enum Doubt {
        CERTAIN, /* an unexpected errno is the filter's */
        LIKELY,  /* rights or the kernel's version may be the reason, too: it is the filter's if a certain one has it */
        KILLED,  /* other code decides later what the errno means: only a kill counts */
} Doubt;

typedef struct Try {
        const char *name;
        long number, arguments[5];
        int expected; /* errno, or 0 for success */
        Doubt doubt;
        bool of_root; /* only root's start needs the call */
} Try;

/* The kernel reads no memory at address 1. */
static const Try tries[] = {
        { "clone3", SYS_clone3, { 1, 0 }, EINVAL, KILLED, false },
        { "unshare", SYS_unshare, { -1 }, EINVAL, KILLED, false },
        { "setns", SYS_setns, { -1, -1 }, EBADF, KILLED, false },
        { "mount", SYS_mount, { 1, 1, 1, 0, 1 }, EFAULT, CERTAIN, false },
        { "umount2", SYS_umount2, { 1, -1 }, EINVAL, CERTAIN, false },
        { "pivot_root", SYS_pivot_root, { 1, 1 }, EFAULT, LIKELY, false },
        { "open_tree", SYS_open_tree, { -1, 1, -1 }, EINVAL, CERTAIN, false },
        { "move_mount", SYS_move_mount, { -1, 1, -1, 1, -1 }, EINVAL, LIKELY, false },
        { "mount_setattr", SYS_mount_setattr, { -1, 1, -1, 1, 0 }, EINVAL, CERTAIN, false },
        { "fsopen", SYS_fsopen, { 1, -1 }, EINVAL, LIKELY, false },
        { "fsconfig", SYS_fsconfig, { -1, -1, 1, 1, 0 }, EINVAL, CERTAIN, false },
        { "fsmount", SYS_fsmount, { -1, -1, -1 }, EINVAL, LIKELY, false },
        { "seccomp", SYS_seccomp, { -1, 0, 0 }, EINVAL, CERTAIN, false },
        { "landlock_create_ruleset", SYS_landlock_create_ruleset, { 1, 1, -1 }, EINVAL, LIKELY, false },
        { "landlock_add_rule", SYS_landlock_add_rule, { -1, -1, 1, -1 }, EINVAL, LIKELY, false },
        { "landlock_restrict_self", SYS_landlock_restrict_self, { -1, -1 }, EINVAL, LIKELY, false },
        { "capset", SYS_capset, { 1, 1 }, EFAULT, CERTAIN, false },
        { "memfd_create", SYS_memfd_create, { 1, -1 }, 0, KILLED, false },
        { "mknodat", SYS_mknodat, { -1, 1, 0, 0 }, 0, KILLED, false },
        { "pidfd_send_signal", SYS_pidfd_send_signal, { -1, 0, 0, -1 }, 0, KILLED, false },
        { "setresgid", SYS_setresgid, { -1, -1, -1 }, 0, CERTAIN, true },
        { "setresuid", SYS_setresuid, { -1, -1, -1 }, 0, CERTAIN, true },
        { "setgroups", SYS_setgroups, { -1, 1 }, EINVAL, LIKELY, true },
};
_Static_assert(ELEMENTSOF(tries) <= TRIES_MAX, "each call has a result");

/* Shared with the child. */
typedef struct Results {
        size_t at; /* the call that the child is making */
        int errors[TRIES_MAX]; /* -1: the call has killed the child */
} Results;

_Noreturn static void make_calls(Results *results) {
        /* No program that collects core dumps must learn of this. */
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        for (; results->at < ELEMENTSOF(tries); results->at++) {
                const Try *t = &tries[results->at];
                const long *a = t->arguments;

                if (!t->of_root || geteuid() == 0)
                        results->errors[results->at] = syscall(t->number, a[0], a[1], a[2], a[3], a[4]) < 0 ? errno : 0;
        }
        _exit(0);
}

/* Makes a child for each call that kills one. */
static int try_all(Results *results) {
        int status = 0;

        while (results->at < ELEMENTSOF(tries)) {
                pid_t pid = fork();

                if (pid == 0)
                        make_calls(results);
                if (pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
                        return -errno;
                if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
                        break;
                results->errors[results->at++] = -1;
        }
        return 0;
}

static bool is_certain(const Results *results, size_t i) {
        int error = results->errors[i];

        return error < 0 || (tries[i].doubt == CERTAIN && error != tries[i].expected);
}

static bool is_stopped(const Results *results, size_t i) {
        int error = results->errors[i];

        if (is_certain(results, i))
                return true;
        for (size_t k = 0; k < ELEMENTSOF(tries) && tries[i].doubt == LIKELY && error != tries[i].expected; k++)
                if (is_certain(results, k) && results->errors[k] == error)
                        return true;
        return false;
}

static char *list_stopped(const Results *results) {
        _cleanup_strv_free_ char **names = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(tries); i++)
                if (is_stopped(results, i))
                        r = strv_push(&names, tries[i].name);
        return r < 0 ? NULL : names ? strv_join(names, " ") : strdup("");
}

int around_check_filter(Report *report) {
        _cleanup_free_ char *stopped = NULL;
        Results *results;
        int r;

        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0) /* where that fails, a filter denies it */
                return 0;
        results = mmap(NULL, sizeof(*results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (results == MAP_FAILED)
                return report_error(report, errno, "cannot map memory: %s", strerror(errno));
        r = try_all(results);
        if (r >= 0)
                stopped = list_stopped(results);
        munmap(results, sizeof(*results));
        if (r < 0 && r != -ENOMEM && r != -EAGAIN)
                return report_error(report, -r, "a system call filter around isorun denies that it makes processes "
                                                "(clone, wait4): %s", strerror(-r));
        if (r < 0)
                return report_error(report, -r, "cannot make a process: %s", strerror(-r));
        if (!stopped)
                return report_oom(report);
        if (!*stopped)
                return 0;
        return report_error(report, EPERM,
                            "a system call filter around isorun denies calls that it needs: in a unit with "
                            "SystemCallFilter=, add the line SystemCallFilter=%s (the policy still denies them to the "
                            "command); inside another sandbox, its policy needs Nesting=yes",
                            stopped);
}
