/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that isolates itself. tests/suites/library.sh runs it; its first argument says what it does. It prints what
 * the library returned, and what it sees then. */
#include <errno.h>
#include <isorun/isorun.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In two parts, as of a program and its library. */
ISORUN_POLICY("[Policy]\n"
              "Description=A test of libisorun\n"
              "[Sandbox]\n"
              "MemoryDenyWriteExecute=yes\n")
ISORUN_POLICY("[Sandbox]\n"
              "Environment=FROM_NOTE=yes\n"
              "PassEnvironment=FROM_CALLER\n")

#ifdef WITH_LIMITS
ISORUN_POLICY("[Scope]\n"
              "RuntimeMaxSec=1h\n")
#endif

#ifdef WITHOUT_PROCESSES
ISORUN_POLICY("[Sandbox]\n"
              "SystemCallFilter=~@process\n")
#endif

#ifdef WITH_GRANTS
ISORUN_POLICY("[Sandbox]\n"
              "GrantPaths=/mnt/in\n"
              "ConnectTo=localhost:9797\n")
#endif

#ifdef WITH_PEERS
ISORUN_POLICY("[Sandbox]\n"
              "ConnectTo=localhost.example:443\n")
#endif

static void log_line(void *userdata, int priority, const char *line) {
        (void) fprintf(userdata, "%s: %s\n", priority == 3 ? "error" : "notice", line);
}

static const char *error_name(int r) {
        return r < 0 ? strerrorname_np(-r) : r == 0 ? "0" : "1";
}

static void *wait_for_ever(void *unused) {
        (void) unused;
        return pause() ? NULL : NULL;
}

/* Isolates, and prints whether this is a sandbox. */
static int show(int argc, char *argv[], unsigned flags) {
        int r = isorun_isolate(argc, argv, flags, log_line, stderr);

        printf("%s %s no_new_privs=%d FROM_NOTE=%s FROM_CALLER=%s\n", error_name(r), argv[argc - 1],
               prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), getenv("FROM_NOTE"), getenv("FROM_CALLER"));
        return r < 0 ? 125 : 7;
}

/* With another disposition of SIGCHLD and a blocked signal, which are as before afterwards, as is the process's name. */
static int run_twice(int argc, char *argv[]) {
        struct sigaction action;
        char name[16] = "";
        sigset_t mask;
        int status = -1, r;

        (void) signal(SIGCHLD, SIG_IGN);
        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR1);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        for (int i = 0; i < 2; i++) {
                r = isorun_run(argc, argv, 0, log_line, stderr, &status);
                if (r == 1)
                        exit(atoi(argv[2]));
                (void) sigprocmask(SIG_BLOCK, NULL, &mask);
                (void) sigaction(SIGCHLD, NULL, &action);
                (void) prctl(PR_GET_NAME, name);
                printf("%s %s status %d, ignored %d, blocked %d %d\n", name, error_name(r), WEXITSTATUS(status),
                       action.sa_handler == SIG_IGN, sigismember(&mask, SIGUSR1), sigismember(&mask, SIGTERM));
        }
        return 0;
}

/* "hand-over" may follow. */
static int stay(int argc, char *argv[]) {
        if (isorun_isolate(argc, argv, argc > 2 ? ISORUN_HAND_OVER : 0, log_line, stderr) < 0)
                return 125;
        printf("inside\n");
        (void) fflush(stdout);
        for (;;)
                pause();
}

enum { THREADS = 4, CALLS = 20 };

static int answers[THREADS];

static void *ask(void *answer) {
        for (int i = 0; i < CALLS; i++)
                *(int *) answer += isorun_is_isolated(NULL, NULL);
        return NULL;
}

static volatile sig_atomic_t signalled;

static void note_signal(int signal) {
        signalled = signal;
}

/* In several threads, while another one waits for its own children: it must see neither those of the library nor their
 * signals, and its handler must stay. */
static int ask_in_threads(void) {
        struct sigaction action;
        pthread_t threads[THREADS];
        int lost = 0, found = 0, sum = 0;

        (void) signal(SIGCHLD, note_signal);
        for (int i = 0; i < THREADS; i++)
                if (pthread_create(&threads[i], NULL, ask, &answers[i]) != 0)
                        return 1;
        for (int i = 0; i < THREADS;) {
                (void) sigaction(SIGCHLD, NULL, &action);
                lost += action.sa_handler != note_signal;
                found += waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
                i += pthread_tryjoin_np(threads[i], NULL) == 0;
        }
        for (int i = 0; i < THREADS; i++)
                sum += answers[i];
        printf("%d answers, handler lost %d, children %d, signal %d\n", sum, lost, found, (int) signalled);
        return 0;
}

int main(int argc, char *argv[]) {
        const char *what = argc > 1 ? argv[1] : "show";
        pthread_t thread;

        if (strcmp(what, "is") == 0)
                return printf("%s\n", error_name(isorun_is_isolated(log_line, stdout))) < 0;
        if (strcmp(what, "ask") == 0)
                return ask_in_threads();
        if (strcmp(what, "run") == 0)
                return run_twice(argc, argv);
        if (strcmp(what, "stay") == 0)
                return stay(argc, argv);
        if (strcmp(what, "silent") == 0)
                return printf("%s\n", error_name(isorun_isolate(argc, argv, ~0U, NULL, NULL))) < 0;
        if (strcmp(what, "version") == 0)
                return puts(isorun_version()) < 0;
        if (strcmp(what, "threads") == 0 && pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
                return 1;
        if (strcmp(what, "closed") == 0)
                (void) close(STDIN_FILENO);
        if (strcmp(what, "removed") == 0)
                (void) unlink(argv[0]);
        if (strcmp(what, "chroot") == 0 && chroot(argv[2]) < 0)
                return 1;
        return show(argc, argv, strcmp(what, "hand-over") == 0 ? ISORUN_HAND_OVER : 0);
}
