/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process outside: what an attempt might reach. It leads a session with a terminal, and the sandbox is in its
 * process group. It reads what the attempts come to, and decides of some of them itself. */
#include "adversary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "secret\n"

typedef struct Outside {
        Facts facts;
        char input[128], error[128];
        int signals, udp; /* fds that become readable when something comes */
        int shm, sem, msg;
        int nice;
        long ioprio;
} Outside;

static int listen_inet(int type, int *ret_port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) < 0 ||
            getsockname(fd, (struct sockaddr *) &address, &size) < 0)
                return -errno;
        if (type == SOCK_STREAM && listen(fd, 64) < 0)
                return -errno;
        *ret_port = ntohs(address.sin_port);
        return fd;
}

static int listen_unix(const char *name, size_t length) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        memcpy(address.sun_path, name, length);
        if (bind(fd, (struct sockaddr *) &address, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)) < 0)
                return -errno;
        return listen(fd, 64) < 0 ? -errno : fd;
}

/* An abstract socket, and one in a directory that the policies show. */
static int listen_local(const char *name) {
        char text[108];
        int n = snprintf(text, sizeof(text), "@%s", name), fd;

        text[0] = 0;
        fd = listen_unix(text, (size_t) n);
        if (fd < 0)
                return fd;
        n = snprintf(text, sizeof(text), "/opt/adversary/%s", name);
        fd = listen_unix(text, (size_t) n + 1);
        return fd < 0 ? fd : result(chmod(text, 0666));
}

static int make_file(const char *path, int mode) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

        if (fd < 0)
                return -errno;
        if (fchmod(fd, (mode_t) mode) < 0 || write(fd, SECRET, strlen(SECRET)) < 0)
                return -errno;
        return close(fd);
}

static int make_ipc(Outside *o) {
        char name[sizeof(o->facts.name) + 1];
        int fd;

        (void) snprintf(name, sizeof(name), "/%s", o->facts.name);
        o->facts.key = o->facts.pid | 0x40000000;
        o->shm = shmget(o->facts.key, 1, IPC_CREAT | 0666);
        o->sem = semget(o->facts.key, 1, IPC_CREAT | 0666);
        o->msg = msgget(o->facts.key, IPC_CREAT | 0666);
        if (o->shm < 0 || o->sem < 0 || o->msg < 0)
                return -errno;
        fd = mq_open(name, O_RDWR | O_CREAT, 0666, NULL);
        if (fd < 0 || fchmod(fd, 0666) < 0)
                return -errno;
        fd = shm_open(name, O_RDWR | O_CREAT, 0666);
        if (fd < 0 || fchmod(fd, 0666) < 0)
                return -errno;
        /* In the keyring of the user, and in that of the session. */
        if (syscall(SYS_add_key, "user", o->facts.name, "x", 1, KEY_SPEC_USER_KEYRING) < 0 ||
            syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
            syscall(SYS_add_key, "user", o->facts.name, "x", 1, KEY_SPEC_SESSION_KEYRING) < 0)
                return -errno;
        return 0;
}

static void remove_ipc(const Outside *o) {
        char name[sizeof(o->facts.name) + 1];
        long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", o->facts.name, 0);

        (void) snprintf(name, sizeof(name), "/%s", o->facts.name);
        (void) shmctl(o->shm, IPC_RMID, NULL);
        (void) semctl(o->sem, 0, IPC_RMID);
        (void) msgctl(o->msg, IPC_RMID, NULL);
        (void) mq_unlink(name);
        (void) shm_unlink(name);
        if (key >= 0)
                (void) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

/* The terminal of the session, in which the process group of the sandbox is, too. */
static int take_terminal(int *ret_number) {
        int master, slave;

        if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
                return -errno;
        if (ioctl(master, TIOCGPTN, ret_number) < 0 || setsid() < 0)
                return -errno;
        return result(ioctl(slave, TIOCSCTTY, 0));
}

static int take_signals(Outside *o) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGURG);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        o->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return o->signals < 0 ? -errno : 0;
}

static int prepare(Outside *o, const char *directory) {
        Facts *f = &o->facts;
        int fd;

        f->pid = getpid();
        (void) snprintf(f->name, sizeof(f->name), "adversary-%d", f->pid);
        (void) snprintf(f->secret, sizeof(f->secret), "%s/secret.%d", directory, f->pid);
        (void) snprintf(f->setuid, sizeof(f->setuid), "%s/programs/setuid", directory);
        (void) snprintf(o->input, sizeof(o->input), "%s/input.%d", directory, f->pid);
        (void) snprintf(o->error, sizeof(o->error), "%s/error.%d", directory, f->pid);
        fd = listen_inet(SOCK_STREAM, &f->tcp);
        if (fd < 0)
                return fd;
        o->udp = listen_inet(SOCK_DGRAM, &f->udp);
        if (o->udp < 0)
                return o->udp;
        fd = listen_local(f->name);
        if (fd < 0)
                return fd;
        if (make_file(f->secret, 0644) < 0 || make_file(o->input, 0666) < 0 || make_file(o->error, 0666) < 0)
                return -errno;
        fd = make_ipc(o);
        if (fd < 0)
                return fd;
        fd = take_terminal(&f->terminal);
        return fd < 0 ? fd : take_signals(o);
}

