/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "sandbox/flows/listen.h"
#include "sandbox/inside/network.h"
#include "sandbox/inside/pty.h"
#include "sandbox/who/id-maps.h"
#include "sandbox/who/privileges.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/strv.h"

static const struct {
        uint64_t flag;
        const char *name;
} inner_table[INNER_NAMESPACES] = {
        [INNER_USERS] = { CLONE_NEWUSER, "user" }, [INNER_NETWORK] = { CLONE_NEWNET, "net" },
        [INNER_IPC] = { CLONE_NEWIPC, "ipc" },     [INNER_UTS] = { CLONE_NEWUTS, "uts" },
        [INNER_MOUNTS] = { CLONE_NEWNS, "mnt" },
};

static int arrange_fds(const Command *command, Failure *f) {
        unsigned first = 3 + command->n_passed_fds;

        for (int i = 0; i < 3; i++)
                if (command->standard_io[i] >= 0 && dup2(command->standard_io[i], i) < 0)
                        return fail(f, errno, "cannot set up fd %d", i);
        for (unsigned fd = 3; fd < first; fd++)
                if (fcntl((int) fd, F_SETFD, 0) < 0)
                        return fail(f, errno, "cannot pass on fd %u", fd);
        /* Other fds are marked close-on-exec, not closed: some are needed until execve(2). */
        if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
                return fail(f, errno, "cannot mark the other fds close-on-exec");
        return 0;
}

/* Variables with the pid of the process that they are for. An isorun that is the payload relays notify messages only if
 * SYSTEMD_EXEC_PID is its own pid. Without any, *environment stays NULL: each part of a copy would be on another page,
 * which the reaper would no longer share with isorun. */
static int set_own_pid(char ***environment, const Plan *plan) {
        const struct {
                bool wanted;
                const char *name;
        } table[] = {
                { plan->n_passed_fds, "LISTEN_PID" },
                { plan->watchdog, "WATCHDOG_PID" },
                { plan->notify, "SYSTEMD_EXEC_PID" },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(table); i++)
                if (table[i].wanted) {
                        if (!*environment && !(*environment = strv_copy(plan->environment)))
                                return -ENOMEM;
                        r = strv_pushf(environment, "%s=%d", table[i].name, getpid());
                }
        return r;
}

static int enter_directory(const Plan *plan, Failure *f) {
        if (chdir(plan->working_directory) >= 0)
                return 0;
        if (!plan->working_directory_optional)
                return fail(f, errno, "cannot change to the directory %s", plan->working_directory);
        return chdir("/") < 0 ? fail(f, errno, "cannot change to the directory /") : 0;
}

/* Waits until isorun's tracer is there. Without it, each call that the filters watch fails (ENOSYS). The tracer has
 * no right over a process that is not dumpable, until that has called execve(2). No program of the payload is here yet
 * that could make use of this moment. */
