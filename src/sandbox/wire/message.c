/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/message.h"

#include <errno.h>

#include "sandbox/wire/packet.h"
#include "util/fd.h"

int message_send(int socket, const Message *message, const int *fds, unsigned n) {
        struct iovec part = { .iov_base = (void *) message, .iov_len = sizeof(*message) };

        return packet_send(socket, &part, 1, fds, n, 0);
}

int message_receive(int socket, Message *ret, int *fds, unsigned n) {
        size_t size;
        int r;

        r = packet_receive(socket, ret, sizeof(*ret), &size, fds, n, 0);
        if (r > 0 && size != sizeof(*ret)) {
                fds_close(fds, n);
                return -EPROTO;
        }
        return r;
}
