/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <poll.h>
#include <stdio.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/inside/label.h"
#include "oci/interrupts.h"
#include "oci/outside/id-mapped.h"
#include "sandbox/wire/packet.h"
#include "sandbox/wire/step.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/text.h"

enum { CONNECT_MSEC = 20 };

/* glibc has no function for it before 2.41. */
static int set_scheduler(const SpecScheduler *s, pid_t pid) {
        const struct {
                uint32_t size, policy;
                uint64_t flags;
                int32_t nice;
                uint32_t priority;
                uint64_t runtime, deadline, period;
        } attr = { sizeof(attr), (uint32_t) s->policy, s->flags, s->nice, s->priority, s->runtime, s->deadline,
                   s->period };

        return syscall(SYS_sched_setattr, pid, &attr, 0) < 0 ? -errno : 0;
}

static int set_priorities(const SpecProcess *process, pid_t pid, Report *report) {
        int r = process->set_scheduler ? set_scheduler(&process->scheduler, pid) : 0;

        if (r < 0)
                return report_error(report, -r, "%s: %s/scheduler: cannot set it: %s", process->file,
                                    process->pointer, strerror(-r));
        if (process->io_priority && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, process->io_priority) < 0)
                return report_error(report, errno, "%s: %s/ioPriority: cannot set it: %s", process->file,
                                    process->pointer, strerror(errno));
        return 0;
}

int steps_set_limits(const SpecProcess *process, pid_t pid, Report *report) {
        for (size_t i = 0; i < process->n_limits; i++) {
                const __rlimit_resource_t resource = (__rlimit_resource_t) process->limits[i].resource;

                if (prlimit(pid, resource, &process->limits[i].limit, NULL) < 0)
                        return report_error(report, errno, "%s: %s/rlimits/%zu: cannot set the limit: %s",
                                            process->file, process->pointer, i, strerror(errno));
        }
        return set_priorities(process, pid, report);
}

int steps_set_oom_score(const SpecProcess *process, pid_t pid, Report *report) {
        char path[64] = "/proc/self/oom_score_adj", score[16];
        int r;

        if (!process->set_oom_score)
                return 0;
        if (pid > 0)
                snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
        snprintf(score, sizeof(score), "%d", process->oom_score);
        r = file_write(AT_FDCWD, path, score);
        return r < 0 ? report_error(report, -r, "%s: %s/oomScoreAdj: cannot set it: %s", process->file,
                                    process->pointer, strerror(-r)) : 0;
}

int steps_check_security(const SpecProcess *process, Report *report) {
        if (process->apparmor && !label_apparmor_enabled())
                return report_error(report, EOPNOTSUPP, "this host does not have AppArmor, so the process cannot have "
                                    "the profile %s", process->apparmor);
        if (process->selinux && !label_selinux_enabled())
                return report_error(report, EOPNOTSUPP, "SELinux is not enabled on this host, so the process cannot "
                                    "have the label %s", process->selinux);
        return 0;
}

int steps_write_pid(const char *path, pid_t pid, Report *report) {
        _cleanup_free_ char *new = format("%s.new", path), *text = format("%d", pid);
        _cleanup_close_ int fd = -1;
        int r;

        if (!new || !text)
                return report_oom(report);
        fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0644);
        r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
        if (r >= 0 && rename(new, path) < 0)
                r = -errno;
        return r < 0 ? report_error(report, -r, "cannot write %s: %s", path, strerror(-r)) : 0;
}

int steps_connect_to(int type, const struct sockaddr_un *address) {
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        while (fd >= 0 && connect(fd, (const struct sockaddr *) address, sizeof(*address)) < 0) {
                int r = -errno;

                /* There is no event for room in the queue of a socket whose owner accepts nothing. */
                if (r == -EAGAIN)
                        r = interrupts_await(-1, 0, CONNECT_MSEC);
                if (r < 0)
                        return r;
        }
        return fd < 0 ? -errno : TAKE_FD(fd);
}

int steps_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        return steps_connect_to(SOCK_STREAM, &address);
}