static int be_watched(const Inside *inside, Failure *f) {
        _cleanup_close_ int pidfd = sys_pidfd_open(getpid(), 0);
        Message m = { .type = MESSAGE_WATCH };
        int r;

        if (pidfd < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                return fail(f, errno, "--why: cannot let isorun trace the command");
        r = message_send(inside->socket, &m, &pidfd, 1);
        if (r >= 0)
                r = message_receive(inside->socket, MESSAGE_TO_INSIDE, &m, NULL, 0);
        if (r <= 0 || m.type != MESSAGE_WATCHED) /* isorun knows why, and hangs up */
                return fail(f, EPIPE, "--why: isorun does not trace the command");
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? fail(f, errno, "cannot protect the first process from tracing")
                                                      : 0;
}

/* Installs the filter with a listener, and sends that to isorun, which starts the process that answers. Until then, a
 * denied call of this process waits. If a filter around has a listener, the kernel allows no other one, and isorun
 * tells that. Nothing closes the listener here: the filter may deny that. execve(2) does. */
static int install_logging(const Inside *inside) {
        const Message m = { .type = MESSAGE_LOGGING };
        int listener = filter_install_listening(inside->logging), r;

        if (listener < 0 && listener != -EBUSY)
                return listener;
        r = message_send(inside->socket, &m, &listener, listener >= 0);
        if (r < 0)
                return r;
        if (listener < 0)
                return filter_install_all(inside->filter);
        return inside->logging->n > 1 ? filter_install(inside->logging, 1, 0) : 0;
}

/* After this, only execve(2) is certain to be allowed. */
static int install_filter(const Payload *payload, const Command *command, Failure *f) {
        const Inside *inside = payload->inside;
        int r = command->watched ? be_watched(inside, f) : 0;

        if (r < 0)
                return r;
        if (command->logged && inside->logging)
                r = install_logging(inside);
        else
                r = filter_install_all(command->watched ? inside->watching : inside->filter);

        return r < 0 ? fail(f, -r, "cannot install the system call filter%s",
                            r == -ENOMEM ? " (it may be too long together with the filters of the outer sandboxes)" :
                                           "") : 0;
}

/* Reads the interpreter from the first line of a script, "#!PATH [ARGUMENT]", into text. Returns false if the file is
 * no script or cannot be read, for example because the filter denies that. */
static bool read_interpreter(const char *script, char *text, size_t size) {
        _cleanup_close_ int fd = open(script, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
        const char *start;

        if (n < 2 || text[0] != '#' || text[1] != '!')
                return false;
        text[n] = '\0';
        start = text + 2 + strspn(text + 2, " \t");
        memmove(text, start, strlen(start) + 1);
        text[strcspn(text, " \t\n")] = '\0';
        return *text == '/';
}

/* On such a mount, nothing can be executed, whatever the mode of the file. */
static bool is_noexec(const char *file) {
        struct statvfs fs;

        return statvfs(file, &fs) >= 0 && (fs.f_flag & ST_NOEXEC);
}

/* For a script that exists, ENOENT means its interpreter. */
static void exec_failed(Failure *f, int error, const char *command) {
        char interpreter[256];

        if (error == EACCES && is_noexec(command))
                fail(f, error, "cannot execute %s: its file system is mounted noexec", command);
        else if (error == ENOENT && read_interpreter(command, interpreter, sizeof(interpreter)))
                fail(f, error, "cannot execute %s: its interpreter %s is not visible in the sandbox", command,
                     interpreter);
        else
                fail(f, error, "cannot execute %s", command);
        f->message.status = error == ENOENT || error == ENOTDIR ? PLAN_NOT_FOUND : PLAN_CANNOT_EXECUTE;
}

static int set_limits(const Plan *plan, Failure *f) {
        for (size_t i = 0; i < plan->n_limits; i++) {
                const PlanResourceLimit *l = &plan->limits[i];

                if (setrlimit((__rlimit_resource_t) l->directive->resource, &l->limit) < 0)
                        return fail_at(f, (Subject) { SUBJECT_LIMIT, (uint32_t) i }, errno,
                                       "cannot set the resource limit");
        }
        return 0;
}

void payload_become(const Payload *payload, const Command *command, Failure *f) {
        const Plan *plan = payload->inside->plan;

        if (plan->set_umask)
                umask(plan->umask);
        if (set_limits(plan, f) < 0)
                return;
        if (enter_directory(plan, f) < 0 || arrange_fds(command, f) < 0)
                return;
        if (sigprocmask(SIG_SETMASK, &command->signal_mask, NULL) < 0) {
                fail(f, errno, "cannot restore the signal mask");
                return;
        }
        environ = command->environment; /* execvp(3) uses its PATH */
        if (install_filter(payload, command, f) < 0)
                return;

        if (strchr(command->executable, '/'))
                execve(command->executable, command->arguments, environ);
        else
                execvp(command->executable, command->arguments);
        exec_failed(f, errno, command->executable);
}

/* Sets *environment to a copy of the plan's, if it makes one. */
static void become(const Payload *payload, char ***environment, Failure *f) {
        const Plan *plan = payload->inside->plan;

        /* Now, not at execve(2), when the reaper may have closed its own: the last one who closes it waits. */
        if (payload->queues >= 0)
                close(payload->queues);
        if (set_own_pid(environment, plan) < 0)
                fail(f, ENOMEM, "cannot prepare the environment");
        else if (pty_lead_group(payload->inside, payload->terminal, f) >= 0)
                payload_become(payload,
                               &(Command) {
                                       .executable = plan->executable,
                                       .arguments = plan->arguments,
                                       .environment = *environment ?: plan->environment,
                                       .standard_io = payload->inside->standard_io,
                                       .n_passed_fds = (unsigned) plan->n_passed_fds,
                                       .signal_mask = payload->inside->signal_mask,
                                       .watched = plan->watched,
                                       .logged = true,
                               },
                               f);
}

/* Waits until the payload's end of the pipe is closed, by execve(2) or by the end of the payload. */
static int wait_for_exec(int fd, const Failure *shared, Failure *f) {
        char c;

        if (TEMP_FAILURE_RETRY(read(fd, &c, 1)) < 0)
                return fail(f, errno, "cannot find out whether the command runs");
        return failure_take(shared, f);
}

/* In a new process of the instance: moves to the payload's cgroup. Closes the fd long before execve(2), when the
 * payload could get hold of it. */
static int take_place(const Payload *payload, Failure *f) {
        int r = cgroup_take_place(payload->places[CGROUP_OF_PAYLOAD], f);

        fd_close(payload->places[CGROUP_OF_PAYLOAD]);
        return r;
}

/* Discards the signals that are pending in this process, right after it has made the payload. The payload does not have
 * the signals from before that, so isorun must forward them, and the reaper must not count them as seen. A signal to
 * both processes between clone(2) and here is discarded too, so isorun sends the payload a second copy. That does no
 * harm: if the first copy ends the payload, it does so before execve(2). */
static void discard_signals(const Payload *payload) {
        const sigset_t *forwarded = &payload->inside->forwarded;
        sigset_t pending;

        while (sigpending(&pending) >= 0 && sigandset(&pending, &pending, forwarded) >= 0 && !sigisemptyset(&pending) &&
               sigtimedwait(forwarded, NULL, &(struct timespec) {}) > 0)
                ;
}

/* The payload until execve(2), in the memory of the first process. */
typedef struct Start {
        const Payload *payload;
        char ***environment;
        Failure *f;
        uint32_t shares; /* 0 when the payload has memory of its own, or has ended */
} Start;

static int run_payload(void *argument) {
        Start *start = argument;

        if (take_place(start->payload, start->f) >= 0)
                become(start->payload, start->environment, start->f);
        return PLAN_FAILED;
}

/* Until execve(2), the payload shares the memory of this process, but not its stack: no page is copied, and its failure
 * is here when it ends. Both have the same errno, so this process makes only calls that do not fail until then. Neither
 * changes ids: that would make both dumpable. */
int payload_start(Payload *payload, Failure *f) {
        enum { STACK_SIZE = 64 * 1024 };
        const int flags = CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
        _cleanup_strv_free_ char **environment = NULL;
        Start start = { .payload = payload, .environment = &environment, .f = f };
        _cleanup_free_ char *stack = malloc(STACK_SIZE);
        char **own = environ;

        if (!stack)
                return fail(f, ENOMEM, "cannot prepare the process of the command");
        payload->pid = clone(run_payload, stack + STACK_SIZE, flags, &start, &start.shares, NULL, &start.shares);
        if (payload->pid < 0)
                return fail(f, errno, "cannot make the process of the command");
        discard_signals(payload);
        sys_await_tid(&start.shares);

        environ = own; /* payload_become() has changed it */
        return f->message.type == MESSAGE_FAILED ? -f->message.value : 0;
}

/* In the payload: makes the inner namespaces. A new user namespace comes with a copy of all mounts, which are locked in
 * it. The first process, outside of it, writes the id maps: the payload asks for them with one byte, and gets one byte
 * as the answer. */
static int enter_inner(const Payload *payload, int socket, Failure *f) {
        const Plan *plan = payload->inside->plan;
        char c = 0;
        int r;

        if (unshare((int) plan->inner_namespaces) < 0)
                return fail(f, errno, "cannot make the inner user namespace");
        if (write(socket, &c, 1) != 1 || TEMP_FAILURE_RETRY(read(socket, &c, 1)) != 1)
                return fail(f, EPIPE, "cannot wait for the inner id maps");
        if (plan->inner_namespaces & CLONE_NEWNET) {
                r = network_loopback_up();
                if (r < 0)
                        return fail(f, -r, "cannot bring up the loopback device (this needs a socket of AF_INET)");
                r = listen_for_flows(plan, payload->proc, payload->inside->socket, f);
                if (r < 0)
                        return r;
        }
        return privileges_drop(plan, f);
}

/* Opens the inner namespaces for processes that enter later. This is done before the payload goes on, so that the
 * payload cannot put other namespaces in their place. */
static int open_inner(Payload *payload) {
        for (size_t i = 0; i < INNER_NAMESPACES; i++) {
                char path[64];

                if (!(payload->inside->plan->inner_namespaces & inner_table[i].flag))
                        continue;
                snprintf(path, sizeof(path), "%d/ns/%s", payload->pid, inner_table[i].name);
                payload->inner[i] = openat(payload->proc, path, O_RDONLY | O_CLOEXEC);
                if (payload->inner[i] < 0)
                        return -errno;
        }
        return 0;
}

int payload_join(const Payload *payload, Failure *f) {
        const Plan *plan = payload->inside->plan;

        if (take_place(payload, f) < 0)
                return -1;
        if (!plan->inner_namespaces)
                return 0;
        /* This process has the uid that owns the user namespace, so it has all capabilities there:
         * user_namespaces(7). */
        for (size_t i = 0; i < INNER_NAMESPACES; i++)
                if (payload->inner[i] >= 0 && setns(payload->inner[i], (int) inner_table[i].flag) < 0)
                        return fail(f, errno, "cannot join the inner %s namespace", inner_table[i].name);
        return privileges_drop(plan, f);
}

/* In the first process: writes the inner id maps, gives up all capabilities, and lets the payload go on. Also returns 0
 * if the payload has failed before it asked for the maps; wait_for_exec() then finds the reason. */
static int admit_inner(Payload *payload, int socket, Failure *f) {
        char c;
        int r;

        if (TEMP_FAILURE_RETRY(read(socket, &c, 1)) != 1)
                return 0; /* the payload has failed, and left the reason */
        r = id_maps_write_inner(payload->inside->plan, payload->proc, payload->pid);
        if (r < 0)
                return fail(f, -r, "cannot write the inner id maps");
        r = open_inner(payload);
        if (r < 0)
                return fail(f, -r, "cannot open the inner namespaces");
        r = privileges_drop_all(f);
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = fail(f, errno, "cannot protect the first process from tracing");
        if (r >= 0 && write(socket, &c, 1) != 1)
                r = fail(f, errno, "cannot let the payload continue");
        return r;
}

int payload_start_inner(Payload *payload, Failure *f) {
        _cleanup_(failure_unsharep) Failure *shared = failure_share();
        int fds[2], r;

        if (!shared || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return fail(f, errno, "cannot prepare the process of the command");

        payload->pid = fork();
        if (payload->pid == 0) {
                char **environment = NULL;

                close(fds[0]);
                if (take_place(payload, shared) >= 0 && enter_inner(payload, fds[1], shared) >= 0)
                        become(payload, &environment, shared);
                _exit(PLAN_FAILED);
        }
        discard_signals(payload);
        close(fds[1]);
        r = payload->pid < 0 ? fail(f, errno, "cannot fork the process of the command") :
                                    admit_inner(payload, fds[0], f);
        if (r >= 0)
                r = wait_for_exec(fds[0], shared, f);
        close(fds[0]);
        return r;
}
