/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun and the process inside say to each other, over a pair of SOCK_SEQPACKET sockets. That one of them is
 * gone shows as the end of the other's socket. */

#include <stdint.h>

#include "util/report.h"

typedef enum MessageType {
        /* to the inside */
        MESSAGE_MAPPED,     /* the id maps are written */
        MESSAGE_REQUESTING, /* from now on systemd may be asked to move the process */
        MESSAGE_GO,         /* the limits hold; fds: the two compiled filters */
        MESSAGE_SIGNAL,     /* isorun got signal `value`; did you? */
        MESSAGE_CONTINUE,   /* continue the payload; value: whether it is in the foreground of its terminal */
        MESSAGE_CONTROL,    /* fd: a connection of control.h, whose other end may ask */
        MESSAGE_LOOK_UP,    /* value: a pid inside; answered with MESSAGE_FOUND */
        MESSAGE_HAND_OVER,  /* be ready to be the unit's main process: take-over.h; value: a NotifyStore, status: a
                               NotifyAccess; fds: the notify sockets */
        MESSAGE_HANDED_OVER, /* you are; isorun is about to end */

        /* to isorun */
        MESSAGE_FAILED,  /* the start failed; value: an errno, status: the exit status; text, and origin and key */
        MESSAGE_TERMINAL, /* fd: the master of the instance's own terminal */
        MESSAGE_STARTED, /* the payload runs; value: its pid inside; fds: its pidfd, and the notify socket if there is one */
        MESSAGE_SEEN,    /* the answer to MESSAGE_SIGNAL: status tells whether the payload has it already */
        MESSAGE_FOUND,   /* fd: a pidfd of the process that was looked for; none: there is no such process */
        MESSAGE_STOPPED, /* the payload was stopped; value: by which signal */
        MESSAGE_EXITED,  /* value: the payload's wait status */
} MessageType;

typedef struct Message {
        MessageType type;
        int32_t value;
        int32_t status;
        uint64_t signals; /* MESSAGE_HAND_OVER: those that the payload gets from systemd itself, a bit each */
        Origin origin;   /* its file is a pointer that both sides have, since the one was cloned from the other */
        const char *key; /* likewise */
        char text[400];
} Message;

/* Sends a message with n fds. Returns 0 or -errno of sendmsg(2). */
int message_send(int socket, const Message *message, const int *fds, unsigned n);

/* Waits for a message. The fds that came, n at most, belong to the caller; the others of fds are -1. Returns 1, 0
 * when the other side is gone, or -errno. */
int message_receive(int socket, Message *ret, int *fds, unsigned n);
