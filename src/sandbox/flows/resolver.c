/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/network/peers.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"

enum { LOOKUPS_MAX = 16 }; /* at a time */

typedef struct Resolver {
        const Plan *plan;
        int socket;
        sem_t free;
} Resolver;

typedef struct Question {
        Resolver *resolver;
        ResolverQuestion question;
} Question;

/* The name to look up, or NULL. The process that asks may be in the hands of the payload. */
static const char *name_of(const Plan *plan, const ResolverQuestion *q) {
        const PlanPeer *p = q->peer < plan->n_peers ? &plan->peers[q->peer] : NULL;

        if (p && !peer_follows_name(p))
                return p->target;
        if (!memchr(q->name, '\0', sizeof(q->name)))
                return NULL;
        return (p ? peer_matches(p, q->name) : plan->grant_peers) ? q->name : NULL;
}

/* Whether the payload has made up the name, for a pattern. */
static bool is_made_up(const Plan *plan, const ResolverQuestion *q) {
        return q->peer < plan->n_peers && peer_follows_name(&plan->peers[q->peer]);
}

/* If there is no such name, glibc asks for it in the host's search domains: resolv.conf(5). There, names of a pattern
 * would lead to other hosts than the pattern's, and tell the owner of the domain what the payload wants. The setting is
 * this thread's. */
static int search_nowhere_else(void) {
        if (res_init() < 0)
                return -EIO;
        _res.options &= ~(unsigned long) RES_DNSRCH;
        return 0;
}

static void look_up(const char *name, bool made_up, ResolverAnswer *answer) {
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
        struct addrinfo *found = NULL;

        if (!name || (made_up && search_nowhere_else() < 0) || getaddrinfo(name, NULL, &hints, &found) != 0)
                return;
        for (const struct addrinfo *i = found; i && answer->n < RESOLVER_ADDRESSES; i = i->ai_next)
                if (i->ai_addrlen <= sizeof(Address))
                        memcpy(&answer->addresses[answer->n++], i->ai_addr, i->ai_addrlen);
        freeaddrinfo(found);
}

static void *run(void *argument) {
        Question question = *(Question *) argument;
        ResolverAnswer answer = { .id = question.question.id };
        const Plan *plan = question.resolver->plan;

        free(argument);
        look_up(name_of(plan, &question.question), is_made_up(plan, &question.question), &answer);
        (void) send(question.resolver->socket, &answer, sizeof(answer), MSG_NOSIGNAL);
        (void) sem_post(&question.resolver->free);
        return NULL;
}

static void begin(Resolver *r, const ResolverQuestion *q) {
        Question *question = malloc(sizeof(*question));
        ResolverAnswer none = { .id = q->id };
        pthread_t thread;

        if (question) {
                *question = (Question) { r, *q };
                if (pthread_create(&thread, NULL, run, question) == 0) {
                        (void) pthread_detach(thread);
                        return;
                }
        }
        free(question);
        (void) send(r->socket, &none, sizeof(none), MSG_NOSIGNAL);
        (void) sem_post(&r->free);
}

/* The listeners and the other sockets of isorun-flows are not for it. */
static void keep_socket(int fd) {
        if (fd > STDERR_FILENO + 1)
                (void) close_range(STDERR_FILENO + 1, (unsigned) fd - 1, 0);
        (void) close_range((unsigned) fd + 1, ~0U, 0);
}

_Noreturn static void resolver_main(Resolver *r) {
        ResolverQuestion question;

        keep_socket(r->socket);
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) process_hide_arguments("isorun-resolver");
        (void) prctl(PR_SET_NAME, "isorun-resolver");
        (void) sem_init(&r->free, 0, LOOKUPS_MAX);
        for (;;) {
                while (sem_wait(&r->free) < 0)
                        ;
                if (TEMP_FAILURE_RETRY(recv(r->socket, &question, sizeof(question), 0)) != sizeof(question))
                        _exit(0);
                begin(r, &question);
        }
}

/* Returns a pidfd of the child, which is not waited for yet, or -errno. */
static int open_child(pid_t pid) {
        int fd = pid < 0 ? -1 : sys_pidfd_open(pid, 0);

        return fd < 0 ? -errno : fd;
}

int resolver_start(const Plan *plan, int *ret_pidfd) {
        Resolver r = { .plan = plan };
        int fds[2], pidfd;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                r.socket = fds[1];
                resolver_main(&r);
        }
        pidfd = open_child(pid);
        close(fds[1]);
        if (pidfd < 0) {
                close(fds[0]);
                return pidfd;
        }
        *ret_pidfd = pidfd;
        return fds[0];
}

void resolver_end(int pidfd) {
        if (pidfd < 0)
                return;
        (void) sys_pidfd_send_signal(pidfd, SIGKILL);
        /* Otherwise it would be left to PID 1, which in a container may never wait for it. */
        (void) TEMP_FAILURE_RETRY(wait4(-1, NULL, 0, NULL));
        fd_close(pidfd);
}
