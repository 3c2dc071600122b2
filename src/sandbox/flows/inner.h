/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sockets of the instance's network, with which the process that carries the flows connects to the payload's servers. A
 * socket belongs to the network in which it is made, so a process of its own makes them there. It reads nothing from
 * anybody, and has a filter with which it can only make sockets and pass them on. */

#include "sandbox/flows/address.h"

/* A second process of this kind makes the sockets for peers that are granted. It reads which ones from the process with
 * the flows, and keeps the capabilities over this network that it needs for addresses and for ports below 1024. */
typedef struct InnerRequest {
        Address address;
        int type;        /* SOCK_STREAM or SOCK_DGRAM; 0: only the address is needed */
        uint32_t number; /* the loopback device gets the address, with this number: listen.h; 0: it has it */
} InnerRequest;

/* Forks the process; listens: the second kind. network is any socket of the instance's network, made before the payload
 * runs. The caller needs the rights of isorun. Returns a socket for inner_take(), or -errno. *ret_pidfd is the process:
 * end it with inner_end(). The caller owns both. */
int inner_start(int network, bool listens, int *ret_pidfd);

/* Takes a TCP socket that does not block. Returns it, -EAGAIN if none is ready, or another -errno. */
int inner_take(int socket);

/* Begins to connect such a socket to a server in the payload, which sees FLOWS_CLIENT or FLOWS_CLIENT6 as its client.
 * Returns 0 or -errno: the socket is of no use then. */
int inner_connect(int fd, const char *address, uint16_t port);

/* How long the second process has for the sockets of a peer. */
enum { INNER_SECONDS = 15 };

/* Asks the second process for a socket. Returns 0 or -errno. */
int inner_ask(int socket, const InnerRequest *request);

/* Takes its answer, if that is there. Returns 0, with the socket or -1 in *ret, -EAGAIN, or another -errno: what has
 * failed there, or -EPIPE if the process is gone. */
int inner_answer(int socket, int *ret);

/* Closes the socket, at which the process ends, and waits for that. The caller may have lost the right to signal it. */
void inner_end(int socket, int pidfd);
