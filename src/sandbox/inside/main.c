/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From clone3(2) to the payload's fork(2). The order and its reasons:
 *
 *   1. The socket of the bus is connected in the caller's root, where its path leads to the bus. Then the id maps are
 *      awaited: every file in a tmpfs needs an owner, and the owner's id must be mapped.
 *   2. The network and the root are made, beside each other if a processor is free, with all capabilities over this
 *      sandbox's namespaces. The process has no capabilities over the host's.
 *   3. The process goes on only after isorun has said that it is in its unit and that the limits hold. So the cgroup
 *      namespace begins at the unit, and the kernel counts the payload's memory from the first page.
 *   4. The Landlock rules are made after that, because they name paths in the finished root.
 *   5. no_new_privs, the Landlock domain, the ids and the capabilities are set before the fork(2). So the reaper has
 *      no more rights than the payload. And the processes that it forks later (isoctl enter) are in the payload's own
 *      Landlock domain: no process can join a domain later. What the reaper does from then on (/dev/null, signals, its
 *      open sockets) is allowed in the domain. The payload, in the same domain, cannot trace the reaper, because the
 *      reaper is not dumpable.
 *   6. Each process installs the system call filter itself, as its last step. Otherwise the filter would have to allow
 *      the steps after it. */
#include "sandbox/inside/main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "sandbox/deny/landlock.h"
#include "sandbox/flows/listen.h"
#include "sandbox/inside/network.h"
#include "sandbox/inside/payload.h"
#include "sandbox/inside/pty.h"
#include "sandbox/inside/reaper.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/notify/text.h"
#include "sandbox/root/mount.h"
#include "sandbox/root/given.h"
#include "sandbox/root/root.h"
#include "sandbox/who/privileges.h"
#include "sandbox/wire/message.h"
#include "sandbox/wire/standard-io.h"
#include "sandbox/wire/step.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"
#include "util/landlock.h"

/* Ends this process after isorun has gone or given up. If a process ends before systemd moves it to its scope, the
 * scope stays for ever, because it was never populated. So this process waits up to 5 seconds to be moved. */
_Noreturn static void leave(const Inside *inside) {
        for (unsigned i = 0; inside->requested && i < 500; i++) {
                _cleanup_free_ char *text = NULL;

                if (file_read(AT_FDCWD, "/proc/self/cgroup", &text, NULL) < 0 || strstr(text, inside->plan->unit))
                        break;
                nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
        }
        _exit(PLAN_FAILED);
}

/* Returns false if isorun has hung up. */
static bool receive(Inside *inside, Message *ret, int *fds, unsigned n) {
        if (message_receive(inside->socket, MESSAGE_TO_INSIDE, ret, fds, n) <= 0)
                return false;
        if (ret->type == MESSAGE_REQUESTING || ret->type == MESSAGE_GO) /* after MESSAGE_GO it has been moved */
                inside->requested = ret->type == MESSAGE_REQUESTING;
        return true;
}

/* Sends the failure to isorun. isorun hangs up when it has finished with the unit; then this process ends. */
_Noreturn static void give_up(Inside *inside, const Failure *f) {
        Message m;

        if (message_send(inside->socket, &f->message, NULL, 0) >= 0)
                while (receive(inside, &m, NULL, 0))
                        ;
        leave(inside);
}

static void wait_for(Inside *inside, MessageType type, int *fds, unsigned n) {
        Message m;

        do
                if (!receive(inside, &m, fds, n))
                        leave(inside);
        while (m.type != type);
}

/* systemd takes this process as the sender of all that isorun says over the connection: systemd/bus.h. Only isorun
 * keeps the connection, so that nothing inside can reach the bus. */
static void connect_bus(Inside *inside) {
        Message m = { .type = MESSAGE_CONNECTED, .value = ENOENT };

        if (inside->bus_socket < 0)
                return;
        for (char *const *name = inside->plan->bus_sockets; *name && m.value; name++) {
                struct sockaddr_un address;
                socklen_t size;
                int r;

                r = notify_address(*name, &address, &size);
                if (r >= 0)
                        r = connect(inside->bus_socket, (struct sockaddr *) &address, size) < 0 ? -errno : 0;
                m.value = -r;
        }
        inside->bus_socket = fd_close(inside->bus_socket);
        (void) message_send(inside->socket, &m, NULL, 0);
}

static void wait_for_go(Payload *payload) {
        wait_for(payload->inside, MESSAGE_GO, payload->places, ELEMENTSOF(payload->places));
}

