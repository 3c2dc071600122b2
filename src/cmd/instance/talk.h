/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's end of a connection to an instance. */

#include "cmd/instance/client.h"
#include "cmd/instance/instance.h"

/* Who answers. */
typedef struct TalkOwner {
        uid_t uid;
        gid_t gid;
} TalkOwner;

/* Connects to the instance's isorun. ret may be NULL. Returns the fd or -errno, reported. */
int talk_connect(const Instance *instance, TalkOwner *ret, Report *report);

/* Reports that the other side is gone without an answer. Returns -ECONNRESET. */
int talk_hung_up(const Instance *instance, Report *report);

/* Asks a question that a text answers, which goes to *ret_text, on the heap. Fills n further fds. Returns 0 or -errno,
 * reported. */
int talk_ask(const Instance *instance, ControlType question, char **ret_text, int *fds, unsigned n, TalkOwner *ret,
             Report *report);
