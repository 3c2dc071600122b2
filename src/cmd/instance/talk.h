/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's conversation with an instance. */

#include "cmd/instance/client.h"
#include "cmd/instance/instance.h"

/* The owner of the instance. */
typedef struct TalkOwner {
        uid_t uid;
        gid_t gid;
} TalkOwner;

/* Connects to the socket of that type (control_listen()) of the instance's isorun. ret may be NULL. Returns the fd,
 * which the caller closes, or -errno, reported. Not every instance has one of SOCK_STREAM: -ENOENT is then not
 * reported. */
int talk_connect(const Instance *instance, int type, TalkOwner *ret, Report *report);

/* Reports that the instance has hung up without an answer. Returns -ECONNRESET. */
int talk_hung_up(const Instance *instance, Report *report);

/* Sends a request whose answer is a text and n fds. The caller frees *ret_text and closes the fds. Returns 0 or -errno,
 * reported. */
int talk_ask(const Instance *instance, ControlType question, char **ret_text, int *fds, unsigned n, TalkOwner *ret,
             Report *report);

/* Asks isorun itself, outside: CONTROL_WHY. words ends with NULL. The caller frees *ret_text. Returns 0 or -errno,
 * reported. */
int talk_ask_why(const Instance *instance, char *const *words, char **ret_text, Report *report);
