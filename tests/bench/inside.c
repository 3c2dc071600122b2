/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inside SCALE: prints what some system calls take, in nanoseconds, the fastest of several tries. tests/bench/run runs it
 * outside and in sandboxes. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int to_child[2], to_parent[2]; /* pipes of a child that sends each byte back */
static char *self;

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

_Noreturn static void die(const char *what) {
        perror(what);
        exit(1);
}

static void do_getppid(void) {
        (void) getppid();
}

static void do_open(void) {
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                die("/usr/bin/env");
        close(fd);
}

static void do_stat(void) {
        struct stat st;

        if (stat("/usr/bin/env", &st) < 0)
                die("/usr/bin/env");
}

static void do_pipe(void) {
        char byte = 0;

        if (write(to_child[1], &byte, 1) != 1 || read(to_parent[0], &byte, 1) != 1)
                die("pipe");
}

static void reap(pid_t pid) {
        int status;

        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
                die("child");
}

static void do_fork(void) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        reap(pid);
}

static void do_exec(void) {
        pid_t pid = fork();

        if (pid == 0) {
                execl(self, self, (char *) NULL);
                _exit(1);
        }
        reap(pid);
}

static int listener = -1;
static struct sockaddr_in address = { .sin_family = AF_INET };

static void begin_listening(void) {
        socklen_t size = sizeof(address);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener < 0 || bind(listener, (struct sockaddr *) &address, size) < 0 || listen(listener, 16) < 0 ||
            getsockname(listener, (struct sockaddr *) &address, &size) < 0)
                die("listen");
}

static void do_loopback(void) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

        if (client < 0 || connect(client, (struct sockaddr *) &address, sizeof(address)) < 0)
                die("connect");
        server = accept(listener, NULL, NULL);
        if (server < 0)
                die("accept");
        close(server);
        close(client);
}

static void measure(const char *name, void (*work)(void), int count) {
        enum { TRIES = 5 };
        double best = 1e18;

        work();
        for (int i = 0; i < TRIES; i++) {
                double begin = now(), taken;

                for (int k = 0; k < count; k++)
                        work();
                taken = (now() - begin) / count;
                if (taken < best)
                        best = taken;
        }
        printf("%s %.0f\n", name, best);
}

/* Ends with the parent, which has the other end of the pipe. */
static void begin_echo(void) {
        char byte;

        if (pipe(to_child) < 0 || pipe(to_parent) < 0)
                die("pipe");
        if (fork() != 0)
                return;
        close(to_child[1]);
        while (read(to_child[0], &byte, 1) == 1)
                if (write(to_parent[1], &byte, 1) != 1)
                        break;
        _exit(0);
}

int main(int argc, char *argv[]) {
        int scale = argc > 1 ? atoi(argv[1]) : 0;

        if (scale <= 0) /* from do_exec() */
                return 0;
        self = argv[0];
        begin_echo();
        begin_listening();
        measure("getppid", do_getppid, scale * 1000);
        measure("open and close a file", do_open, scale * 100);
        measure("stat of a file", do_stat, scale * 100);
        measure("pipe, there and back", do_pipe, scale * 50);
        measure("connection over loopback", do_loopback, scale * 10);
        measure("fork", do_fork, scale * 10);
        measure("fork and exec", do_exec, scale * 5);
        return 0;
}