/* The kernel takes the first part as a whole: nothing is in the queue yet. */
int steps_send_text(int socket, const char *text, int fd) {
        enum { PART = 32768 };
        const size_t size = strlen(text);
        struct iovec part = { .iov_base = (char *) text, .iov_len = MIN(size, PART) };
        int r = packet_send(socket, &part, 1, &fd, 1, 0);

        for (size_t sent = part.iov_len; r >= 0 && sent < size;) {
                ssize_t n;

                r = interrupts_await(socket, POLLOUT, -1);
                n = r < 0 ? 0 : send(socket, text + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        r = -errno;
                sent += n > 0 ? (size_t) n : 0;
        }
        return r < 0 ? r : 0;
}

int steps_send_pidfd(const char *path, const char *kind, pid_t pid, Report *report) {
        struct iovec name = { .iov_base = (char *) kind, .iov_len = strlen(kind) };
        _cleanup_close_ int fd = steps_connect(path), pidfd = sys_pidfd_open(pid, 0);
        int r;

        if (fd < 0)
                return report_error(report, -fd, "--pidfd-socket: cannot connect to %s: %s", path, strerror(-fd));
        r = pidfd < 0 ? -errno : packet_send(fd, &name, 1, &pidfd, 1, 0);
        return r < 0 ? report_error(report, -r, "--pidfd-socket: cannot send the pidfd: %s", strerror(-r)) : 0;
}

/* The name of the terminal comes with it, as runc has it. */
static int pass_terminal(const Console *console, int *terminal, Report *report) {
        struct iovec name = { .iov_base = (char *) "/dev/console", .iov_len = strlen("/dev/console") };
        int r;

        if (console->master && *console->master < 0) {
                *console->master = TAKE_FD(*terminal);
                console->prepare(*console->master);
                return 0;
        }
        r = console->socket < 0 ? -EPROTO : packet_send(console->socket, &name, 1, terminal, 1, 0);
        return r < 0 ? report_error(report, -r, "cannot send the terminal to the console socket: %s", strerror(-r)) : 0;
}

int steps_receive(int socket, Message *ret, int *ret_fd) {
        int r = interrupts_await(socket, POLLIN, -1);

        return r < 0 ? r : message_receive(socket, MESSAGE_TO_ISORUN, ret, ret_fd, 1);
}

static int map_ids(const StepsMapper *mapper, int socket, uint64_t i, int copy, Report *report) {
        int r = mapped_set(mapper->spec, mapper->users, i, copy, report);

        return r < 0 ? r : steps_send(socket, MESSAGE_CONTINUE, report);
}

int steps_hear(int socket, const Console *console, const StepsMapper *mapper, Report *report) {
        for (;;) {
                _cleanup_close_ int fd = -1;
                Message m;
                int r = steps_receive(socket, &m, &fd);

                if (r == -EINTR)
                        return report_error(report, EINTR, "a signal came before the first process was ready");
                if (r <= 0)
                        return report_error(report, ECHILD, "the first process ended before it was ready");
                if (m.type == MESSAGE_FAILED)
                        return report_error(report, m.value, "%s", m.text);
                if (m.type == MESSAGE_GIVEN && mapper)
                        r = map_ids(mapper, socket, (uint64_t) m.value, fd, report);
                else if (m.type != MESSAGE_TERMINAL)
                        return m.type == MESSAGE_STEP && m.value == STEP_BEGUN;
                else
                        r = pass_terminal(console, &fd, report);
                if (r < 0)
                        return r;
        }
}

int steps_connect_console(const SpecProcess *process, const Console *console, Console *ret, Report *report) {
        const char *path = console->path;
        int fd;

        if (path && !process->terminal)
                return report_error(report, EINVAL, "--console-socket: the process has no terminal");
        if (!path && process->terminal && !console->master)
                return report_error(report, EINVAL, "a process with a terminal needs --console-socket, or run and exec "
                                                    "without --detach");
        *ret = *console;
        ret->socket = -1;
        if (!path)
                return 0;
        fd = steps_connect(path);
        if (fd < 0)
                return report_error(report, -fd, "--console-socket: cannot connect to %s: %s", path, strerror(-fd));
        ret->socket = fd;
        return 0;
}

int steps_send(int socket, MessageType type, Report *report) {
        const Message m = { .type = type };
        int r = message_send(socket, &m, NULL, 0);

        return r < 0 ? report_error(report, -r, "the first process ended unexpectedly") : 0;
}
