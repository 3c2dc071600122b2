/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/hook/hook.h"
#include "oci/inside/console.h"
#include "oci/inside/label.h"
#include "oci/inside/process.h"
#include "oci/inside/ready.h"
#include "oci/inside/root.h"
#include "oci/inside/walk.h"
#include "oci/interrupts.h"
#include "plan/plan.h"
#include "sandbox/inside/network.h"
#include "sandbox/wire/message.h"
#include "sandbox/wire/step.h"
#include "util/fd.h"
#include "util/kernel.h"

/* Ends this process if the other one is gone. Returns the fd that came with the message, or -1. */
static int wait_for_fd(const Init *init, MessageType type) {
        int fd = -1;
        Message m;

        do {
                fd_close(fd);
                if (message_receive(init->socket, MESSAGE_TO_INSIDE, &m, &fd, 1) <= 0)
                        _exit(PLAN_FAILED);
        } while (m.type != type);
        return fd;
}

static void wait_for(const Init *init, MessageType type) {
        fd_close(wait_for_fd(init, type));
}

_Noreturn static void give_up(int socket, const Failure *f) {
        (void) message_send(socket, &f->message, NULL, 0);
        _exit(f->message.status);
}

/* A process of the container may stop this one, which then sees no end of a stream. create, run and exec end this one
 * if they fail; this is for when they are killed. It must not last: the first process lives longer than create, and the
 * command than run --detach. */
static void end_with_parent(bool on) {
        (void) prctl(PR_SET_PDEATHSIG, on ? SIGKILL : 0, 0, 0, 0);
}

/* A user who may not drop groups keeps them where there is no other id. In a container that has others, only its root
 * has denied that, by moving the first process to another namespace before exec, and could use them. */
static bool keeps_groups(const Spec *spec) {
        return spec->keep_groups || (spec->uid_map.n == 1 && spec->uid_map.items[0].count == 1);
}

/* Within a user namespace, the ids are the overflow ids until now. */
static int become_root(const Init *init, Failure *f) {
        if (!spec_has_user_namespace(init->spec))
                return 0;
        if (init->groups_denied && !keeps_groups(init->spec) && getgroups(0, NULL) > 0)
                return fail(f, EPERM, "cannot drop the caller's groups: setgroups(2) is denied in the user namespace");
        if (!init->groups_denied && !init->spec->keep_groups && sys_setgroups(0, NULL) < 0)
                return fail(f, errno, "cannot drop the caller's groups");
        if (sys_setresgid(0) < 0 || sys_setresuid(0) < 0)
                return fail(f, errno, "cannot become root of the user namespace%s",
                            errno == EINVAL ? " (it does not have the id 0)" : "");
        end_with_parent(true); /* new ids end that */
        return 0;
}

/* Before any filter. What this process has in memory by now stays where it is. */
static int set_memory_policy(const Spec *spec, Failure *f) {
        const SpecMemoryPolicy *policy = &spec->memory_policy;
        const unsigned long n = policy->nodes ? CPU_SETSIZE + 1 : 0; /* the kernel takes one bit less */

        if (!policy->set || syscall(SYS_set_mempolicy, policy->mode, policy->nodes, n) == 0)
                return 0;
        return fail(f, errno, "%s: /linux/memoryPolicy: cannot set it", spec->file);
}

/* Not dumpable, so that no process of a joined pid namespace can look into this one. The caller's session keyring has
 * the caller's secrets. */
static int settle(const Init *init, Failure *f) {
        int r;

        if (become_root(init, f) < 0)
                return -1;
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return fail(f, errno, "cannot protect this process from tracing");
        if (setsid() < 0)
                return fail(f, errno, "cannot begin a session");
        r = init->keyring ? label_next_keyring(init->process, f) : 0;
        if (r < 0)
                return r;
        if (init->keyring && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS)
                return fail(f, errno, "cannot make a session keyring");
        return set_memory_policy(init->spec, f);
}

/* A process enters a new time namespace only by setns(2) or with its next child, and then its offsets are fixed:
 * time_namespaces(7). */
