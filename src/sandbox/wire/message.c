/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/message.h"

#include <errno.h>
#include <sys/wait.h>

#include "sandbox/wire/packet.h"
#include "sandbox/wire/signals.h"
#include "sandbox/wire/step.h"
#include "util/fd.h"

typedef struct Range {
        int32_t least, most;
} Range;

enum { ERRNO_MAX = 4095 }; /* the largest that a system call returns: MAX_ERRNO in Linux */

/* The ranges of each message's fields. A field without a range must be 0. */
static const struct {
        MessageEnd end;
        Range value, status, fds;
} table[_MESSAGE_TYPES] = {
        [MESSAGE_MAPPED] = { .fds = { 0, 1 } },
        [MESSAGE_GO] = { .fds = { 0, 2 } },
        [MESSAGE_SIGNAL] = { .value = { 1, SIGNAL_MAX }, .status = { 0, _SENDERS - 1 } },
        [MESSAGE_CONTINUE] = { .value = { 0, 1 } },
        [MESSAGE_CONTROL] = { .fds = { 1, 1 } },
        [MESSAGE_LOOK_UP] = { .value = { 1, INT32_MAX } },
        [MESSAGE_HAND_OVER] = { .value = { 0, 2 }, .status = { 0, 2 }, .fds = { 2, 2 } },
        [MESSAGE_HANDED_OVER] = { .fds = { 0, 1 } },
        [MESSAGE_CONNECTED] = { MESSAGE_TO_ISORUN, .value = { 0, ERRNO_MAX } },
        [MESSAGE_STEP] = { MESSAGE_TO_ISORUN, .value = { 0, _STEPS - 1 } },
        [MESSAGE_FAILED] = { MESSAGE_TO_ISORUN, { 1, ERRNO_MAX }, { PLAN_FAILED, PLAN_NOT_FOUND }, {} },
        [MESSAGE_GIVEN] = { MESSAGE_TO_ISORUN, .value = { 0, INT32_MAX }, .fds = { 1, 1 } },
        [MESSAGE_LISTENING] = { MESSAGE_TO_ISORUN, { 0, INT32_MAX }, { 0, 1 }, .fds = { 1, 1 } },
        [MESSAGE_TERMINAL] = { MESSAGE_TO_ISORUN, .fds = { 1, 1 } },
        [MESSAGE_WATCH] = { MESSAGE_TO_ISORUN, .fds = { 1, 1 } },
        [MESSAGE_LOGGING] = { MESSAGE_TO_ISORUN, .fds = { 0, 1 } },
        [MESSAGE_STARTED] = { MESSAGE_TO_ISORUN, .fds = { 1, 2 } },
        [MESSAGE_SEEN] = { MESSAGE_TO_ISORUN, { 1, SIGNAL_MAX }, { 0, 1 }, {} },
        [MESSAGE_CONTINUED] = { MESSAGE_TO_ISORUN },
        [MESSAGE_FOUND] = { MESSAGE_TO_ISORUN, .fds = { 0, 1 } },
        [MESSAGE_NOTIFYING] = { MESSAGE_TO_ISORUN, .fds = { 1, 1 } },
        [MESSAGE_FORKED] = { MESSAGE_TO_ISORUN, .fds = { 1, 1 } },
        [MESSAGE_ASKED] = { MESSAGE_TO_ISORUN, .fds = { 1, 1 } },
        [MESSAGE_REFUSED] = { MESSAGE_TO_ISORUN },
        [MESSAGE_ENDING] = { MESSAGE_TO_ISORUN, .value = { 0, 1 } },
        [MESSAGE_FULL] = { MESSAGE_TO_ISORUN, .value = { 1, INT32_MAX } },
        [MESSAGE_STOPPED] = { MESSAGE_TO_ISORUN, .value = { 1, SIGNAL_MAX } },
        [MESSAGE_EXITED] = { MESSAGE_TO_ISORUN, .value = { 0, 0xffff }, .status = { 0, 1 } },
};

static bool is_in(Range range, int32_t n) {
        return n >= range.least && n <= range.most;
}

int message_check(const Message *message, MessageEnd end, int n) {
        unsigned type = message->type;

        if (type >= _MESSAGE_TYPES || table[type].end != end || !is_in(table[type].value, message->value) ||
            !is_in(table[type].status, message->status) || (n >= 0 && !is_in(table[type].fds, n)))
                return -EPROTO;
        if (type == MESSAGE_EXITED && !WIFEXITED(message->value) && !WIFSIGNALED(message->value))
                return -EPROTO;
        return memchr(message->text, '\0', sizeof(message->text)) ? 0 : -EPROTO;
}

int message_send(int socket, const Message *message, const int *fds, unsigned n) {
        struct iovec part = { .iov_base = (void *) message, .iov_len = sizeof(*message) };

        return packet_send(socket, &part, 1, fds, n, 0);
}

int message_receive(int socket, MessageEnd end, Message *ret, int *fds, unsigned n) {
        int n_fds = n > 0 ? 0 : -1, r;
        size_t size;

        r = packet_receive(socket, ret, sizeof(*ret), &size, fds, n, 0);
        if (r <= 0)
                return r == -EMSGSIZE ? -EPROTO : r;
        for (unsigned i = 0; i < n; i++)
                n_fds += fds[i] >= 0;
        if (size != sizeof(*ret) || message_check(ret, end, n_fds) < 0) {
                fds_close(fds, n);
                return -EPROTO;
        }
        return 1;
}
