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
        uint64_t number; /* no other one has it */
        bool waits;      /* until it can be granted what it asks for */
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

static void write_change(int r, const Report *report, FILE *f) {
        if (r >= 0)
                return;
        fputs("failed\t", f);
        write_field(f, *report->first.text ? report->first.text : strerror(-r));
        putc('\n', f);
}

/* What a change has come to. Returns as make_lines(). */
static char *make_change(int r, const Report *report) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        write_change(r, report, text.f);
        fputs("end\n", text.f);
        return text_finish(&text);
}

/* Returns the lines of the answer, or NULL if memory is short. */
static char *make_lines(Server *s, const FlowQuestion *q) {
        _cleanup_text_ Text text = {};
        Report report = {};

        if (q->type == FLOWS_REVOKE) {
                int r = grants_remove(s, q->peer, &report);

                return make_change(r, &report);
        }
        if (text_open(&text) < 0)
                return NULL;
        if (q->type == FLOWS_LIST)
                visit(s, write_flow, text.f);
        write_sum(s, text.f);
        fputs("end\n", text.f);
        return text_finish(&text);
}

static void hang_up(Asker *a) {
        server_close(&a->watch);
        free(a->answer);
        *a = (Asker) { .watch = a->watch };
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

static int make_answer(Asker *a, const char *lines) {
        const size_t n = lines ? strlen(lines) : 0;

        a->answer = lines ? malloc(sizeof(control_header) + n) : NULL;
        if (!a->answer)
                return -ENOMEM;
        memcpy(mempcpy(a->answer, &control_header, sizeof(control_header)), lines, n);
        a->size = sizeof(control_header) + n;
        return 0;
}

/* Takes over the lines. */
static void answer(Server *s, Asker *a, char *lines) {
        struct epoll_event event = { .events = EPOLLOUT, .data.ptr = &a->watch };

        if (make_answer(a, lines) < 0 || epoll_ctl(s->epoll, EPOLL_CTL_MOD, a->watch.fd, &event) < 0)
                hang_up(a);
        else
                send_more(a);
        free(lines);
}

static void begin_grants(Server *s);

/* The asker may have hung up. */
static void on_granted(Server *s, uint64_t number, int r, const Report *report) {
        for (Asker *a = s->askers; a < s->askers + ASKERS_MAX; a++)
                if (a->number == number)
                        answer(s, a, make_change(r, report));
        begin_grants(s);
}

static Asker *find_waiting(const Server *s) {
        Asker *first = NULL;

        for (Asker *a = s->askers; a < s->askers + ASKERS_MAX; a++)
                if (a->waits && (!first || a->number < first->number))
                        first = a;
        return first;
}

/* One grant at a time waits for the process that makes its sockets, and all else goes on. */
static void begin_grants(Server *s) {
        Asker *a;

        while (!s->grant.peer && (a = find_waiting(s))) {
                Report report = {};
                int r = grants_add(s, a->question.peer, on_granted, a->number, &report);

                a->waits = false;
                if (r <= 0)
                        answer(s, a, make_change(r, &report));
        }
}

/* The question is complete. What is not one gets the header alone, which says that the versions differ. */
static void take_question(Server *s, Asker *a) {
        if (!is_question(&a->question))
                answer(s, a, strdup(""));
        else if (a->question.type != FLOWS_GRANT)
                answer(s, a, make_lines(s, &a->question));
        else {
                a->waits = true;
                begin_grants(s);
        }
}

static void on_asker(Server *s, Watch *w, _unused_ uint32_t events) {
        Asker *a = (Asker *) w;
        ssize_t n;

        if (a->answer) {
                send_more(a);
                return;
        }
        if (a->n == sizeof(a->question)) { /* it waits, and must say nothing more */
                hang_up(a);
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
                take_question(s, a);
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
        *a = (Asker) { .watch = { connection, on_asker }, .number = ++s->n_askers };
        if (server_watch(s, &a->watch, EPOLLIN) < 0)
                hang_up(a);
}