static int begin_time_namespace(const Spec *spec, Failure *f) {
        int r;

        if (unshare(CLONE_NEWTIME) < 0)
                return fail(f, errno, "cannot make the time namespace");
        r = spec->time_offsets ? file_write(AT_FDCWD, "/proc/self/timens_offsets", spec->time_offsets) : 0;
        return r < 0 ? fail(f, -r, "cannot set the offsets of the time namespace") : 0;
}

/* /proc is the host's here. This comes before settle(), since this process owns the file of the offsets only as long as
 * it is dumpable and has its first ids. */
static int make_time_namespace(const Spec *spec, Failure *f) {
        _cleanup_close_ int fd = -1;
        int r = begin_time_namespace(spec, f);

        if (r < 0)
                return r;
        fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
                return fail(f, errno, "cannot enter the time namespace");
        return 0;
}

/* The message queues of an ipc namespace belong to the process that makes it: root of the user namespace could not
 * label them otherwise. */
uint64_t init_namespaces(const Spec *spec) {
        return CLONE_NEWCGROUP | CLONE_NEWTIME | (spec_has_user_namespace(spec) ? CLONE_NEWIPC : 0);
}

static int settle_namespaces(const Spec *spec, Failure *f) {
        const uint64_t flags = spec->new_namespaces & init_namespaces(spec) & ~(uint64_t) CLONE_NEWTIME;
        int r;

        if (flags && unshare((int) flags) < 0)
                return fail(f, errno, "cannot make the cgroup or ipc namespace");
        r = spec->new_namespaces & CLONE_NEWNET ? network_loopback_up() : 0;
        if (r < 0)
                return fail(f, -r, "cannot bring up the loopback device");
        if (spec->host_name && sethostname(spec->host_name, strlen(spec->host_name)) < 0)
                return fail(f, errno, "cannot set the host name");
        if (spec->domain_name && setdomainname(spec->domain_name, strlen(spec->domain_name)) < 0)
                return fail(f, errno, "cannot set the domain name");
        return 0;
}

static int run_hooks(const Init *init, SpecHookKind kind, const HookState *state, Failure *f) {
        char error[HOOK_ERROR_MAX];
        int r = hooks_run(init->spec, kind, state, error);

        return r < 0 ? fail(f, -r, "error running %s hook %s", spec_hook_names[kind], error) : 0;
}

/* The host's /proc shows this process by the host's number. */
static pid_t outer_pid(void) {
        _cleanup_free_ char *self = NULL;

        return link_read(AT_FDCWD, "/proc/self", &self) < 0 ? getpid() : (pid_t) strtol(self, NULL, 10);
}

/* Some hooks complete the root, so all mounts are there by then, and nothing is write-protected. */
static int run_hooks_before_pivot(const Init *init, int root, Failure *f) {
        const Message begun = { .type = MESSAGE_STEP, .value = STEP_BEGUN };

        if (init->spec->n_hooks[SPEC_PRESTART] + init->spec->n_hooks[SPEC_CREATE_RUNTIME] > 0) {
                (void) message_send(init->socket, &begun, NULL, 0);
                wait_for(init, MESSAGE_CONTINUE);
        }
        /* These are programs of the host with all capabilities: nothing that they look up in their working directory
         * may be the image's (CVE-2025-23266). Root of a user namespace, which has fewer, need not reach the bundle. */
        if (init->spec->n_hooks[SPEC_CREATE_CONTAINER] > 0 && chdir(init->spec->bundle) < 0 && fchdir(root) < 0)
                return fail(f, errno, "cannot change to the bundle");
        return run_hooks(init, SPEC_CREATE_CONTAINER, &(HookState) { init->id, "created", outer_pid(), NULL }, f);
}