/* The socket for notify messages belongs to the instance's network namespace, so that is joined before. */
static int make_root(Inside *inside, Network *network, Failure *f) {
        const Plan *plan = inside->plan;
        bool has_flows = plan_has_flows(plan) && !(plan->inner_namespaces & CLONE_NEWNET);
        int r = plan->notify || has_flows ? network_join(network, f) : 0;

        if (r >= 0 && has_flows)
                r = listen_for_flows(plan, -1, inside->socket, f);
        if (r >= 0)
                r = given_write_protect(plan, inside->given, inside->socket, f);
        if (r >= 0)
                r = root_make(plan, inside->id_mapped, &inside->notify, f);
        return r < 0 ? r : network_join(network, f);
}

/* The payload would inherit the caller's session keyring with its secrets, so it gets an empty one: keyctl(2),
 * session-keyring(7). If a filter around this sandbox denies all of keyctl(2), as isorun's own does, the payload cannot
 * reach the keys either. Then KEYCTL_CAPABILITIES, which needs no rights, fails in the same way. */
static int leave_keyring(Failure *f) {
        unsigned char capabilities[8];
        int error;

        if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0)
                return 0;
        error = errno;
        if (error == ENOSYS)
                return 0;
        if (syscall(SYS_keyctl, KEYCTL_CAPABILITIES, capabilities, sizeof(capabilities), 0, 0) < 0 && errno == error)
                return 0;
        return fail(f, error, "cannot make a session keyring");
}

/* The kernel opens message queues through a mount of its own, which has no path. Another mount of the same file system,
 * attached nowhere, has the same root, and rules are for files, not for mounts. The last close(2) of it waits for an
 * RCU grace period, so a worker of the kernel does that at the end, where it also unmounts: unmount.h. Otherwise the
 * reaper does it, while the payload runs: the payload closes it first, in become(). */
static int allow_queues(int *queues, int ruleset, Failure *f) {
        MountReason reason = {};
        int fd = mount_make("mqueue", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &reason);

        if (fd == -ENODEV) /* the kernel has no message queues */
                return 0;
        if (fd < 0)
                return fail(f, -fd, "cannot mount the message queues%s", reason.text);
        *queues = fd;
        return landlock_allow(ruleset, fd, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE, f);
}

/* Landlock finds no rule on the way up from a mount that is not attached, so each file needs its own. Then the payload
 * can open it as /dev/stdin. */
static int allow_given(const GivenFiles *given, int ruleset, Failure *f) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < given->n; i++)
                r = landlock_allow(ruleset, given->items[i].fd, LANDLOCK_ACCESS_FS_READ_FILE, f);
        return r;
}

/* The same for files that the caller gives for writing, for programs that log to /dev/stdout or /dev/stderr. */
static int allow_written(const Inside *inside, unsigned regular, int ruleset, Failure *f) {
        const uint64_t handled = inside->plan->landlock_files;
        int r = 0;

        for (int fd = STDOUT_FILENO; r >= 0 && fd <= STDERR_FILENO; fd++) {
                int used = inside->standard_io[fd] >= 0 ? inside->standard_io[fd] : fd;
                int flags = regular & 1U << fd ? fcntl(used, F_GETFL) : -1;
                uint64_t access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

                if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
                        continue;
                if ((flags & O_ACCMODE) == O_RDWR)
                        access |= LANDLOCK_ACCESS_FS_READ_FILE;
                r = landlock_allow(ruleset, used, access & handled, f);
        }
        return r;
}

/* Sets bit N of *ret_regular if fd N of the first three is a regular file. */
static int replace_devices(const Inside *inside, unsigned *ret_regular, Failure *f) {
        for (int fd = 0; fd < 3 + (int) inside->plan->n_passed_fds; fd++) {
                int r = given_replace_device(fd < 3 && inside->standard_io[fd] >= 0 ? inside->standard_io[fd] : fd);

                if (r < 0)
                        return fail(f, -r, DEVICE_OUTSIDE, fd);
                if (r > 0 && fd < 3)
                        *ret_regular |= 1U << fd;
        }
        return 0;
}

