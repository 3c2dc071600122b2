/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/terminal-output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

static pid_t pager;

bool output_is_terminal(void) {
        return pager > 0 || isatty(STDOUT_FILENO);
}

static bool terminal_is_dumb(void) {
        const char *term = getenv("TERM");

        return !term || !*term || streq(term, "dumb");
}

bool output_has_colours(void) {
        const char *no_color = getenv("NO_COLOR");

        return output_is_terminal() && !(no_color && *no_color) && !terminal_is_dumb();
}

const char *colour(const char *sequence) {
        if (!output_has_colours())
                return "";
        return sequence ?: "\033[0m";
}

/* Whether the user has these rights through sudo or the like. Such a user may not be allowed to run a shell with them,
 * which a pager can start: systemctl(1), $SYSTEMD_PAGERSECURE. */
static bool wants_secure_pager(void) {
        const char *secure = getenv("SYSTEMD_PAGERSECURE");
        bool b;

        if (secure)
                return parse_boolean(secure, &b) < 0 || b;
        return getenv("SUDO_UID") || getenv("PKEXEC_UID") || geteuid() != getuid();
}

static const char *chosen_pager(void) {
        return getenv("SYSTEMD_PAGER") ?: getenv("PAGER");
}

static void execute(const char *command) {
        _cleanup_strv_free_ char **words = NULL;

        if (word_split(command, &words) >= 0 && words && *words)
                execvp(words[0], words);
}

static void run_pager(int input, bool secure, pid_t parent) {
        const char *chosen = secure ? NULL : chosen_pager();

        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent || dup2(input, STDIN_FILENO) < 0)
                _exit(1);
        /* Quit if all fits, show colours, leave the screen, long prompt, do not wrap: systemctl(1), $SYSTEMD_LESS. */
        setenv("LESS", getenv("SYSTEMD_LESS") ?: "FRSXMK", 1);
        if (getenv("SYSTEMD_LESSCHARSET"))
                setenv("LESSCHARSET", getenv("SYSTEMD_LESSCHARSET"), 1);
        secure ? (void) setenv("LESSSECURE", "1", 1) : (void) unsetenv("LESSSECURE");
        if (chosen)
                execute(chosen);
        execlp("less", "less", NULL);
        if (!secure) {
                execlp("pager", "pager", NULL);
                execlp("more", "more", NULL);
        }
        execlp("cat", "cat", NULL);
        _exit(1);
}

/* The user has left the pager before the end. That is not an error. */
static void on_broken_pipe(_unused_ int sig) {
        (void) waitpid(pager, NULL, 0);
        _exit(0);
}

void pager_open(void) {
        const char *chosen = chosen_pager();
        pid_t parent = getpid();
        bool secure = wants_secure_pager();
        int fds[2];

        if (!isatty(STDOUT_FILENO) || terminal_is_dumb())
                return;
        if (chosen && (!*chosen || streq(chosen, "cat")))
                return;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return;

        pager = fork();
        if (pager == 0)
                run_pager(fds[0], secure, parent);
        if (pager > 0) {
                signal(SIGPIPE, on_broken_pipe);
                dup2(fds[1], STDOUT_FILENO);
                if (isatty(STDERR_FILENO))
                        dup2(fds[1], STDERR_FILENO);
        }
        fd_close(fds[0]);
        fd_close(fds[1]);
}

void pager_close(void) {
        if (pager <= 0)
                return;
        signal(SIGINT, SIG_IGN); /* ^C is for the pager: it stops a search */
        fflush(stdout);
        fflush(stderr);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
                ;
        pager = 0;
}