static int make_root(Init *init, Failure *f) {
        _cleanup_close_ int root = -1;
        const mode_t mask = umask(0);
        int r;

        r = root_begin(init->spec, &(RootGiven) { init->sources, init->mapped, init->socket, init->cgroup }, &root, f);
        if (r >= 0 && init->notifies)
                r = ready_listen(init->spec, root, &init->notify, f);
        if (r >= 0)
                r = devices_make(init->spec, root, f);
        /* Before the root is read-only. If that fails, process_prepare() says so. */
        if (r >= 0)
                fd_close(walk(root, init->process->directory, WALK_MAKE_DIRECTORY, true));
        if (r >= 0)
                r = run_hooks_before_pivot(init, root, f);
        if (r >= 0 && init->process->terminal)
                r = console_open(init->spec, init->process, root, true, init->socket, f);
        if (r >= 0)
                r = root_protect(init->spec, root, f);
        if (r >= 0)
                r = root_enter(init->spec, root, init->no_pivot, f);
        umask(mask);
        return r;
}

/* The caller need not have opened all of them. Fds of isorun-oci that took their numbers are close-on-exec, and those
 * that the caller has passed by execve(2) are not. */
static void close_own(unsigned end) {
        for (int fd = 3; fd < (int) end; fd++) {
                int flags = fcntl(fd, F_GETFD);

                if (flags >= 0 && flags & FD_CLOEXEC)
                        close(fd);
        }
}

/* Only the sockets and the fds that the command gets are open after this. */
static int close_others(Init *init, Failure *f) {
        int *const kept[] = { &init->socket, &init->start, &init->notify };
        const unsigned first = 3 + init->preserved;
        unsigned next = first;

        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (*kept[i] >= 0) {
                        *kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, (int) (first + ELEMENTSOF(kept)));
                        if (*kept[i] < 0)
                                return fail(f, errno, "cannot move the fds of isorun-oci");
                }
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (*kept[i] >= 0) {
                        *kept[i] = dup3(*kept[i], (int) next++, O_CLOEXEC);
                        if (*kept[i] < 0)
                                return fail(f, errno, "cannot move the fds of isorun-oci");
                }
        close_own(first);
        return close_range(next, ~0U, 0) < 0 ? fail(f, errno, "cannot close the fds of isorun-oci") : 0;
}

static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

/* execve(2) resets signals that have a handler, but keeps ignored ones, and engines ignore some. */
static void reset_signals(const Init *init) {
        for (size_t i = 0; i < ELEMENTSOF(ending); i++)
                (void) signal(ending[i], SIG_DFL);
        for (int sig = 1; sig <= SIGRTMAX; sig++)
                if (init->ignored & UINT64_C(1) << (sig - 1))
                        (void) signal(sig, SIG_DFL);
        sigprocmask(SIG_SETMASK, &init->signal_mask, NULL);
}

static void end(int sig) {
        _exit(128 + sig);
}

/* The first process of a pid namespace gets only signals for which it has a handler, and no command is there that could
 * have one: so what asks a process to end, ends this one, as with runc. */
