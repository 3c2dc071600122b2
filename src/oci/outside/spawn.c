/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "oci/inside/init.h"
#include "oci/interrupts.h"
#include "oci/outside/joined.h"
#include "oci/outside/staged.h"
#include "oci/outside/steps.h"
#include "sandbox/wire/failure.h"
#include "util/fd.h"
#include "util/kernel.h"

/* A bundle that was made for root. */
static bool lacks_users(const Spec *spec) {
        return spec && geteuid() != 0 && !(spec->new_namespaces & CLONE_NEWUSER) && !spec->joined[SPEC_USER];
}

/* spec is NULL for exec. */
static int clone_failed(const Spec *spec, int error, Report *report) {
        return report_error(report, error, "cannot make the namespaces: %s%s", strerror(error),
                            error == EPERM && lacks_users(spec) ? " (config.json has no user namespace, which a user "
                            "needs: isorun-oci spec --rootless and umoci unpack --rootless write one)"
                                                               : failure_hint(error));
}

/* How a process between comes into the container. cgroup is -1 if its child alone moves there, by args. */
typedef struct Between Between;
struct Between {
        int (*join)(const Between *b, struct clone_args *args, Report *report);
        const Spec *spec;
        int *joined; /* fds: oci/outside/joined.h */
        int pidfd, cgroup;
        const State *state;
        Attach attach;
        Init *init;
        const int *mapped;
};

static int join(const Between *b, struct clone_args *args, Report *report) {
        const bool users = b->joined[SPEC_USER] >= 0;
        const uid_t caller = geteuid();
        int cgroup = args->flags & CLONE_INTO_CGROUP ? (int) args->cgroup : -1, r;
        Failure f = {};

        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return report_error(report, errno, "cannot protect a process from tracing: %s", strerror(errno));
        r = users ? staged_enter(b->spec, b->mapped, &cgroup, report) : 0;
        if (cgroup >= 0)
                args->cgroup = (uint64_t) cgroup;
        if (r >= 0)
                r = joined_enter(b->spec, b->joined, report);
        if (r >= 0 && users)
                r = joined_check_maps(b->spec, report);
        if (r >= 0 && users)
                r = staged_check_joined(b->spec, caller, report);
        if (r < 0 || !users)
                return r;
        r = init_begin_joined(b->init, &f);
        return r < 0 ? report_error(report, f.message.value, "%s", f.message.text) : 0;
}

/* Returns 1 if the namespaces differ, 0 if they do not, or if the kernel has none of this kind, or -errno. */
static int differs(pid_t pid, const SpecNamespace *n) {
        _cleanup_free_ char *own = format("/proc/self/ns/%s", n->file), *other = format("/proc/%d/ns/%s", pid, n->file);
        struct stat a, b;

        if (!own || !other)
                return -ENOMEM;
        if (stat(own, &a) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (stat(other, &b) < 0)
                return -errno;
        return a.st_dev != b.st_dev || a.st_ino != b.st_ino;
}

/* All in which the first process is, whatever config.json and the policy say by now. All at once, so that the user
 * namespace counts for the others. The container's processes may see this one: in what it joins, it must not be traced.
 * If the number was another process's, pidfd is dead, and setns(2) fails. */
static int enter(const Between *b, struct clone_args *args, Report *report) {
        uint64_t flags = 0;
        Failure f = {};
        int r;

        (void) args;
        for (size_t i = 0; i < SPEC_NAMESPACES; i++) {
                r = differs(b->state->pid, &spec_namespaces[i]);
                if (r < 0)
                        return report_error(report, -r, "cannot look for the %s namespace of the container: %s",
                                            spec_namespaces[i].name, strerror(-r));
                flags |= r > 0 ? spec_namespaces[i].flag : 0;
        }
        r = flags & CLONE_NEWUSER ? joined_drop_groups(b->spec) : 0;
        if (r < 0)
                return report_error(report, -r, "cannot drop the caller's groups: %s", strerror(-r));
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setns(b->pidfd, (int) flags) < 0 ||
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return report_error(report, errno, "cannot join the namespaces of the container: %s", strerror(errno));
        r = init_do_ahead(b->init, &f);
        return r < 0 ? report_error(report, f.message.value, "%s", f.message.text) : 0;
}

static pid_t fork_into(int cgroup) {
        struct clone_args args = { .exit_signal = SIGCHLD };

        if (cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) cgroup;
        }
        return sys_clone3(&args);
}

