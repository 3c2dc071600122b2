/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sockets of the instance's network, with which the process that carries the flows connects to the payload's servers. A
 * socket belongs to the network in which it is made, so a process of its own makes them there. It reads nothing from
 * anybody, and has a filter with which it can only make sockets and pass them on. */

/* Forks the process. network is any socket of the instance's network, made before the payload runs. The caller needs
 * the rights of isorun. Returns a socket for inner_take(), or -errno. *ret_pidfd is the process: end it with
 * inner_end(). The caller owns both. */
int inner_start(int network, int *ret_pidfd);

/* Takes a TCP socket that is bound to FLOWS_CLIENT, and does not block. Returns it, -EAGAIN if none is ready, or
 * another -errno. */
int inner_take(int socket);

/* Closes the socket, at which the process ends, and waits for that. The caller may have lost the right to signal it. */
void inner_end(int socket, int pidfd);