static void let_signals_end(void) {
        sigset_t none;

        for (size_t i = 0; i < ELEMENTSOF(ending); i++)
                (void) signal(ending[i], end);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Waits for isorun-oci start. Returns the connection. */
static int await_start(Init *init) {
        sigset_t all;
        int connection;

        if (init->start < 0)
                return TAKE_FD(init->socket);
        init->socket = fd_close(init->socket);
        connection = (int) TEMP_FAILURE_RETRY(accept4(init->start, NULL, NULL, SOCK_CLOEXEC));
        /* From here on, the end of this process would look as if the command had begun. */
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        if (connection < 0)
                _exit(PLAN_FAILED);
        init->start = fd_close(init->start);
        return connection;
}

/* Tells isorun-oci that this process is ready, and waits until it may go on. */
static void report_ready(const Init *init) {
        const Message ready = { .type = MESSAGE_STEP, .value = STEP_ROOT_MADE };

        (void) message_send(init->socket, &ready, NULL, 0);
        wait_for(init, MESSAGE_GO);
}

/* Nobody else has the socket: isorun-oci start and run are the ones who hear the command. */
static void pass_notify(Init *init, int connection) {
        const Message m = { .type = MESSAGE_NOTIFYING };

        if (init->notify < 0)
                return;
        if (message_send(connection, &m, &init->notify, 1) < 0)
                _exit(PLAN_FAILED);
        init->notify = fd_close(init->notify);
}

/* A user without rights over groups must deny setgroups(2) in a user namespace: user_namespaces(7). */
int init_begin_joined(Init *init, Failure *f) {
        _cleanup_free_ char *value = NULL;
        int r = file_read_line(AT_FDCWD, "/proc/self/setgroups", &value);

        if (r < 0)
                return fail(f, -r, "cannot read /proc/self/setgroups");
        init->groups_denied = streq(value, "deny");
        return init->spec->new_namespaces & CLONE_NEWTIME ? begin_time_namespace(init->spec, f) : 0;
}

_Noreturn void init_main(Init *init) {
        const bool waits = init->start >= 0;
        Command command = {};
        Failure f = {};
        int r;

        end_with_parent(true);
        interrupts_forget();
        init->cgroup = wait_for_fd(init, MESSAGE_MAPPED);
        r = init->spec->new_namespaces & CLONE_NEWTIME && !init->spec->joined[SPEC_USER]
                    ? make_time_namespace(init->spec, &f) : 0;
        if (r >= 0)
                r = settle(init, &f);
        if (r >= 0)
                r = settle_namespaces(init->spec, &f);
        if (r >= 0)
                r = make_root(init, &f);
        if (r >= 0)
                r = close_others(init, &f);
        if (r >= 0)
                r = process_prepare(init->process, WALK_MAKE_DIRECTORY, &command, &f);
        if (r < 0)
                give_up(init->socket, &f);
        if (waits) {
                let_signals_end();
                end_with_parent(false);
        }
        report_ready(init);
        r = await_start(init);
        pass_notify(init, r);
        if (!waits)
                end_with_parent(false);
        reset_signals(init);
        /* These are files of the image, so they run with the ids, capabilities and filter of the command. As runc has
         * it, they also have its environment. */
        if (process_confine(init->spec, init->process, &init->ahead, init->groups_denied, r, &f) >= 0 &&
            run_hooks(init, SPEC_START_CONTAINER, &(HookState) { init->id, "created", getpid(), command.environment },
                      &f) >= 0)
                process_execute(init->process, &command, &f);
        give_up(r, &f);
}

static int open_own_terminal(const Init *init, Failure *f) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        return root < 0 ? fail(f, errno, "cannot open the root")
                        : console_open(init->spec, init->process, root, false, init->socket, f);
}

/* The caller's terminal is not the container's. Until that is there, these fds lead nowhere. */
static int close_caller_terminal(Failure *f) {
        _cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC);

        for (int i = 0; fd >= 0 && i < 3; i++)
                if (dup2(fd, i) < 0)
                        return fail(f, errno, "cannot close the caller's terminal");
        return fd < 0 ? fail(f, errno, "cannot make an eventfd") : 0;
}

/* In a user namespace, no process of the container can look into this one, which is not dumpable; and root there may
 * not see what root of the host may. */
int init_do_ahead(Init *init, Failure *f) {
        int r = close_others(init, f);

        if (r >= 0 && !spec_has_user_namespace(init->spec))
                r = process_do_ahead(init->spec, init->process, &init->ahead, f);
        return r >= 0 && init->process->terminal ? close_caller_terminal(f) : r;
}

_Noreturn void init_enter(Init *init) {
        Command command = {};
        Failure f = {};
        int r;

        end_with_parent(true);
        interrupts_forget();
        wait_for(init, MESSAGE_MAPPED);
        r = settle(init, &f);
        if (r >= 0 && init->process->terminal)
                r = open_own_terminal(init, &f);
        if (r >= 0)
                r = init->ahead.done ? process_take_ahead(init->process, &init->ahead, &command, &f)
                                     : process_prepare(init->process, WALK_FIND, &command, &f);
        if (r < 0)
                give_up(init->socket, &f);
        report_ready(init);
        end_with_parent(false);
        reset_signals(init);
        if (process_confine(init->spec, init->process, &init->ahead, init->groups_denied, init->socket, &f) >= 0)
                process_execute(init->process, &command, &f);
        give_up(init->socket, &f);
}
