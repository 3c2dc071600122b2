/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How isoctl asks something of a running instance.
 *
 * isorun listens on an abstract socket (unix(7)) that is named after its pid, so that no file is written. It lets in
 * its own user and root, and of these nobody who is in a sandbox, and hands the connection itself to the reaper. The
 * reaper forks a process that reads the one request and does what it says (serve.h); all the reaper reads itself are
 * signals, of a fixed size. */

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

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

enum { CONTROL_STRINGS_MAX = 128 << 10 }; /* bytes, with each NUL */

/* Listens where isoctl looks for this process. Returns the fd, or -errno: -EADDRINUSE where somebody has taken the
 * name. */
int control_listen(void);

/* Accepts a connection, if it is from one who may. Returns its fd, not blocking, or -errno: -EPERM for who may not. */
int control_accept(int listener);

/* Connects to the isorun of that pid. *ret_uid and *ret_gid are its own. Returns the fd or -errno: -EPERM where it is
 * not that process that answers. */
int control_connect(pid_t isorun, uid_t *ret_uid, gid_t *ret_gid);

/* Sends a request with n_strings strings of size bytes together, NULs included. Returns 0 or -errno. */
int control_send_request(int fd, const ControlRequest *request, const char *strings, size_t size, const int *fds,
                         unsigned n);

/* Waits for a request. *ret_strings is a vector of request->n_strings strings that the caller frees. Returns 1, 0
 * when the other side is gone, or -errno. */
int control_receive_request(int fd, ControlRequest *ret, char ***ret_strings, int *fds, unsigned n);

/* Takes one CONTROL_SIGNAL, without waiting. Returns 1 with the signal in *ret, 0 when the other side is gone, or
 * -errno. */
int control_receive_signal(int fd, int *ret);

/* Does not wait for room. */
int control_send_reply(int fd, const ControlReply *reply, const int *fds, unsigned n);

/* As message_receive(). The text is terminated. */
int control_receive_reply(int fd, ControlReply *ret, int *fds, unsigned n);
