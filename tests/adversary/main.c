/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adversary list: prints the attempts, one a line: area, name, description, what it needs.
 * adversary outside DIR COMMAND...: prepares what can be attacked, in DIR and around it, and runs the command, in which
 *     the argument @ becomes what "inside" has to know.
 * adversary inside|control FACTS: makes the attempts, and prints a line for each: its name, then "through" or why not.
 */
#include "adversary.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
        PATIENCE = 5, /* seconds for one attempt */
        NO_ERRNO = 255,
};

static const Area *const areas[] = {
        &area_namespaces, &area_mounts, &area_files, &area_proc, &area_processes, &area_ids, &area_sockets,
        &area_network, &area_kernel, &area_fds, &area_code, &area_devices, &area_supplies, &area_watchers,
};

#define FOREACH_ATTEMPT(area, a)                                                                                       \
        for (const Area *const *area = areas; area < areas + sizeof(areas) / sizeof(areas[0]); area++)                 \
                for (const Attempt *a = (*area)->attempts; a < (*area)->attempts + (*area)->n; a++)

int result(long r) {
        return r < 0 ? -errno : 0;
}

static int make(const Facts *facts, const Attempt *a) {
        int r;

        if (a->try)
                r = a->try(facts, a);
        else
                r = result(syscall(a->number, a->args[0], a->args[1], a->args[2], a->args[3], a->args[4], a->args[5]));
        return a->reaches && r == -a->reaches ? 0 : r;
}

/* The control changes mounts and names of its own only. */
static void protect_machine(void) {
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                _exit(NO_ERRNO);
}

static void attempt_in_child(const Facts *facts, const Attempt *a) {
        int r;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGALRM, SIG_DFL);
        alarm(PATIENCE);
        if (facts->control)
                protect_machine();
        r = make(facts, a);
        /* Once more with all capabilities in a user namespace of its own, if the policy lets it have one. */
        if (r < 0 && !facts->control && own_world(CLONE_NEWUSER) == 0)
                r = make(facts, a);
        _exit(r > -NO_ERRNO ? -r : NO_ERRNO);
}

static void print_result(const Attempt *a, int status) {
        const char *through = a->asks ? "asks" : "through";

        if (WIFSIGNALED(status))
                printf("%s\t%s\n", a->name, sigabbrev_np(WTERMSIG(status)));
        else if (WEXITSTATUS(status) == 0)
                printf("%s\t%s\n", a->name, through);
        else if (strerrorname_np(WEXITSTATUS(status)))
                printf("%s\t%s\n", a->name, strerrorname_np(WEXITSTATUS(status)));
        else
                printf("%s\t%d\n", a->name, WEXITSTATUS(status));
        fflush(stdout);
}

/* Until the process outside has looked for the effect: it takes the line out of the pipe after that. */
static void wait_for_outside(void) {
        int unread = 1;

        for (int ms = 0; ms < PATIENCE * 1000 && unread > 0; ms++)
                if (ioctl(STDOUT_FILENO, FIONREAD, &unread) < 0 || (unread > 0 && poll(NULL, 0, 1) < 0))
                        break;
}

int inside(const Facts *facts) {
        int status;
        pid_t pid;

        FOREACH_ATTEMPT(area, a) {
                pid = fork();
                if (pid < 0)
                        return -errno;
                if (pid == 0)
                        attempt_in_child(facts, a);
                if (waitpid(pid, &status, 0) != pid)
                        return -errno;
                print_result(a, status);
                if (a->asks)
                        wait_for_outside();
        }
        printf("end\tend\n");
        return 0;
}

static void list(void) {
        FOREACH_ATTEMPT(area, a)
                printf("%s\t%s\t%s\t%s\n", (*area)->title, a->name, a->what, a->needs ? a->needs : "");
}

int facts_print(const Facts *f, char *text, size_t size) {
        int n = snprintf(text, size, "%d,%d,%d,%d,%d,%s,%s,%s", f->tcp, f->udp, f->pid, f->key, f->terminal,
                         f->name, f->secret, f->setuid);

        return n > 0 && (size_t) n < size ? 0 : -E2BIG;
}

int facts_parse(const char *text, Facts *ret) {
        Facts f = { 0 };

        if (sscanf(text, "%d,%d,%d,%d,%d,%63[^,],%127[^,],%127[^,]", &f.tcp, &f.udp, &f.pid, &f.key, &f.terminal,
                   f.name, f.secret, f.setuid) != 8)
                return -EINVAL;
        *ret = f;
        return 0;
}

int main(int argc, char *argv[]) {
        Facts facts;
        int r = -EINVAL;

        if (argc == 2 && strcmp(argv[1], "uid") == 0) /* a set-user-ID program by now */
                return geteuid() != getuid() ? EXIT_SUCCESS : EXIT_FAILURE;
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
                list();
                return EXIT_SUCCESS;
        }
        if (argc > 3 && strcmp(argv[1], "outside") == 0)
                r = outside(argv[2], argv + 3);
        else if (argc > 2 && facts_parse(argv[2], &facts) == 0) {
                facts.control = strcmp(argv[1], "control") == 0;
                r = inside(&facts);
        }
        if (r < 0)
                fprintf(stderr, "adversary: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}
