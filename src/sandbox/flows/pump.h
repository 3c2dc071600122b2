/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Moves bytes from one socket to another through a pipe, without copying them: splice(2). Bytes that the receiver does
 * not take yet stay with the sender, and slow it down. A pump has a pipe only while bytes are in it: a user may have
 * few. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel counts the pages of all pipes of a user, who may have fs.pipe-user-pages-soft of them, 16384 by default.
 * So a server has few pipes that are not the smallest: pump.c. Even in the smallest, much has room, because a place for
 * a page takes as much as comes in one piece from the network. */
typedef enum PumpSize {
        PUMP_SMALL,  /* one page */
        PUMP_NORMAL, /* as pipe2(2) makes it: 16 pages */
        PUMP_LARGE,  /* for those who send much */
        _PUMP_SIZES,
} PumpSize;

enum { PUMP_NORMAL_MAX = 64, PUMP_LARGE_MAX = 4, PUMP_LARGE_PAGES = 64, PUMP_LARGE_MSEC = 1000 };

typedef struct PumpPipe {
        int read, write;
        PumpSize size;
} PumpPipe;

/* The pipes of a server. Some empty ones are kept for the next pump, large ones until they have not been used for
 * PUMP_LARGE_MSEC. Zero-initialized. */
typedef struct PumpPipes {
        struct {
                PumpPipe kept[16];
                size_t n_kept, n; /* n: those that a pump has, too */
        } of[_PUMP_SIZES];
        uint64_t large_used; /* CLOCK_MONOTONIC */
        bool no_large;       /* the user may have no more */
} PumpPipes;

typedef struct Pump {
        PumpPipe pipe; /* used while held > 0 */
        size_t held;
        uint64_t moved;
        bool fills;    /* the last piece filled a normal pipe, so more probably waits */
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

/* Ends the pump in the middle. */
void pump_deinit(Pump *p, PumpPipes *pipes);

/* Closes large pipes that have not been used for PUMP_LARGE_MSEC. */
void pump_expire(PumpPipes *pipes);
