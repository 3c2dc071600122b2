/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Moves bytes from one socket to another through a pipe, without copying them: splice(2). Bytes that the receiver does
 * not take yet stay with the sender, and slow it down. A pump has a pipe only while bytes are in it: a user may have
 * few. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct PumpPipe {
        int read, write;
} PumpPipe;

/* Empty pipes that are kept for the next pump. */
typedef struct PumpPipes {
        PumpPipe items[16];
        size_t n;
} PumpPipes;

typedef struct Pump {
        PumpPipe pipe; /* used while held > 0 */
        size_t held;
        uint64_t moved;
        bool ended;    /* the sender sends no more, and the receiver knows */
        bool urgent;   /* there was urgent data */
        bool last;     /* the other way has ended: the caller closes both sockets when this one ends */
        bool broken;   /* the sender has failed: after its last bytes, the pump fails, and does not end */
} Pump;

typedef enum PumpState {
        PUMP_WAITS, /* for one of the sockets */
        PUMP_MORE,  /* it has moved much; others come first */
        PUMP_REFUSED, /* the receiver takes no more */
        PUMP_FAILED,
} PumpState;

/* Moves what can be moved at once. Both sockets do not block. Sets *from_ready and *to_ready to false if the socket has
 * to be waited for. */
PumpState pump_move(Pump *p, PumpPipes *pipes, int from, bool *from_ready, int to, bool *to_ready);

void pump_deinit(Pump *p);
