/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/flows.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cmd/instance/talk.h"
#include "sandbox/flows/inner.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/parse.h"

enum {
        ANSWER_MAX = 128 << 20, /* bytes; FlowsMax= is 100000 at most, in each direction */
        FIELDS_MAX = 9,
};

void flows_deinit(Flows *f) {
        free(f->text);
        free(f->items);
        free(f->grants);
        *f = (Flows) {};
}

static bool is_one_of(const char *word, const char *const *words) {
        for (; *words; words++)
                if (streq(word, *words))
                        return true;
        return false;
}

static int read_flow(Flows *f, char *const *field, size_t n) {
        static const char *const directions[] = { "in", "out", NULL }, *const protocols[] = { "tcp", "udp", NULL },
                          *const states[] = { "resolving", "waiting", "connecting", "open", "half-closed", NULL };
        FlowLine line, *item;

        if (n != 9 || !is_one_of(field[1], directions) || !is_one_of(field[2], protocols) ||
            !is_one_of(field[3], states) || parse_u64(field[4], &line.sent) < 0 ||
            parse_u64(field[5], &line.received) < 0 || parse_u64(field[6], &line.usec) < 0)
                return -EPROTO;
        item = ARRAY_APPEND(f->items, f->n);
        if (!item)
                return -ENOMEM;
        *item = (FlowLine) { field[1], field[2], field[3], line.sent, line.received, line.usec, field[7],
                             streq(field[8], "-") ? NULL : field[8] };
        return 0;
}

static int read_sum(Flows *f, char *const *field, size_t n) {
        return n != 5 || parse_u64(field[1], &f->n_peers) < 0 || parse_u64(field[2], &f->n_clients) < 0 ||
                               parse_u64(field[3], &f->sent) < 0 || parse_u64(field[4], &f->received) < 0
                       ? -EPROTO
                       : 0;
}

static int read_grant(Flows *f, const char *peer) {
        const char **item = ARRAY_APPEND(f->grants, f->n_grants);

        if (!item)
                return -ENOMEM;
        *item = peer;
        return 0;
}

/* Returns 1 for the last line, 0 for another one, or -errno. */
static int read_line(Flows *f, char *line) {
        char *field[FIELDS_MAX];
        size_t n = 0;

        for (char *s; (s = strsep(&line, "\t"));) {
                if (n == FIELDS_MAX)
                        return -EPROTO;
                field[n++] = s;
        }
        if (streq(field[0], "flow"))
                return read_flow(f, field, n);
        if (streq(field[0], "grant") && n == 2)
                return read_grant(f, field[1]);
        if (streq(field[0], "failed") && n == 2) {
                f->failed = field[1];
                return 0;
        }
        return streq(field[0], "sum") ? read_sum(f, field, n) : streq(field[0], "end") && n == 1 ? 1 : -EPROTO;
}

int flows_parse(char *text, Flows *ret) {
        char *rest = ret->text = text, *line;
        int r = 0;

        while (r == 0 && (line = strsep(&rest, "\n")))
                r = rest ? read_line(ret, line) : -EPROTO; /* each line ends with a newline */
        return r < 0 ? r : r > 0 && !*rest ? 0 : -EPROTO;
}

const char *flows_peer_of(const char *argument) {
        const char *peer = startswith(argument, "peer:");

        return peer && *peer != '/' ? peer : NULL;
}

bool flows_can_ask(const Instance *i) {
        return i->isorun && !i->frozen && !i->handed_over && !i->nested && (geteuid() == 0 || i->runner == geteuid());
}

/* Reads until the other side hangs up. Returns 0 with a NUL at the end, or -errno. */
static int read_answer(int fd, uint64_t until, char **ret, size_t *ret_size) {
        _cleanup_free_ char *bytes = NULL;
        size_t size = 0, room = 0;

        for (;;) {
                ssize_t n;

                if (size + 1 >= room) {
                        char *larger = room >= ANSWER_MAX ? NULL : realloc(bytes, room ? 2 * room : 4096);

                        if (!larger)
                                return room >= ANSWER_MAX ? -EPROTO : -ENOMEM;
                        room = room ? 2 * room : 4096;
                        bytes = larger;
                }
                if (poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, clock_msec_until(until)) <= 0)
                        return -ETIMEDOUT;
                n = recv(fd, bytes + size, room - size - 1, MSG_DONTWAIT);
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                size += n > 0 ? (size_t) n : 0;
        }
        bytes[size] = '\0';
        *ret_size = size;
        *ret = TAKE_PTR(bytes);
        return 0;
}

/* Takes over the bytes. */
static int parse(const Instance *instance, char *bytes, size_t size, Flows *ret, Report *report) {
        _cleanup_free_ char *answer = bytes;
        ControlHeader header;
        char *text;
        int r;

        if (size == 0)
                return talk_hung_up(instance, report);
        r = control_check_header(answer, size, &header);
        if (r == -EPROTONOSUPPORT)
                return client_version_differs(instance->name, &header, report);
        text = r < 0 ? NULL : strdup(answer + sizeof(header));
        if (r >= 0)
                r = text ? flows_parse(text, ret) : -ENOMEM;
        if (r < 0)
                return report_error(report, -r, "%s: isoctl cannot understand its answer: %s", instance->name,
                                    strerror(-r));
        return 1;
}

int flows_ask(const Instance *instance, FlowQuestionType type, const char *peer, uint64_t until, Flows *ret,
              Report *report) {
        FlowQuestion question = { .header = control_header, .type = type };
        _cleanup_close_ int fd = -1;
        char *bytes = NULL;
        size_t size = 0;
        int r;

        if (peer && (size_t) snprintf(question.peer, sizeof(question.peer), "%s", peer) >= sizeof(question.peer))
                return report_error(report, ENAMETOOLONG, "the peer is too long: %s", peer);
        fd = talk_connect(instance, SOCK_STREAM, NULL, report);
        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return fd;
        if (send(fd, &question, sizeof(question), MSG_NOSIGNAL) != sizeof(question))
                return talk_hung_up(instance, report);
        r = read_answer(fd, until, &bytes, &size);
        if (r == -ECONNRESET)
                return talk_hung_up(instance, report);
        return r < 0 ? report_error(report, -r, "%s: cannot read the connections that isorun carries: %s",
                                    instance->name, strerror(-r))
                     : parse(instance, bytes, size, ret, report);
}

int flows_change(const Instance *instance, FlowQuestionType type, const char *peer, Report *report) {
        const uint64_t seconds = CONTROL_SECONDS + (type == FLOWS_GRANT ? INNER_SECONDS : 0),
                       until = clock_usec(CLOCK_MONOTONIC) + seconds * UINT64_C(1000000);
        _cleanup_(flows_deinit) Flows flows = {};
        int r = flows_ask(instance, type, peer, until, &flows, report);

        if (r == 0)
                return report_error(report, EPERM, "%s: the policy has no GrantPeers=yes, so no peer can be granted",
                                    instance->name);
        if (r > 0 && flows.failed)
                return report_error(report, EPERM, "%s: peer:%s: %s", instance->name, peer, flows.failed);
        return r < 0 ? r : 0;
}