static bool got_signal(Outside *o) {
        struct signalfd_siginfo info;

        return read(o->signals, &info, sizeof(info)) > 0;
}

static bool got_datagram(Outside *o) {
        char byte;

        return recv(o->udp, &byte, 1, MSG_DONTWAIT) == 1;
}

static bool got_nice(Outside *o) {
        bool changed = getpriority(PRIO_PROCESS, 0) != o->nice;

        (void) setpriority(PRIO_PROCESS, 0, o->nice);
        return changed;
}

static bool got_ioprio(Outside *o) {
        bool changed = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) != o->ioprio;

        (void) syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, o->ioprio);
        return changed;
}

/* Whether an attempt had the effect that only this process sees. */
static bool noticed(Outside *o, const char *name) {
        static const struct {
                const char *name;
                bool (*got)(Outside *o);
        } effects[] = {
                { "kill-group", got_signal }, { "kill-host", got_signal }, { "queue-host", got_signal },
                { "pidfd-host", got_signal }, { "nice-group", got_nice }, { "nice-host", got_nice },
                { "ioprio-group", got_ioprio }, { "udp-host", got_datagram },
        };

        for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
                if (strcmp(effects[i].name, name) == 0)
                        return effects[i].got(o);
        return false;
}

static void relay_line(Outside *o, const char *line, size_t size) {
        char name[64] = "";

        if (sscanf(line, "%63[^\t]\t", name) == 1 && strncmp(line + strlen(name), "\tasks\n", 6) == 0)
                printf("%s\t%s\n", name, noticed(o, name) ? "through" : "unnoticed");
        else
                (void) fwrite(line, 1, size, stdout);
}

/* Each line is one write. It stays in the pipe until it has been dealt with, for the process inside waits for that. */
static int relay(Outside *o, int fd) {
        char text[4096 + 1];
        int copy[2];
        ssize_t n;

        if (pipe2(copy, O_CLOEXEC) < 0)
                return -errno;
        while ((n = tee(fd, copy[1], sizeof(text) - 1, 0)) > 0) {
                if (read(copy[0], text, (size_t) n) != n)
                        return -EIO;
                text[n] = 0;
                for (char *line = text, *end; *line; line = end) {
                        end = strchrnul(line, '\n');
                        end += *end == '\n';
                        relay_line(o, line, (size_t) (end - line));
                }
                if (read(fd, text, (size_t) n) != n)
                        return -EIO;
        }
        return result(n);
}

/* Runs the command with the fds that the attempts expect, and one of a directory and one of a file that they should not
 * find. */
static void run_command(const Outside *o, const int *output, char *command[]) {
        char facts[512];
        int in = open(o->input, O_RDONLY | O_CLOEXEC), err = open(o->error, O_WRONLY | O_APPEND | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (facts_print(&o->facts, facts, sizeof(facts)) < 0 || dup2(in, 0) < 0 || dup2(output[1], 1) < 0 ||
            dup2(err, 2) < 0)
                _exit(EXIT_FAILURE);
        if (open("/", O_RDONLY | O_DIRECTORY) < 0 || open("/etc/passwd", O_RDONLY) < 0)
                _exit(EXIT_FAILURE);
        for (char **p = command; *p; p++)
                if (strcmp(*p, "@") == 0)
                        *p = facts;
        execvp(command[0], command);
        _exit(127);
}

/* Prints what the command has written to standard error, after what the file began with. */
static void show_errors(const Outside *o) {
        char text[4096];
        int fd = open(o->error, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (pread(fd, text, strlen(SECRET), 0) == (ssize_t) strlen(SECRET) && memcmp(text, SECRET, strlen(SECRET)) == 0)
                (void) lseek(fd, (off_t) strlen(SECRET), SEEK_SET);
        while (fd >= 0 && (n = read(fd, text, sizeof(text))) > 0)
                if (write(STDERR_FILENO, text, (size_t) n) != n)
                        break;
}

static int attack(Outside *o, char *command[]) {
        int output[2], status, r;
        pid_t pid;

        o->nice = getpriority(PRIO_PROCESS, 0);
        /* Without one of its own, the kernel may tell another one after each read from a disk. */
        o->ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4);
        if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, o->ioprio) < 0)
                return -errno;
        if (pipe2(output, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_command(o, output, command);
        close(output[1]);
        r = relay(o, output[0]);
        if (r < 0)
                return r;
        if (waitpid(pid, &status, 0) != pid)
                return -errno;
        show_errors(o);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In a child, which can lead a session whatever its parent is. */
static int lead(const char *directory, char *command[]) {
        Outside o = { 0 };
        int r = prepare(&o, directory);

        if (r == 0)
                r = attack(&o, command);
        remove_ipc(&o);
        if (r < 0)
                fprintf(stderr, "adversary: %s\n", strerror(-r));
        fflush(stdout);
        return r < 0 ? EXIT_FAILURE : r;
}

int outside(const char *directory, char *command[]) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(lead(directory, command));
        if (waitpid(pid, &status, 0) != pid)
                return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
