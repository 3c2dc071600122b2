/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"

enum { LOOKUPS_MAX = 16 }; /* at a time */

typedef struct Resolver {
        const Plan *plan;
        int socket;
        sem_t free;
} Resolver;

typedef struct Lookup {
        Resolver *resolver;
        uint32_t peer;
} Lookup;

static void look_up(const PlanPeer *p, ResolverAnswer *answer) {
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
        struct addrinfo *found = NULL;
        char port[8];

        snprintf(port, sizeof(port), "%u", p->target_port);
        if (getaddrinfo(p->target, port, &hints, &found) != 0)
                return;
        for (const struct addrinfo *i = found; i && answer->n < RESOLVER_ADDRESSES; i = i->ai_next)
                if (i->ai_addrlen <= sizeof(Address))
                        memcpy(&answer->addresses[answer->n++], i->ai_addr, i->ai_addrlen);
        freeaddrinfo(found);
}

static void *run(void *argument) {
        Lookup lookup = *(Lookup *) argument;
        ResolverAnswer answer = { .peer = lookup.peer };

        free(argument);
        look_up(&lookup.resolver->plan->peers[lookup.peer], &answer);
        (void) send(lookup.resolver->socket, &answer, sizeof(answer), MSG_NOSIGNAL);
        (void) sem_post(&lookup.resolver->free);
        return NULL;
}

static void begin(Resolver *r, uint32_t peer) {
        Lookup *lookup = malloc(sizeof(*lookup));
        ResolverAnswer none = { .peer = peer };
        pthread_t thread;

        if (lookup) {
                *lookup = (Lookup) { r, peer };
                if (pthread_create(&thread, NULL, run, lookup) == 0) {
                        (void) pthread_detach(thread);
                        return;
                }
        }
        free(lookup);
        (void) send(r->socket, &none, sizeof(none), MSG_NOSIGNAL);
        (void) sem_post(&r->free);
}

_Noreturn static void resolver_main(Resolver *r) {
        uint32_t peer;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) process_hide_arguments("isorun-resolver");
        (void) prctl(PR_SET_NAME, "isorun-resolver");
        (void) sem_init(&r->free, 0, LOOKUPS_MAX);
        for (;;) {
                while (sem_wait(&r->free) < 0)
                        ;
                if (TEMP_FAILURE_RETRY(recv(r->socket, &peer, sizeof(peer), 0)) != sizeof(peer) ||
                    peer >= r->plan->n_peers)
                        _exit(0);
                begin(r, peer);
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
                close(fds[0]);
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
