/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/asker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sandbox/flows/datagrams.h"
#include "sandbox/flows/flow.h"
#include "sandbox/flows/grants.h"
#include "sandbox/wire/flow-question.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/text.h"

enum { ASKERS_MAX = 8 };

struct Asker {
        Watch watch; /* the first member: the asker is found from it */
        FlowQuestion question;
        size_t n; /* bytes of the question that have come */
        char *answer;
        size_t size, sent;
};

/* Writes a field of a line. A path may have any bytes. */
static void write_field(FILE *f, const char *s) {
        for (; *s; s++)
                putc((unsigned char) *s < ' ' ? '?' : *s, f);
}

static void write_client(FILE *f, const Address *a) {
        _cleanup_free_ char *text = address_format(a);

        fputs(text && *text ? text : "-", f);
}

static void write_flow(const FlowFacts *facts, void *userdata) {
        _cleanup_free_ char *place = facts->peer ? plan_peer_name(facts->peer) : plan_entrance_name(facts->entrance);
        FILE *f = userdata;

        fprintf(f, "flow\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", facts->peer ? "out" : "in",
                facts->peer && facts->peer->is_datagram ? "udp" : "tcp", facts->state, facts->sent, facts->received,
                clock_usec(CLOCK_MONOTONIC) - facts->begun);
        write_field(f, place ?: "?");
        putc('\t', f);
        if (facts->name)
                write_field(f, facts->name);
        else
                write_client(f, &facts->client);
        putc('\n', f);
}

static void count_flow(const FlowFacts *facts, void *userdata) {
        uint64_t *moved = userdata;

        moved[0] += facts->sent;
        moved[1] += facts->received;
}

static void visit(const Server *s, FlowVisitor visitor, void *userdata) {
        flow_visit(s, visitor, userdata);
        datagrams_visit(s, visitor, userdata);
}

static void write_sum(const Server *s, FILE *f) {
        uint64_t moved[2] = { s->sent, s->received };

        visit(s, count_flow, moved);
        fprintf(f, "sum\t%zu\t%zu\t%" PRIu64 "\t%" PRIu64 "\n", s->n_flows, s->n_clients, moved[0], moved[1]);
        for (const PlanPeer *p = s->plan->peers + s->n_planned; p < s->plan->peers + s->plan->n_peers; p++) {
                _cleanup_free_ char *name = grants_has(s, p) ? plan_peer_name(p) : NULL;

                if (name)
                        fprintf(f, "grant\t%s\n", name);
        }
}

static void write_change(Server *s, const FlowQuestion *q, FILE *f) {
        Report report = {};
        int r = (q->type == FLOWS_GRANT ? grants_add : grants_remove)(s, q->peer, &report);

        if (r >= 0)
                return;
        fputs("failed\t", f);
        write_field(f, *report.first.text ? report.first.text : strerror(-r));
        putc('\n', f);
}

/* Returns the lines of the answer, or NULL if memory is short. */
static char *make_lines(Server *s, const FlowQuestion *q) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        if (q->type == FLOWS_LIST)
                visit(s, write_flow, text.f);
        if (q->type == FLOWS_LIST || q->type == FLOWS_SUM)
                write_sum(s, text.f);
        else
                write_change(s, q, text.f);
        fputs("end\n", text.f);
        return text_finish(&text);
}

static void hang_up(Asker *a) {
        server_close(&a->watch);
        free(a->answer);
        a->answer = NULL;
}

/* Sends what isoctl takes at once. */
static void send_more(Asker *a) {
        ssize_t n = send(a->watch.fd, a->answer + a->sent, a->size - a->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n >= 0)
                a->sent += (size_t) n;
        if (a->sent == a->size || (n < 0 && errno != EAGAIN && errno != EINTR))
                hang_up(a);
}

static bool is_question(const FlowQuestion *q) {
        ControlHeader header;

        return control_check_header(q, sizeof(*q), &header) >= 0 && q->type > 0 && q->type < _FLOW_QUESTIONS &&
               memchr(q->peer, '\0', sizeof(q->peer));
}

/* The question is complete. What is not one gets the header alone, which says that the versions differ. */
static int make_answer(Server *s, Asker *a) {
        _cleanup_free_ char *lines = is_question(&a->question) ? make_lines(s, &a->question) : strdup("");
        const size_t n = lines ? strlen(lines) : 0;

        a->answer = lines ? malloc(sizeof(control_header) + n) : NULL;
        if (!a->answer)
                return -ENOMEM;
        memcpy(mempcpy(a->answer, &control_header, sizeof(control_header)), lines, n);
        a->size = sizeof(control_header) + n;
        return 0;
}

static void answer(Server *s, Asker *a) {
        struct epoll_event event = { .events = EPOLLOUT, .data.ptr = &a->watch };

        if (make_answer(s, a) < 0 || epoll_ctl(s->epoll, EPOLL_CTL_MOD, a->watch.fd, &event) < 0)
                hang_up(a);
        else
                send_more(a);
}

static void on_asker(Server *s, Watch *w, _unused_ uint32_t events) {
        Asker *a = (Asker *) w;
        ssize_t n;

        if (a->answer) {
                send_more(a);
                return;
        }
        n = recv(w->fd, (char *) &a->question + a->n, sizeof(a->question) - a->n, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                hang_up(a);
                return;
        }
        a->n += (size_t) n;
        if (a->n == sizeof(a->question))
                answer(s, a);
}

/* A fixed number of connections, so that they cannot take the fds of the flows: the oldest is closed. */
void asker_add(Server *s, int connection) {
        Asker *a;

        if (!s->askers)
                s->askers = calloc(ASKERS_MAX, sizeof(*a));
        if (!s->askers) {
                fd_close(connection);
                return;
        }
        a = &s->askers[s->next_asker++ % ASKERS_MAX];
        if (a->watch.ready)
                hang_up(a);
        *a = (Asker) { .watch = { connection, on_asker } };
        if (server_watch(s, &a->watch, EPOLLIN) < 0)
                hang_up(a);
}