/* The child does nothing until somebody else has moved it. */
static pid_t fork_attached(const Between *b, Report *report) {
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return report_error(report, errno, "cannot make a pipe: %s", strerror(errno));
        pid = fork();
        if (pid == 0) {
                char go;

                fd_close(fds[1]);
                if (TEMP_FAILURE_RETRY(read(fds[0], &go, 1)) != 1)
                        _exit(PLAN_FAILED);
                fd_close(fds[0]);
                return 0;
        }
        if (pid < 0)
                (void) report_error(report, errno, "cannot fork: %s", strerror(errno));
        else if (b->attach(b->state, pid, report) < 0 || fd_write_all(fds[1], "", 1) < 0) {
                (void) kill(pid, SIGKILL);
                (void) TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
                pid = -ECHILD;
        }
        fds_close(fds, ELEMENTSOF(fds));
        return pid;
}

/* Returns 0 in the child, its pid, or -errno, reported. */
static pid_t fork_between(const Between *b, Report *report) {
        pid_t pid = fork_into(b->cgroup);

        if (pid >= 0)
                return pid;
        return errno == EACCES && b->attach ? fork_attached(b, report) :
                                              report_error(report, errno, "cannot fork%s: %s", b->cgroup >= 0 ?
                                                           " into the cgroup of the container" : "", strerror(errno));
}

/* Returns 0 in the child. *ret_pid, its pid or -errno, is not in the child's memory, where the container could change
 * it. */
static int make_child(const Between *b, struct clone_args *args, pid_t *ret_pid, Report *report) {
        pid_t pid;

        /* The child has the same score. */
        if (steps_set_oom_score(b->init->process, 0, report) < 0 ||
            b->join(b, args, report) < 0)
                return -1;
        if (madvise(ret_pid, sizeof(*ret_pid), MADV_DONTFORK) < 0)
                return report_error(report, errno, "cannot keep memory to oneself: %s", strerror(errno));
        args->flags |= CLONE_PARENT_SETTID; /* the container may freeze this process just after that */
        args->parent_tid = (uint64_t) (uintptr_t) ret_pid;
        pid = sys_clone3(args);
        if (pid == 0)
                return 0;
        if (pid < 0)
                *ret_pid = -errno;
        return 1;
}

/* The process between joins the namespaces, so that this one stays in its own, where hooks and later commands run. Its
 * child is this one's by CLONE_PARENT, with the same exit signal. */
static pid_t spawn_between(const Between *b, struct clone_args *args, Report *report) {
        pid_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t between, pid;
        int status, r = 0;

        if (shared == MAP_FAILED)
                return report_error(report, errno, "cannot share memory: %s", strerror(errno));
        between = fork_between(b, report);
        if (between == 0) {
                r = make_child(b, args, shared, report);
                if (r == 0)
                        return 0;
                _exit(r > 0 ? 0 : PLAN_FAILED);
        }
        if (between > 0)
                r = interrupts_reap(between, &status);
        if (r == -EINTR) {
                (void) report_error(report, EINTR, "a signal came before the process was in the container");
                interrupts_kill(between);
                if (*shared > 0)
                        interrupts_kill(*shared);
        }
        pid = between < 0 ? between : r == -EINTR ? 0 : *shared;
        (void) munmap(shared, sizeof(*shared));
        if (between < 0 || pid > 0)
                return pid;
        if (pid < 0)
                return clone_failed(b->spec, -pid, report);
        report->n_errors++; /* the process between has printed it */
        return -ECHILD;
}

/* The process between moves to the cgroup: from a cgroup namespace, no process can come into it from outside
 * ("nsdelegate"). */
pid_t spawn_in_container(const State *state, Init *init, int pidfd, int cgroup, Attach attach, Report *report) {
        struct clone_args args = { .flags = CLONE_PARENT };

        return spawn_between(&(Between) { enter, init->spec, NULL, pidfd, cgroup, state, attach, init, NULL }, &args,
                             report);
}

pid_t spawn_in_namespaces(Init *init, int joined[static SPEC_NAMESPACES], const int *mapped, int cgroup,
                          Report *report) {
        const Spec *spec = init->spec;
        struct clone_args args = { .flags = spec->new_namespaces & ~init_namespaces(spec) };
        pid_t pid;
        int r;

        if (cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) cgroup;
        }
        if (joined_any(joined)) {
                args.flags |= CLONE_PARENT;
                return spawn_between(&(Between) { join, spec, joined, -1, -1, NULL, NULL, init, mapped }, &args,
                                     report);
        }
        args.exit_signal = SIGCHLD;
        pid = sys_clone3(&args);
        if (pid < 0)
                return clone_failed(spec, errno, report);
        r = pid > 0 ? steps_set_oom_score(&spec->process, pid, report) : 0;
        if (r < 0)
                interrupts_kill(pid);
        return r < 0 ? r : pid;
}
