/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One packet over a unix socket, with fds: unix(7). */

#include <stddef.h>
#include <sys/uio.h>

enum {
        PACKET_FDS_MAX = 16,       /* that are received */
        PACKET_SEND_FDS_MAX = 253, /* that the kernel takes: SCM_MAX_FD */
};

/* Sends the parts as one packet with n fds. flags: MSG_*. Returns 0 or -errno of sendmsg(2). */
int packet_send(int socket, struct iovec *parts, size_t n_parts, const int *fds, unsigned n, int flags);

/* Waits for a packet. The fds that came, n at most, belong to the caller; the others of fds are -1. Returns 1 with
 * *ret_size filled, 0 when the other side is gone, or -errno: -EMSGSIZE for one that is larger than size. */
int packet_receive(int socket, void *buffer, size_t size, size_t *ret_size, int *fds, unsigned n, int flags);
