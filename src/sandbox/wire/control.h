/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How isoctl sends requests to a running instance.
 *
 * isorun listens on an abstract socket (unix(7)), so no file is written. The kernel chooses its name, because any user
 * could take a name that is known beforehand. isoctl finds the socket among isorun's open files. isorun accepts only
 * its own user and root, and no process in a sandbox. It passes the accepted connection to the reaper, which forks a
 * process that reads the one request and carries it out (serve.h). The reaper itself reads only signals, which have a
 * fixed size.
 *
 * isoctl may be newer than the isorun that it talks to, if isorun was started before an upgrade. So each packet of
 * every version begins with a ControlHeader. What follows is understood only by the same version. isoctl's side is in
 * cmd/instance/client.h. */

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Raise this with every change of a request or a reply. */
enum { CONTROL_VERSION = 8 };

typedef struct ControlHeader {
        char magic[8];
        uint32_t version; /* CONTROL_VERSION */
        char program[20]; /* the version of isorun or isoctl, for people; terminated */
} ControlHeader;

typedef enum ControlType {
        /* to the instance: the first message is one of these, */
        CONTROL_ENTER = 1, /* run a command; strings: TERM, arguments; fds: those of 0-2 that are not the new
                              terminal */
        CONTROL_SUMMARY,   /* show the plan, each in a form of plan/show/text.h */
        CONTROL_TREE,
        CONTROL_PLAN,
        CONTROL_WORDS,     /* show the summary for programs: plan/show/summary.h */
        CONTROL_PROMISES,  /* show what isoctl verify can compare: sandbox/inside/promises.h */
        CONTROL_EXPOSURE,  /* show the exposure of the plan: plan/show/exposure.h */
        CONTROL_POLICY,    /* show the policy of the plan: plan/show/source.h */
        CONTROL_PLACES,    /* list the places for isoctl grant; the answer is CONTROL_TEXT with three fds */
        CONTROL_WHY,       /* fd: a socket for isorun itself, which reads a second request of this type from it, with
                              the words of questions in pairs; the answer, there, is CONTROL_TEXT with a line of
                              plan/why/kept.h for each question; or, without words, with what was denied so far:
                              sandbox/watch/told.h */
        /* any number of these may follow when the command runs */
        CONTROL_SIGNAL,    /* send signal `value` to the command */

        /* from the instance */
        CONTROL_TERMINAL,  /* fd: the master of the command's terminal */
        CONTROL_TEXT,      /* fds: a file with the text; for CONTROL_PLACES also the user and the mount namespace */
        CONTROL_STARTED,   /* the command runs */
        CONTROL_FAILED,    /* value: an errno, status: the exit status; text */
        CONTROL_EXITED,    /* value: wait status */
} ControlType;

typedef struct ControlRequest {
        int32_t type;
        int32_t value;
        uint32_t terminals;  /* bit N: connect fd N to the new terminal */
        uint32_t n_strings;
        struct winsize size; /* of the new terminal */
} ControlRequest;

typedef struct ControlReply {
        int32_t type;
        int32_t value;
        int32_t status;
        char text[400];
} ControlReply;

enum {
        CONTROL_STRINGS_MAX = 128 << 10, /* bytes, including the NULs */
        CONTROL_REPLY_ROOM = 4096,       /* bytes; every reply of every version fits */
        CONTROL_SECONDS = 10,            /* how long isoctl waits for an answer */
};

/* The header of this program. */
extern const ControlHeader control_header;

/* Reads the header of a packet into *ret, and terminates its text. Returns 0, -EPROTO if the packet has no header, or
 * -EPROTONOSUPPORT if it is from another version; *ret is filled then too. */
int control_check_header(const void *packet, size_t size, ControlHeader *ret);

/* Outside: listens at an address that the kernel chooses, with a socket of this type: SOCK_SEQPACKET for requests here,
 * SOCK_STREAM for the questions of flow-question.h. Returns the fd or -errno. */
int control_listen(int type);

/* Outside: whether the sender of a connection is allowed. Returns 0 or -errno: -EPERM if not. */
int control_check_sender(int fd);

/* Outside: accepts a connection and checks its sender. Returns a non-blocking fd, or -errno: -EPERM if the sender is
 * not allowed. */
int control_accept(int listener);

/* Inside, in the process that serves the connection: waits for a request. *ret_strings has request->n_strings strings,
 * and the caller frees it. Returns 1, 0 if the sender has hung up, or -errno: -EPROTONOSUPPORT if the sender is of
 * another version, whose header is in *ret_header. fds are as in packet_receive(). */
int control_receive_request(int fd, ControlHeader *ret_header, ControlRequest *ret, char ***ret_strings, int *fds,
                            unsigned n);

/* In the reaper: reads one CONTROL_SIGNAL without waiting. Returns 1 with the signal in *ret, 0 if the sender has hung
 * up, or -errno: -EAGAIN if nothing has arrived. */
int control_receive_signal(int fd, int *ret);

/* Sends a reply with n fds, without waiting for room. Returns 0 or -errno of sendmsg(2). */
int control_send_reply(int fd, const ControlReply *reply, const int *fds, unsigned n);
