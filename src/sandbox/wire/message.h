/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun and the process inside say to each other, over a pair of SOCK_SEQPACKET sockets. That one of them is
 * gone shows as the end of the other's socket.
 *
 * A message is data, and is checked before it is handed out: the process inside runs nothing but isorun's own code until
 * the command is executed, but the command may attack it after that. */

#include <stdint.h>

#include "sandbox/wire/subject.h"

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
        MESSAGE_STEP,    /* if isorun reports steps; value: a Step */
        MESSAGE_FAILED,  /* the start failed; value: an errno, status: the exit status; text; subject */
        MESSAGE_TERMINAL, /* fd: the master of the instance's own terminal */
        MESSAGE_STARTED, /* the payload runs; fds: its pidfd, and the notify socket if there is one */
        MESSAGE_SEEN,    /* the answer to MESSAGE_SIGNAL, value: the signal; status: whether the payload has it already */
        MESSAGE_FOUND,   /* fd: a pidfd of the process that was looked for; none: there is no such process */
        MESSAGE_REFUSED, /* an isoctl of another version has asked; text says which */
        MESSAGE_STOPPED, /* the payload was stopped; value: by which signal */
        MESSAGE_EXITED,  /* value: the payload's wait status */
        _MESSAGE_TYPES,
} MessageType;

typedef struct Message {
        MessageType type;
        int32_t value;
        int32_t status;
        uint64_t number; /* MESSAGE_HAND_OVER: the signals that the payload gets from systemd itself, a bit each;
                            MESSAGE_STEP: when, of CLOCK_MONOTONIC in µs */
        Subject subject;
        char text[400];
} Message;

/* Who receives it. */
typedef enum MessageEnd {
        MESSAGE_TO_INSIDE,
        MESSAGE_TO_ISORUN,
} MessageEnd;

/* Whether it is one that this end may be sent, with each field in its range. n: how many fds came with it; -1: the
 * receiver takes none, so that nobody knows. Returns 0 or -EPROTO. */
int message_check(const Message *message, MessageEnd end, int n);

/* Sends a message with n fds. Returns 0 or -errno of sendmsg(2). */
int message_send(int socket, const Message *message, const int *fds, unsigned n);

/* Waits for a message. The fds that came, n at most, belong to the caller; the others of fds are -1. Returns 1, 0
 * when the other side is gone, or -errno: -EPROTO for what message_check() refuses. */
int message_receive(int socket, MessageEnd end, Message *ret, int *fds, unsigned n);
