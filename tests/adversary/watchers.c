/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters and tracers of its own, against a call that the filter denies in every policy: a larger pipe. isorun --why
 * denies by a tracer, so it must not let the payload answer for that tracer. */
#include "adversary.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int enlarge_pipe(void) {
        int fds[2], r;

        if (pipe(fds) < 0)
                return -errno;
        r = result(fcntl(fds[0], F_SETPIPE_SZ, 2 * 65536));
        close(fds[0]);
        close(fds[1]);
        return r;
}

static int try_pipe(const Facts *facts, const Attempt *a) {
        return enlarge_pipe();
}

/* Gives fcntl(2) this answer. */
static int load(uint32_t answer, unsigned flags) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, answer),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return (int) syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int exit_error(int status) {
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* Answers "continue" to all that the listener tells, until the process has ended. An older kernel does not hang up
 * before somebody has waited for the process. */
static void answer(int listener, pid_t pid) {
        struct pollfd fd = { listener, POLLIN, 0 };
        siginfo_t info = { 0 };

        while (waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
                struct seccomp_notif call = { 0 };
                struct seccomp_notif_resp yes = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

                if (poll(&fd, 1, 100) <= 0 || !(fd.revents & POLLIN) ||
                    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
                        continue;
                yes.id = call.id;
                (void) ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &yes);
        }
}

/* Both processes have the same fds, so that the listener is in both. */
static int try_continue(const Facts *facts, const Attempt *a) {
        pid_t pid;
        int fds[2], status, fd = -1;

        if (pipe(fds) < 0)
                return -errno;
        pid = (pid_t) syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                fd = load(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
                fd = fd < 0 ? -errno : fd;
                if (write(fds[1], &fd, sizeof(fd)) != sizeof(fd) || fd < 0)
                        _exit(fd < 0 ? -fd : EIO);
                _exit(-enlarge_pipe());
        }
        if (read(fds[0], &fd, sizeof(fd)) == sizeof(fd) && fd >= 0)
                answer(fd, pid);
        waitpid(pid, &status, 0);
        if (fd >= 0)
                close(fd);
        close(fds[0]);
        close(fds[1]);
        return exit_error(status);
}

/* Traces the child, if it can, and lets each call go on that a filter stops. */
static int trace(pid_t pid, int ready) {
        int status = 0;

        (void) ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESECCOMP);
        if (write(ready, "", 1) != 1)
                return -errno;
        while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
                (void) ptrace(PTRACE_CONT, pid, NULL, NULL);
        return exit_error(status);
}

static int try_traced(const Facts *facts, const Attempt *a) {
        const unsigned long flags = a->args[0];
        int fds[2], r;
        pid_t pid;
        char c;

        if (pipe(fds) < 0)
                return -errno;
        pid = (pid_t) syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if (read(fds[0], &c, 1) != 1)
                        _exit(EIO);
                _exit(load(SECCOMP_RET_TRACE | (uint32_t) a->args[1], 0) < 0 ? errno : -enlarge_pipe());
        }
        r = trace(pid, fds[1]);
        close(fds[0]);
        close(fds[1]);
        return r;
}

static const Attempt attempts[] = {
        { "pipe-plain", "a pipe of 128 KiB, twice the usual size", try_pipe },
        { "pipe-continue", "the same, let through by a listener of its own (seccomp_unotify)", try_continue },
        { "pipe-traced", "the same, let through by a tracer of its own", try_traced },
        { "pipe-untraced", "the same, in a process that no other may trace (CLONE_UNTRACED)", try_traced,
          .args = { CLONE_UNTRACED } },
        { "pipe-data", "the same, as if isorun's own tracer had asked for it", try_traced, .args = { 0, 0x15e } },
};
AREA(area_watchers, "Filters and tracers of its own");
