/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that isolates itself, and then enters stages: stages WORD... A word is a stage to enter, or "thread" to
 * make a thread, which makes the attempts from then on, or "fork" to go on in a child, or "fds" to count open fds. It
 * prints what each attempt
 * returned at the beginning, and after each word. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <isorun/isorun.h>
#include <linux/capability.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

ISORUN_POLICY("[Sandbox]\n"
              "ConnectTo=10.9.8.7:7001=127.0.0.1:7001 10.9.8.6:7002=127.0.0.1:7002\n"
              "AmbientCapabilities=CAP_CHOWN CAP_FOWNER\n"
              "[Stage.calls]\n"
              "SystemCallFilter=~execve execveat\n"
              "[Stage.half]\n"
              "ReadOnlyPaths=/\n"
              "ReadWritePaths=/tmp -/tmp/nowhere\n"
              "NoExecPaths=/\n"
              "ExecPaths=/usr/lib\n"
              "ConnectTo=10.9.8.6:7002\n"
              "CapabilityBoundingSet=~CAP_CHOWN\n"
              "[Stage.serving]\n"
              "SystemCallFilter=~execve execveat\n"
              "ReadOnlyPaths=/\n"
              "ConnectTo=\n"
              "CapabilityBoundingSet=\n"
              "[Stage.blind]\n"
              "InaccessiblePaths=/\n"
              "[Stage.alone]\n"
              "SystemCallFilter=~@process\n"
              "[Stage.missing]\n"
              "ReadOnlyPaths=/\n"
              "ReadWritePaths=/tmp/nowhere\n")

static void log_line(void *userdata, int priority, const char *line) {
        (void) userdata;
        printf("%s: %s\n", priority == 3 ? "error" : "notice", line);
}

static int execute(void) {
        extern char **environ;
        char *arguments[] = { (char *) "true", NULL };
        int status = 0, r;
        pid_t pid;

        r = posix_spawn(&pid, "/usr/bin/true", NULL, NULL, arguments, environ);
        return r ? r : waitpid(pid, &status, 0) < 0 || status != 0 ? ECHILD : 0;
}

static int open_for(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC, 0600), error = errno;

        return fd < 0 ? error : close(fd);
}

static int connect_to(const char *address, uint16_t port, int flags) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

        (void) inet_pton(AF_INET, address, &a.sin_addr);
        r = flags ? (int) sendto(s, "", 0, flags | MSG_NOSIGNAL, (struct sockaddr *) &a, sizeof(a))
                  : connect(s, (struct sockaddr *) &a, sizeof(a));
        r = r < 0 ? errno : 0;
        (void) close(s);
        return r;
}

static unsigned capabilities(void) {
        struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct d[2] = {};

        return syscall(SYS_capget, &h, d) < 0 ? ~0U : d[0].permitted | d[0].effective | d[0].inheritable;
}

static void attempt(void) {
        const struct {
                const char *name;
                int error;
        } all[] = {
                { "exec", execute() },
                { "tmp", open_for("/tmp/new", O_CREAT | O_WRONLY) },
                { "run", open_for("/run/new", O_CREAT | O_WRONLY) },
                { "null", open_for("/dev/null", O_WRONLY) },
                { "read", open_for("/usr/lib/os-release", O_RDONLY) },
                { "chmod", chmod("/run/old", 0640) < 0 ? errno : 0 },
                { "truncate", truncate("/run/old", 0) < 0 ? errno : 0 },
                { "peer1", connect_to("10.9.8.7", 7001, 0) },
                { "peer2", connect_to("10.9.8.6", 7002, 0) },
                { "fast", connect_to("10.9.8.7", 7001, MSG_FASTOPEN) },
        };

        for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
                printf("%s=%s ", all[i].name, all[i].error ? strerrorname_np(all[i].error) : "0");
        printf("capabilities=%x\n", capabilities());
        (void) fflush(stdout);
}

static sem_t go, done;

static void *attempt_for_ever(void *unused) {
        for (;;) {
                (void) sem_wait(&go);
                attempt();
                (void) sem_post(&done);
        }
        return unused;
}

static int fork_and_wait(void) {
        pid_t pid = fork();
        int status = 0;

        if (pid > 0)
                exit(waitpid(pid, &status, 0) < 0 ? 1 : WEXITSTATUS(status));
        return pid;
}

static bool threads;

static int make_thread(void) {
        pthread_t thread;

        threads = true;
        if (sem_init(&go, 0, 0) < 0 || sem_init(&done, 0, 0) < 0)
                return -1;
        return -pthread_create(&thread, NULL, attempt_for_ever, NULL);
}

static int print_fds(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return printf("%u fds\n", n);
}

static int take_word(const char *word) {
        int r = 0;

        if (strcmp(word, "thread") == 0)
                return make_thread();
        if (strcmp(word, "fds") == 0)
                return print_fds();
        r = strcmp(word, "fork") == 0 ? fork_and_wait() : isorun_restrict(word, log_line, NULL);
        printf("%s %s: ", word, r < 0 ? strerrorname_np(-r) : "0");
        (void) fflush(stdout);
        if (threads)
                return sem_post(&go) < 0 || sem_wait(&done) < 0 ? -1 : 0;
        attempt();
        return 0;
}

int main(int argc, char *argv[]) {
        if (argc > 1 && strcmp(argv[1], "outside") == 0)
                return printf("%s %s\n", strerrorname_np(-isorun_restrict("calls", log_line, NULL)),
                              strerrorname_np(-isorun_restrict(NULL, log_line, NULL))) < 0;
        if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
                return 125;
        (void) open_for("/run/old", O_CREAT | O_WRONLY);
        printf("start: ");
        attempt();
        for (int i = 1; i < argc; i++)
                if (take_word(argv[i]) < 0)
                        return 1;
        return 7;
}
