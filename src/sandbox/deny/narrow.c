/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First everything is looked up, made and checked that can fail; only then the process changes. The filter is last,
 * because it may deny the calls before it. */
#include "sandbox/deny/narrow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "sandbox/deny/filter.h"
#include "sandbox/deny/landlock.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/landlock.h"
#include "util/text.h"

/* What the kernel says about the threads of this process. */
typedef struct Threads {
        unsigned n;
        uint64_t capabilities; /* of all sets but the bounding set, of all threads */
        uint64_t bounding;
        uint64_t filters[2]; /* the least and the largest number of filters of a thread */
} Threads;

/* Reads the number after "\nKEY:\t". Returns 0 if the text has no such line. */
static uint64_t number_of(const char *status, const char *key, int base) {
        const char *line = strstr(status, key);

        return line ? strtoull(line + strlen(key), NULL, base) : 0;
}

static int add_thread(Threads *t, const char *id) {
        static const char *const sets[] = { "\nCapInh:\t", "\nCapPrm:\t", "\nCapEff:\t", "\nCapAmb:\t" };
        _cleanup_free_ char *path = format("/proc/self/task/%s/status", id), *status = NULL;
        uint64_t filters;
        int r;

        r = path ? file_read(AT_FDCWD, path, &status, NULL) : -ENOMEM;
        if (r < 0)
                return r == -ENOENT || r == -ESRCH ? 0 : r; /* the thread has ended */
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                t->capabilities |= number_of(status, sets[i], 16);
        t->bounding |= number_of(status, "\nCapBnd:\t", 16);
        filters = number_of(status, "\nSeccomp_filters:\t", 10);
        t->filters[0] = t->n == 0 || filters < t->filters[0] ? filters : t->filters[0];
        t->filters[1] = filters > t->filters[1] ? filters : t->filters[1];
        t->n++;
        return 0;
}

static int look_at_threads(Threads *ret, Report *report) {
        DIR *directory = opendir("/proc/self/task");
        int r = directory ? 0 : -errno;
        struct dirent *e;

        *ret = (Threads) {};
        while (r >= 0 && (errno = 0, e = readdir(directory)))
                if (e->d_name[0] != '.')
                        r = add_thread(ret, e->d_name);
        if (r >= 0)
                r = -errno;
        if (directory)
                closedir(directory);
        return r < 0 ? report_error(report, -r, "cannot look at the threads of this process: /proc/self/task: %s",
                                    strerror(-r)) : 0;
}

/* A kernel that knows the flag goes on to the fd, which is wrong. */
static bool landlock_reaches_threads(void) {
        return sys_landlock_restrict_self(-1, LANDLOCK_RESTRICT_SELF_TSYNC) < 0 && errno == EBADF;
}

static int refuse_threads(const StagePlan *stage, const Threads *t, const char *what, Report *report) {
        return report_error(report, EBUSY,
                            "the stage %s changes nothing, because this process has %u threads, and the kernel does "
                            "not %s: enter the stage before the first thread is made", stage->stage->name, t->n, what);
}

typedef struct Narrowing {
        Threads threads;
        Filter filter;
        int ruleset; /* -1: none */
        bool drops;
        uint64_t keep;
        bool changed;
} Narrowing;

static int check(const StagePlan *stage, Narrowing *n, Report *report) {
        const Threads *t = &n->threads;

        if (t->n > 1 && n->ruleset >= 0 && !landlock_reaches_threads())
                return refuse_threads(stage, t, "give a Landlock domain to all of them (Linux 7.0 does)", report);
        if (t->n > 1 && n->drops)
                return refuse_threads(stage, t, "take capabilities from all of them", report);
        if (t->filters[0] != t->filters[1])
                return report_error(report, EBUSY,
                                    "the stage %s changes nothing, because a thread of this process has loaded a "
                                    "system call filter for itself alone", stage->stage->name);
        return 0;
}

static int prepare(const StagePlan *stage, Narrowing *n, Report *report) {
        Failure f = {};
        int r;

        r = look_at_threads(&n->threads, report);
        if (r >= 0)
                r = filter_get(stage->plan, &n->filter, report);
        if (r < 0)
                return r;
        n->keep = stage->plan->bounding;
        n->drops = stage->drops_capabilities && (n->threads.capabilities | n->threads.bounding) & ~n->keep;
        r = landlock_prepare(stage->plan, &f, &n->ruleset);
        return r < 0 ? report_error(report, -r, "the stage %s changes nothing: %s", stage->stage->name, f.message.text)
                     : check(stage, n, report);
}

/* The bounding set needs CAP_SETPCAP. Without it, it stays: as no_new_privs is set, execve(2) permits nothing that is
 * not permitted before it. */
static int drop_capabilities(uint64_t keep) {
        CapabilitySets sets;
        int r;

        r = capability_get(&sets);
        if (r >= 0 && sets.effective & UINT64_C(1) << CAP_SETPCAP)
                r = capability_drop_bounding(keep);
        if (r >= 0) /* the kernel takes them out of the ambient set, too */
                r = capability_set(&(CapabilitySets) { sets.effective & keep, sets.permitted & keep,
                                                       sets.inheritable & keep });
        return r;
}

typedef enum Step {
        STEP_LANDLOCK,
        STEP_CAPABILITIES,
        STEP_FILTER,
} Step;

static const char *const step_names[] = {
        [STEP_LANDLOCK] = "enter a Landlock domain",
        [STEP_CAPABILITIES] = "drop capabilities",
        [STEP_FILTER] = "load the system call filter",
};

static int apply(Narrowing *n, Step *step) {
        const bool many = n->threads.n > 1;
        int r;

        *step = STEP_LANDLOCK;
        if (n->ruleset >= 0 && sys_landlock_restrict_self(n->ruleset, many ? LANDLOCK_RESTRICT_SELF_TSYNC : 0) < 0)
                return -errno;
        n->changed = n->ruleset >= 0;
        *step = STEP_CAPABILITIES;
        r = n->drops ? drop_capabilities(n->keep) : 0;
        if (r < 0)
                return r;
        n->changed = n->changed || n->drops;
        *step = STEP_FILTER;
        for (unsigned i = 0; r >= 0 && i < n->filter.n; i++) {
                r = filter_install(&n->filter, i, SECCOMP_FILTER_FLAG_TSYNC);
                n->changed = n->changed || r >= 0;
        }
        return r;
}

/* What the kernel means: landlock_restrict_self(2), seccomp(2). */
static const char *reason(Step step, int error) {
        if (error == E2BIG)
                return "this process is in 16 of them, with those of its sandboxes, and the kernel takes no more";
        return error == ENOMEM && step == STEP_FILTER
                       ? "out of memory, or the filters of this process are too long together" : strerror(error);
}

int narrow(const StagePlan *stage, Report *report) {
        Narrowing n = { .ruleset = -1 };
        Step step;
        int r = prepare(stage, &n, report);

        if (r >= 0) {
                r = apply(&n, &step);
                if (r < 0 && !n.changed)
                        report_error(report, -r, "the stage %s changes nothing: cannot %s: %s", stage->stage->name,
                                     step_names[step], reason(step, -r));
                else if (r < 0)
                        r = report_error(report, ENOTRECOVERABLE,
                                         "the stage %s is in force only in part, so this process must end: cannot "
                                         "%s: %s", stage->stage->name, step_names[step], reason(step, -r));
        }
        filter_deinit(&n.filter);
        fd_close(n.ruleset);
        return r;
}
