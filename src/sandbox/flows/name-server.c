/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/name-server.h"

#include <errno.h>
#include <sys/socket.h>

#include "sandbox/flows/dns.h"
#include "util/fd.h"

enum {
        TURNS = 64, /* then others come first */
        STREAMS_MAX = 32,
};

/* A pattern has matched a name that can have no address any more. */
static void record_names_are_full(Server *s) {
        if (s->hosts.n_refused > s->n_names_recorded && record_is_due(s->hosts.n_refused))
                server_record(s, &(FlowRecord) { .kind = FLOW_TOO_MANY_NAMES, .count = s->hosts.n_refused });
        s->n_names_recorded = s->hosts.n_refused;
}

static size_t answer_to(Server *s, const uint8_t *question, size_t size, uint8_t answer[static DNS_SIZE]) {
        char unknown[DNS_NAME_SIZE];
        size_t n = dns_answer(&s->hosts, question, size, answer, unknown);
        FlowRecord record;

        if (*unknown && record_unknown_name(&s->refused, unknown, &record))
                server_record(s, &record);
        record_names_are_full(s);
        return n;
}

void name_server_datagrams(Server *s, Watch *w, _unused_ uint32_t events) {
        for (int i = 0; i < TURNS; i++) {
                uint8_t question[DNS_QUESTION_MAX + 1], answer[DNS_SIZE];
                Address from;
                socklen_t size = sizeof(from);
                ssize_t n = recvfrom(w->fd, question, sizeof(question), MSG_DONTWAIT, &from.any, &size);
                size_t length;

                if (n < 0)
                        return;
                length = answer_to(s, question, (size_t) n, answer);
                if (length > 0)
                        (void) sendto(w->fd, answer, length, MSG_DONTWAIT | MSG_NOSIGNAL, &from.any, size);
        }
}

/* A connection. Each message has its size before it: RFC 1035, 4.2.2. */
struct Stream {
        Watch watch; /* the first member */
        uint8_t bytes[2 + DNS_QUESTION_MAX];
        size_t n;
};

/* Answers the first message, if it is whole. Returns its size, 0 if it is not whole, or -EPROTO. */
static ssize_t answer_first(Server *s, const Stream *stream) {
        uint8_t answer[2 + DNS_SIZE];
        size_t size, length;

        if (stream->n < 2)
                return 0;
        size = (size_t) stream->bytes[0] << 8 | stream->bytes[1];
        if (size > DNS_QUESTION_MAX)
                return -EPROTO;
        if (stream->n < 2 + size)
                return 0;
        length = answer_to(s, stream->bytes + 2, size, answer + 2);
        if (length == 0)
                return -EPROTO;
        answer[0] = (uint8_t) (length >> 8);
        answer[1] = (uint8_t) length;
        /* A client that does not read its answers loses the connection. */
        if (send(stream->watch.fd, answer, length + 2, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t) (length + 2))
                return -EPROTO;
        return (ssize_t) (2 + size);
}

static int answer_all(Server *s, Stream *stream) {
        ssize_t size;

        while ((size = answer_first(s, stream)) > 0) {
                stream->n -= (size_t) size;
                memmove(stream->bytes, stream->bytes + size, stream->n);
        }
        return (int) size;
}

static void on_stream(Server *s, Watch *w, _unused_ uint32_t events) {
        Stream *stream = (Stream *) w;
        ssize_t n = recv(w->fd, stream->bytes + stream->n, sizeof(stream->bytes) - stream->n, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n > 0)
                stream->n += (size_t) n;
        if (n <= 0 || answer_all(s, stream) < 0)
                server_close(w);
}

/* A fixed number of connections, so that a payload that opens more cannot take the fds of the flows: the oldest is
 * closed. */
static Stream *take_place(Server *s) {
        Stream *stream;

        if (!s->streams)
                s->streams = calloc(STREAMS_MAX, sizeof(*stream));
        if (!s->streams)
                return NULL;
        stream = &s->streams[s->next_stream++ % STREAMS_MAX];
        if (stream->watch.ready)
                server_close(&stream->watch);
        stream->n = 0;
        return stream;
}

void name_server_accept(Server *s, Watch *w, _unused_ uint32_t events) {
        int fd = server_accept(s, w);
        Stream *stream = fd < 0 ? NULL : take_place(s);

        if (!stream) {
                fd_close(fd);
                return;
        }
        stream->watch = (Watch) { .fd = fd, .ready = on_stream };
        if (server_watch(s, &stream->watch, EPOLLIN) < 0)
                server_close(&stream->watch);
}
