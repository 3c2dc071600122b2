/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the bytes of a process's filters: ptrace(2), PTRACE_SECCOMP_GET_FILTER. Only root can, and only while it has
 * stopped the process, for a moment. Some calls of the process, such as epoll_wait(2), then end with EINTR:
 * signal(7). */
#include "cmd/verify/verification.h"

#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "util/array.h"
#include "util/clock.h"
#include "util/text.h"

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

enum { STOP_SECONDS = 2 };

/* Waits until the thread has stopped. One that sleeps in the kernel, as on a dead file system, does not. */
static int await_stop(pid_t tid) {
        const uint64_t end = clock_usec(CLOCK_MONOTONIC) + (uint64_t) STOP_SECONDS * 1000000;
        int status;

        for (;;) {
                pid_t r = waitpid(tid, &status, __WALL | WNOHANG);

                if (r == tid)
                        return WIFSTOPPED(status) ? 0 : -ESRCH;
                if (r < 0)
                        return -errno;
                if (clock_usec(CLOCK_MONOTONIC) > end)
                        return -ETIMEDOUT;
                nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
        }
}

static bool is_program(const struct sock_filter *program, size_t n, const char *text) {
        _cleanup_free_ char *hex = malloc(n * 16 + 1);

        for (size_t i = 0; hex && i < n; i++)
                sprintf(hex + i * 16, "%04x%02x%02x%08x", program[i].code, program[i].jt, program[i].jf, program[i].k);
        return hex && streq(hex, text);
}

/* Whether one of the filters of a stopped thread is the program. The sandboxes around the instance, and those that the
 * payload makes, add others. Returns 1, 0 or -errno. */
static int find_filter(pid_t tid, const char *text) {
        for (unsigned long index = 0;; index++) {
                long n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, index, NULL);
                _cleanup_free_ struct sock_filter *program = NULL;

                if (n < 0)
                        return errno == ENOENT && index > 0 ? 0 : -errno;
                program = calloc((size_t) n, sizeof(*program));
                if (!program)
                        return -ENOMEM;
                n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, index, program);
                if (n >= 0 && is_program(program, (size_t) n, text))
                        return 1;
        }
}

/* Whether the thread has the filter of processes that enter, or those of the payload if they are others. */
static int find_filters(pid_t tid, const Promise *p) {
        int r = find_filter(tid, promise_value(p, 1));

        for (size_t i = 2; r == 0 && *promise_value(p, i); i++) {
                r = find_filter(tid, promise_value(p, i));
                if (r <= 0 || !*promise_value(p, i + 1))
                        return r;
                r = 0;
        }
        return r;
}

/* An attached thread keeps its number until it is detached. */
static int compare(const Task *t, const Promise *p) {
        int r;

        if (ptrace(PTRACE_SEIZE, t->tid, NULL, NULL) < 0)
                return -errno;
        r = !task_lives(t) ? -ESRCH : ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) < 0 ? -errno : await_stop(t->tid);
        if (r >= 0)
                r = find_filters(t->tid, p);
        (void) ptrace(PTRACE_DETACH, t->tid, NULL, NULL);
        return r;
}

static Verdict check_bytes(_unused_ const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        int r = t->reaper || t->being_made ? 1 : compare(t, p);

        if (r > 0 || (r < 0 && !task_lives(t)))
                return VERDICT_HOLDS;
        if (r == 0)
                snprintf(why, WHY_MAX, "none of its filters has the instructions of the plan's");
        else
                snprintf(why, WHY_MAX, "its filter cannot be read: %s", strerror(-r));
        return r == 0 ? VERDICT_BROKEN : VERDICT_UNREAD;
}

void verify_filter_bytes(Verification *v, const Promise *promise) {
        static const char part[] = "filter's bytes";

        if (!*promise_value(promise, 1))
                finding_add(&v->findings, VERDICT_UNSEEN, part, promise_origin(promise),
                            "the plan does not have them: libseccomp makes filters for several architectures");
        else if (!v->read_filters)
                finding_add(&v->findings, VERDICT_UNSEEN, part, promise_origin(promise),
                            "not read: as root, --filter stops each process for a moment to read them");
        else
                verify_tasks(v, promise, part, check_bytes);
}
