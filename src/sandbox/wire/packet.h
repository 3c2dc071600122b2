/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Packets with fds over a unix socket: unix(7). */

#include <stddef.h>
#include <sys/uio.h>

enum {
        PACKET_FDS_MAX = 16,       /* the most that packet_receive() takes */
        PACKET_SEND_FDS_MAX = 253, /* the most that the kernel sends: SCM_MAX_FD */
};

/* Sends the parts as one packet with n fds. flags are MSG_*. Returns 0 or -errno of sendmsg(2). */
int packet_send(int socket, struct iovec *parts, size_t n_parts, const int *fds, unsigned n, int flags);

/* Receives a packet, and waits for it unless flags have MSG_DONTWAIT. The fds that came, at most n, belong to the
 * caller; the other entries of fds are -1. Returns 1 with *ret_size filled, 0 if the other side is gone, or -errno:
 * -EMSGSIZE if the packet is larger than size. */
int packet_receive(int socket, void *buffer, size_t size, size_t *ret_size, int *fds, unsigned n, int flags);
