/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Relays messages from the instance's notify socket to systemd's, in order. It runs in a process that systemd accepts
 * messages from: isorun, or after a hand-over the reaper. Lines that name a main process are removed, because the main
 * process stays isorun or the reaper. File descriptors are passed on only if systemd keeps them, or for BARRIER=1,
 * where systemd closes the fd when it has read all earlier messages.
 *
 * notify_process() never waits. If systemd's socket has no room for a message, the relay keeps the message and reads no
 * other until it is sent. Only notify_say_now() and notify_finish() wait. */

#include <poll.h>
#include <sys/socket.h>

#include "util/report.h"

/* The processes of the unit that systemd accepts messages from: NotifyAccess= of systemd.service(5). */
typedef enum NotifyAccess {
        NOTIFY_ACCESS_UNKNOWN, /* not asked yet */
        NOTIFY_ACCESS_MAIN,    /* only the payload's first process; also if systemd does not say */
        NOTIFY_ACCESS_ALL,     /* each process of the instance */
} NotifyAccess;

/* Whether systemd keeps fds of this unit: FileDescriptorStoreMax= of systemd.service(5). */
typedef enum NotifyStore {
        NOTIFY_STORE_UNKNOWN, /* not asked yet */
        NOTIFY_STORE_NO,      /* also if systemd does not say */
        NOTIFY_STORE_YES,
} NotifyStore;

/* Callbacks of the relay. named_main() is called when a process of the instance names a main process, and ready() for
 * each READY=1. */
typedef struct NotifyOwner {
        NotifyAccess (*ask_access)(void *userdata);
        NotifyStore (*ask_store)(void *userdata);
        void (*named_main)(void *userdata, pid_t pid, const struct ucred *sender); /* pid: in sender's pid namespace */
        void (*ready)(void *userdata);
        const char *(*say_ready)(void *userdata); /* only for notify_only_ready() */
        void *userdata;
} NotifyOwner;

typedef struct Notify Notify;

/* Connects to systemd's socket, "/…" or "@…". Returns a non-blocking fd, which the caller closes, or -errno. */
int notify_connect(const char *address);

/* Makes a relay, which takes over out, an fd of notify_connect(). owner and report may be NULL, and are borrowed.
 * Returns NULL, and leaves out open, if memory is short. */
Notify *notify_new(int out, const NotifyOwner *owner, Report *report);

/* Leaves the instance's socket open, until this process exits: to close it could take as long as the payload likes. */
Notify *notify_free(Notify *n);
DEFINE_CLEANUP(Notify *, notify_free);

/* Makes the relay read from in, the instance's socket, and takes it over. The process payload may always send messages;
 * access and store say what others may do. */
void notify_begin(Notify *n, int in, pid_t payload, NotifyAccess access, NotifyStore store);

/* From now on, only the first READY=1 is passed on, and nothing else is: no other line, message or fd. The owner's
 * say_ready() is called just before it is sent, and returns what is sent for it: a borrowed text of at most 100 bytes.
 * Call it before notify_begin(). */
void notify_only_ready(Notify *n);

/* Returns the relay's fds, borrowed, to send them to the process that takes over. */
void notify_get_fds(const Notify *n, int *ret_in, int *ret_out);

/* Sends a message of isorun's own. Call it before the first notify_process(): it uses the buffer of relayed
 * messages. */
void notify_say(Notify *n, const char *text);

/* Sends a message of isorun's own with fd (or none if fd is -1), and waits until systemd's socket has room. Returns 0
 * or -errno. */
int notify_say_now(const Notify *n, const char *text, int fd);

enum { NOTIFY_FDS = 2 };

/* The fds to poll(2), and what to do when one is ready. A call relays a limited number of messages, so that the caller
 * gets back to its other fds. n may be NULL. */
void notify_fill(const Notify *n, struct pollfd fds[static NOTIFY_FDS]);
void notify_process(Notify *n, const struct pollfd fds[static NOTIFY_FDS]);

/* Relays the messages that are still in the socket when the payload has ended. Waits up to a second for systemd to read
 * one. n may be NULL. */
void notify_finish(Notify *n);
