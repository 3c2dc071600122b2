/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "util/fd.h"

int server_watch(Server *s, Watch *w, uint32_t events) {
        struct epoll_event event = { .events = events, .data.ptr = w };

        return epoll_ctl(s->epoll, EPOLL_CTL_ADD, w->fd, &event) < 0 ? -errno : 0;
}

void server_close(Watch *w) {
        w->fd = fd_close(w->fd);
}

void server_record(const Server *s, const FlowRecord *record) {
        FlowRecord copy = *record;

        if (record_is_of_peer(record->kind) && record->peer >= s->n_planned && record->peer < s->plan->n_peers) {
                _cleanup_free_ char *name = plan_peer_name(&s->plan->peers[record->peer]);

                copy.peer = FLOW_PEER_GRANTED;
                snprintf(copy.name, sizeof(copy.name), "%s", name ?: "?");
        }
        (void) send(s->from_isorun.fd, &copy, sizeof(copy), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool server_has_room(Server *s, const PlanPeer *peer) {
        if (s->n_flows < s->plan->flows_max)
                return true;
        if (record_is_due(++s->n_too_many))
                server_record(s, &(FlowRecord) { .kind = FLOW_TOO_MANY, .peer = server_peer_index(s, peer),
                                                 .count = s->n_too_many });
        return false;
}

bool server_has_room_for_client(Server *s, const PlanEntrance *entrance) {
        if (s->n_clients < s->plan->flows_max)
                return true;
        if (record_is_due(++s->n_too_many_clients))
                server_record(s, &(FlowRecord) { .kind = FLOW_TOO_MANY_CLIENTS, .count = s->n_too_many_clients,
                                                 .entrance = (uint32_t) (entrance - s->plan->entrances) });
        return false;
}

void server_note_files(Server *s, int error) {
        error = abs(error);
        if ((error == EMFILE || error == ENFILE) && record_is_due(++s->n_no_files))
                server_record(s, &(FlowRecord) { .kind = FLOW_NO_FILES, .count = s->n_no_files });
}

void server_reset(int accepted) {
        (void) setsockopt(accepted, SOL_SOCKET, SO_LINGER, &(struct linger) { .l_onoff = 1 }, sizeof(struct linger));
        fd_close(accepted);
}

static int accept_one(const Watch *w) {
        return accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int server_make_spare(void) {
        return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Without a free fd, the listener would be ready for ever. The spare one takes the connection, and ends it. */
static void refuse_one(Server *s, const Watch *w, int error) {
        s->spare = fd_close(s->spare);
        fd_close(accept_one(w));
        s->spare = server_make_spare();
        server_note_files(s, error);
}

int server_accept(Server *s, Watch *w) {
        int fd = accept_one(w);

        if (fd >= 0)
                return fd;
        if (errno == EMFILE || errno == ENFILE)
                refuse_one(s, w, errno);
        else if (errno == EINVAL) { /* a payload with CAP_NET_ADMIN can destroy the listener: sock_diag(7) */
                /* Another process may have the socket, too: then it stays in the epoll, and is ready for ever. */
                (void) epoll_ctl(s->epoll, EPOLL_CTL_DEL, w->fd, NULL);
                server_close(w);
        }
        return -1;
}
