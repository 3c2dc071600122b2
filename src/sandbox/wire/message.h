/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The messages between isorun and the first process inside, over a pair of SOCK_SEQPACKET sockets. If one of them ends,
 * the other sees the end of the stream.
 *
 * A message is data, and is checked by the receiver. Until the payload is executed, the process inside runs only
 * isorun's own code; after that, the payload may attack it. */

#include <stdint.h>

#include "sandbox/wire/subject.h"

typedef enum MessageType {
        /* to the inside */
        MESSAGE_MAPPED,     /* the id maps are written; of isorun-oci: fd: the container's cgroup, if it is needed */
        MESSAGE_REQUESTING, /* from now on systemd may move the process */
        MESSAGE_GO,         /* the limits hold; fds: the two places of cgroup.h if there are any */
        MESSAGE_WATCHED,    /* answer to MESSAGE_WATCH: the tracer is there */
        MESSAGE_SIGNAL,     /* isorun got signal `value`; does the payload have it? status: a SignalSender */
        MESSAGE_CONTINUE,   /* continue the payload; value: whether it gets the foreground of its terminal; answered
                               with MESSAGE_CONTINUED */
        MESSAGE_CONTROL,    /* fd: an accepted connection of control.h */
        MESSAGE_LOOK_UP,    /* value: a pid inside; answered with MESSAGE_FOUND */
        MESSAGE_HAND_OVER,  /* prepare to be the unit's main process: take-over.h; value: a NotifyStore, status: a
                               NotifyAccess; number; fds: the notify sockets */
        MESSAGE_HANDED_OVER, /* the reaper is the main process now; isorun is about to end; fd: its mountinfo, if it
                                could open that */

        /* to isorun */
        MESSAGE_CONNECTED, /* the process has connected the socket of the bus; value: 0 or an errno */
        MESSAGE_STEP,    /* only if isorun shows steps; value: a Step; number */
        MESSAGE_FAILED,  /* the start failed; value: an errno, status: the exit status; text; subject */
        MESSAGE_GIVEN,    /* value: an index of GivenFiles; fd: the payload's fd of that file. To isorun-oci: an index
                             of a mount, and the mount, whose ids it is to map; answered with MESSAGE_CONTINUE */
        MESSAGE_LISTENING, /* value: an index of flows/listen.h; status: whether the network has IPv6; fd: a socket */
        MESSAGE_TERMINAL, /* fd: the master of the instance's own terminal */
        MESSAGE_WATCH,   /* the payload waits for its tracer, before it has a filter; fd: its pidfd */
        MESSAGE_LOGGING, /* the payload has its filter; fd: the listener, or none if a filter around has one */
        MESSAGE_STARTED, /* the payload runs; fds: its pidfd, and the notify socket if there is one */
        MESSAGE_SEEN,    /* answer to MESSAGE_SIGNAL; value: the signal; status: whether the payload already has it */
        MESSAGE_CONTINUED, /* answer to MESSAGE_CONTINUE: SIGCONT has been sent */
        MESSAGE_FOUND,   /* answer to MESSAGE_LOOK_UP; fd: a pidfd, or none if there is no such process */
        MESSAGE_NOTIFYING, /* of isorun-oci: the command is about to be executed; fd: its notify socket */
        MESSAGE_FORKED,  /* with --notify=fork, the payload has ended and left this process; fd: its pidfd */
        MESSAGE_ASKED,   /* fd: a socket of isoctl with a request for isorun itself: outside/questions.h */
        MESSAGE_REFUSED, /* an isoctl of another version has sent a request; text names the versions */
        MESSAGE_ENDING,  /* a signal that is to end the instance has come to the processes inside; value: 1: only to
                            the reaper, and isorun is to send SIGTERM to the payload */
        MESSAGE_FULL,    /* the payload has ended, and left a directory in memory full; value: the mount's index */
        MESSAGE_STOPPED, /* the payload was stopped; value: the signal that stopped it */
        MESSAGE_EXITED,  /* value: the payload's wait status; status: whether it has left processes, which end now;
                            text: the name of one */
        _MESSAGE_TYPES,
} MessageType;

/* Where a signal to isorun comes from. */
typedef enum SignalSender {
        SENDER_ANY,
        SENDER_MANAGER,  /* the service manager, which signals all processes of the unit */
        SENDER_TERMINAL, /* the caller's terminal, for the whole job; with an own session, the reaper passes it on to
                            the payload's process group */
        _SENDERS,
} SignalSender;

typedef struct Message {
        MessageType type;
        int32_t value;
        int32_t status;
        uint64_t number; /* MESSAGE_HAND_OVER: a bit for each signal that the payload gets from systemd itself;
                            MESSAGE_STEP: the time, of CLOCK_MONOTONIC in µs */
        Subject subject;
        char text[400];
} Message;

/* The receiver of a message. */
typedef enum MessageEnd {
        MESSAGE_TO_INSIDE,
        MESSAGE_TO_ISORUN,
} MessageEnd;

/* Checks that this end may receive such a message, and that each field is in its range. n is the number of fds that
 * came with it, or -1 if the receiver does not take fds and so does not know. Returns 0 or -EPROTO. */
int message_check(const Message *message, MessageEnd end, int n);

/* Sends a message with n fds. Returns 0 or -errno of sendmsg(2). */
int message_send(int socket, const Message *message, const int *fds, unsigned n);

/* Waits for a message. The fds that came, at most n, belong to the caller; the other entries of fds are -1. Returns 1,
 * 0 if the other side is gone, or -errno: -EPROTO if message_check() refuses it. */
int message_receive(int socket, MessageEnd end, Message *ret, int *fds, unsigned n);
