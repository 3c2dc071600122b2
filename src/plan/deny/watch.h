/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun --why watches. A tracer outside (sandbox/watch) sees the calls that the filter denies, and the results of
 * those that use a path, an address or a capability.
 *
 * The payload has two filters then. The first one is the plan's, in which each denial is SECCOMP_RET_TRACE. The second
 * one is SECCOMP_RET_TRACE for the calls in watched_calls, and denies what would let the payload escape from the tracer
 * and with it from the first one:
 *
 *   - SECCOMP_RET_USER_NOTIF is stricter than SECCOMP_RET_TRACE. With a filter and a listener of its own, the payload
 *     could answer "continue" to a call that only the tracer denies. So it gets no listener.
 *   - With CLONE_UNTRACED, the payload could make a process that the tracer does not have, and be its tracer. clone3(2)
 *     has its flags in memory, where no filter sees them.
 *   - ptrace(2), too, for another reason to be sure of that. It could do nothing with a process that has a tracer.
 *   - A ring of io_uring opens files without a system call.
 *
 * The tracer does not believe the kernel's word on which filter stopped a call: the payload may add filters that stop
 * it, too, and theirs come first. It asks the plan's program again: program_answer(). */

#include <linux/filter.h>

#include "plan/plan.h"

/* Marks the stops of isorun's own filters. */
enum { WATCH_DATA = 0x15e };

typedef enum WatchedUse {
        USE_LOOK,      /* stat(2): existence is enough */
        USE_READ,
        USE_OPEN,      /* by flags */
        USE_CREATE_OPEN, /* creat(2) */
        USE_ATTRIBUTES,
        USE_CREATE,
        USE_REMOVE,
        USE_RENAME,
        USE_EXECUTE,
        USE_CONNECT, /* path: the argument that is an address of a socket; its length follows. directory: the socket.
                        Sending to an address, too */
        USE_BIND,    /* the same */
        USE_CAPABILITY, /* by nothing but a capability; no path */
        USE_LIMIT,      /* of no call: LimitNOFILE= is reached; no path */
} WatchedUse;

typedef struct WatchedCall {
        const char *name;
        WatchedUse use;
        int8_t directory; /* the argument that is an fd of a directory; -1: none */
        int8_t path;      /* the argument that is a path */
        int8_t flags;     /* of USE_OPEN; -1: in memory */
        const char *capability; /* of USE_CAPABILITY */
        bool in_header; /* of USE_CONNECT: the argument is a struct msghdr, in memory, which begins with the address */
        int8_t other_directory; /* of the other path, of rename(2) the new one, and of link(2) the old one */
        int8_t other; /* the argument that it is, plus 1; 0: the call has only one */
} WatchedCall;

extern const WatchedCall watched_calls[]; /* ends with a NULL name */

/* For isorun --record (Plan.record), the second filter stops all calls but those of these groups: their calls reach
 * nothing that the program does not have already, and most programs make them all the time. Ends with NULL. */
extern const char *const watch_quiet_groups[];

/* Whether the call is denied while a payload is watched, although the plan may allow it. */
bool watch_hides(const char *call);

/* Whether this answer of the plan's program is one to tell. ENOSYS is an answer on purpose, which programs expect: they
 * use an older call then. The errno 0 denies nothing. */
bool watch_is_denial(uint32_t answer);

/* Makes the two programs, in the order to install them, of the plan's program. The caller frees each. Returns 0, -E2BIG
 * or -ENOMEM. */
int watch_programs(const Plan *plan, struct sock_fprog ret[static 2]);
