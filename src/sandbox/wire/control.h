/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How isoctl asks something of a running instance.
 *
 * isorun listens on an abstract socket (unix(7)) that is named after its pid, so that no file is written. It lets in
 * its own user and root, and of these nobody who is in a sandbox, and hands the connection itself to the reaper. The
 * reaper forks a process that reads the one request and does what it says (serve.h); all the reaper reads itself are
 * signals, of a fixed size.
 *
 * isoctl may be of another version than the isorun that it talks to, which has run since before an upgrade. So each
 * packet begins with a ControlHeader, in every version; only the same version understands what follows. isoctl's side is
 * in cmd/instance/client.h. */

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* To be raised with every change of a request or a reply. */
enum { CONTROL_VERSION = 1 };

typedef struct ControlHeader {
        char magic[8];
        uint32_t version; /* CONTROL_VERSION */
        char program[20]; /* the version of isorun or isoctl, for people; terminated */
} ControlHeader;

typedef enum ControlType {
        /* to the instance; the first message is one of these, */
        CONTROL_ENTER = 1, /* run a command; strings: TERM, the arguments; fds: those of 0-2 that are no terminal's */
        CONTROL_PLAN,      /* show the plan */
        CONTROL_PLACES,    /* where mounts can be put; answered with CONTROL_TEXT and three fds */
        /* and any number of these may follow once the command runs */
        CONTROL_SIGNAL,    /* send signal `value` to the command */

        /* from the instance */
        CONTROL_TERMINAL,  /* fd: the master of the terminal that the command gets */
        CONTROL_TEXT,      /* fds: a file with the text asked for, the user and the mount namespace */
        CONTROL_STARTED,   /* the command runs */
        CONTROL_FAILED,    /* value: an errno, status: the exit status; text */
        CONTROL_EXITED,    /* value: wait status */
} ControlType;

typedef struct ControlRequest {
        int32_t type;
        int32_t value;
        uint32_t terminals;  /* bit N: fd N is to be the new terminal */
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
        CONTROL_STRINGS_MAX = 128 << 10, /* bytes, with each NUL */
        CONTROL_REPLY_ROOM = 4096,       /* bytes; a reply of any version fits */
};

/* The header of this program. */
extern const ControlHeader control_header;

/* Reads the header of a packet into *ret, terminated. Returns 0, -EPROTO if it has none, or -EPROTONOSUPPORT if it is of
 * another version. */
int control_check_header(const void *packet, size_t size, ControlHeader *ret);

/* The address of the isorun with that pid. Returns its length, which counts: an abstract name is not terminated. */
socklen_t control_address(pid_t isorun, struct sockaddr_un *ret);

/* Listens where isoctl looks for this process. Returns the fd, or -errno: -EADDRINUSE where somebody has taken the
 * name. */
int control_listen(void);

/* Accepts a connection, if it is from one who may. Returns its fd, not blocking, or -errno: -EPERM for who may not. */
int control_accept(int listener);

/* Waits for a request. *ret_strings is a vector of request->n_strings strings that the caller frees. Returns 1, 0
 * when the other side is gone, or -errno: -EPROTONOSUPPORT if it is of another version, whose header is in *ret_header. */
int control_receive_request(int fd, ControlHeader *ret_header, ControlRequest *ret, char ***ret_strings, int *fds,
                            unsigned n);

/* Takes one CONTROL_SIGNAL, without waiting. Returns 1 with the signal in *ret, 0 when the other side is gone, or
 * -errno. */
int control_receive_signal(int fd, int *ret);

/* Does not wait for room. */
int control_send_reply(int fd, const ControlReply *reply, const int *fds, unsigned n);