static int complete(Payload *payload, int *ruleset, Failure *f) {
        Inside *inside = payload->inside;
        const Plan *plan = inside->plan;
        unsigned regular = 0;
        int r;

        if (unshare(CLONE_NEWCGROUP) < 0)
                return fail(f, errno, "cannot make the cgroup namespace");
        r = root_finish(plan, f);
        if (r >= 0 && plan->delegate)
                r = cgroup_settle(plan, f);
        if (r >= 0)
                r = cgroup_take_place(payload->places[CGROUP_OF_REAPER], f);
        payload->places[CGROUP_OF_REAPER] = fd_close(payload->places[CGROUP_OF_REAPER]);
        if (r >= 0)
                r = landlock_prepare(plan, f, ruleset);
        if (r >= 0 && plan->landlock_queues)
                r = allow_queues(&payload->queues, *ruleset, f);
        if (r >= 0 && plan->landlock_files)
                r = allow_given(inside->given, *ruleset, f);
        if (r >= 0)
                r = standard_io_connect(plan, inside->standard_io, f);
        if (r >= 0)
                r = replace_devices(inside, &regular, f);
        if (r >= 0 && plan->landlock_files)
                r = allow_written(inside, regular, *ruleset, f);
        if (r >= 0 && plan->own_session)
                r = pty_begin_session(inside, &payload->terminal, f);
        if (r >= 0 && plan->keyring)
                r = leave_keyring(f);
        if (r >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = fail(f, errno, "cannot set no_new_privs");
        return r;
}

/* The first process writes the inner id maps when it is in the Landlock domain, so the domain must allow that. It
 * writes them through a /proc that no other process can reach. */
static int prepare_inner(Payload *payload, int ruleset, Failure *f) {
        MountReason reason = {};

        payload->proc = root_open_proc(&reason);
        if (payload->proc < 0)
                return fail(f, -payload->proc, "cannot mount a new /proc%s", reason.text);
        return payload->inside->plan->landlock_files
                       ? landlock_allow(ruleset, payload->proc, LANDLOCK_ACCESS_FS_WRITE_FILE, f) : 0;
}

static int start(Payload *payload, int ruleset, Failure *f) {
        const Plan *plan = payload->inside->plan;
        const unsigned flags = plan->audit_denials ? LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON : 0;
        int r;

        if (plan->inner_namespaces) {
                r = prepare_inner(payload, ruleset, f);
                if (r < 0)
                        return r;
        }
        if (ruleset >= 0 && sys_landlock_restrict_self(ruleset, flags) < 0)
                return fail(f, errno, "cannot enforce the Landlock rules%s",
                            errno == E2BIG ?
                                    " (the kernel does not allow deeper nesting of sandboxes with Landlock)"
                                           : "");
        /* A payload with an inner user namespace needs its capabilities until that namespace is made. */
        if (plan->inner_namespaces)
                return payload_start_inner(payload, f);

        r = privileges_drop(plan, f);
        /* The payload has the same ids, and must not trace the reaper: ptrace(2), PR_SET_DUMPABLE. */
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = fail(f, errno, "cannot protect the first process from tracing");
        return r < 0 ? r : payload_start(payload, f);
}

static void step(const Inside *inside, Step step) {
        Message m = { .type = MESSAGE_STEP, .value = (int32_t) step };

        if (!inside->steps)
                return;
        m.number = clock_usec(CLOCK_MONOTONIC);
        (void) message_send(inside->socket, &m, NULL, 0);
}

/* With Delegate=, isorun enables controllers as soon as this process has left its first cgroup. That fails while
 * another process is there (cgroup-v2.rst, "No Internal Process Constraint"), so no other one makes the network. */
static bool can_share_work(const Plan *plan) {
        return plan->namespaces & CLONE_NEWNET && !plan->delegate && network_has_processor();
}

/* isorun waits for the connection to the bus, so this process makes it before it makes a network itself. */
static int begin(Inside *inside, Network *network, Failure *f) {
        const Plan *plan = inside->plan;
        const bool beside = can_share_work(plan);
        int r = beside ? network_begin(network, root_count_fds(plan), f) : 0;

        if (r < 0)
                return r;
        connect_bus(inside);
        return plan->namespaces & CLONE_NEWNET && !beside ? network_make(f) : 0;
}

_Noreturn void inside_main(Inside *inside) {
        Payload payload = { .inside = inside, .inner = { -1, -1, -1, -1, -1 }, .places = { -1, -1 }, .proc = -1,
                            .queues = -1, .terminal = -1 };
        Network network = {};
        int ruleset = -1, r;
        Failure f = {};

        r = begin(inside, &network, &f);
        if (r < 0)
                give_up(inside, &f);
        wait_for(inside, MESSAGE_MAPPED, NULL, 0);
        step(inside, STEP_BEGUN);
        /* The payload can read the command line of the reaper: it would find paths of the host there, and more. */
        r = process_hide_arguments("isorun");
        r = r < 0 ? fail(&f, -r, "cannot hide the command line of isorun") : make_root(inside, &network, &f);
        if (r < 0)
                give_up(inside, &f);
        step(inside, STEP_ROOT_MADE);

        wait_for_go(&payload);
        step(inside, STEP_ADMITTED);
        r = complete(&payload, &ruleset, &f);
        if (r >= 0) {
                step(inside, STEP_ROOT_FINISHED);
                r = start(&payload, ruleset, &f);
        }
        if (r < 0)
                give_up(inside, &f);
        step(inside, STEP_EXECUTED);

        reaper_main(&payload);
}
