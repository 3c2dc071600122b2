/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The instance's notify socket, and systemd's: what comes by the one is sent on by the other, in its order, with its
 * fds, by a process that systemd listens to (isorun, or the reaper of an instance that was handed over). The fd of
 * BARRIER=1 goes along: it is closed when systemd has read all that came before.
 *
 * While the instance runs, nothing here waits: a message for which systemd's socket has no room is kept, and no other is
 * read until it is sent. Only notify_say_now() and notify_finish() wait for room. */

#include <poll.h>
#include <sys/socket.h>

#include "util/report.h"

/* Whom systemd takes messages of this unit from: NotifyAccess= of systemd.service(5). */
typedef enum NotifyAccess {
        NOTIFY_ACCESS_UNKNOWN, /* not asked yet */
        NOTIFY_ACCESS_MAIN,    /* only of the payload's first process, or not known */
        NOTIFY_ACCESS_ALL,     /* of each process of the instance */
} NotifyAccess;

/* Whether systemd is to keep fds of this unit: FileDescriptorStoreMax= of systemd.service(5). */
typedef enum NotifyStore {
        NOTIFY_STORE_UNKNOWN, /* not asked yet */
        NOTIFY_STORE_NO,      /* or not known */
        NOTIFY_STORE_YES,
} NotifyStore;

/* What the one who relays is asked and told; ready: each time that the payload has said READY=1. */
typedef struct NotifyOwner {
        NotifyAccess (*ask_access)(void *userdata);
        NotifyStore (*ask_store)(void *userdata);
        void (*named_main)(void *userdata, pid_t pid, const struct ucred *sender); /* pid: as sender knows it */
        void (*ready)(void *userdata);
        void *userdata;
} NotifyOwner;

typedef struct Notify Notify;

/* Connects to systemd's socket, "/…" or "@…". Returns the fd, which does not wait, or -errno. */
int notify_connect(const char *address);

/* Takes over out, of notify_connect(). The owner may be NULL, and is borrowed, as is the report. NULL: no memory. */
Notify *notify_new(int out, const NotifyOwner *owner, Report *report);
Notify *notify_free(Notify *n);
DEFINE_CLEANUP(Notify *, notify_free);

/* Begins to read from in, which is taken over; payload is the pid that may always speak. */
void notify_begin(Notify *n, int in, pid_t payload, NotifyAccess access, NotifyStore store);

/* The fds, borrowed: for the one who takes over. */
void notify_get_fds(const Notify *n, int *ret_in, int *ret_out);

/* Says something on one's own account, as the first of all: before notify_begin() has anything read. */
void notify_say(Notify *n, const char *text);

/* The same with an fd (-1: none), waiting for room. Returns 0 or -errno. */
int notify_say_now(const Notify *n, const char *text, int fd);

enum { NOTIFY_FDS = 2 };

/* What to wait for, and what to do when it has come: some messages at most, so that others have their turn. n may be
 * NULL. */
void notify_fill(const Notify *n, struct pollfd fds[static NOTIFY_FDS]);
void notify_process(Notify *n, const struct pollfd fds[static NOTIFY_FDS]);

/* At the end: sends on what is there still, waiting for room, but not for long. n may be NULL. */
void notify_finish(Notify *n);
