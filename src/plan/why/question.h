/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isoctl why asks a plan, and what it answers. */

#include "plan/plan.h"

typedef enum WhyAction {
        WHY_READ,    /* open(path, O_RDONLY) */
        WHY_WRITE,   /* open(path, O_WRONLY) */
        WHY_CREATE,  /* open(path, O_CREAT|O_EXCL|O_WRONLY) */
        WHY_REMOVE,  /* unlink(path), rmdir(path) */
        WHY_RENAME,  /* rename(path, another name in its directory) */
        WHY_EXECUTE, /* access(path, X_OK); for a directory, entering it */
        WHY_CONNECT, /* to HOST:PORT or HOST:PORT/udp, the path of a socket, or "@" and an abstract name */
        WHY_LISTEN,  /* at PORT or PORT/udp of all IPv4 addresses */
        WHY_CALL,
        WHY_CAPABILITY,
        WHY_ENVIRONMENT,
        WHY_LIMIT,
        _WHY_ACTION_MAX,
} WhyAction;

enum { WHY_ARGUMENTS_MAX = 6 };

typedef struct WhyQuestion {
        WhyAction action;
        const char *object; /* a path, an address, or a name */
        uint64_t arguments[WHY_ARGUMENTS_MAX]; /* WHY_CALL */
        unsigned n_arguments; /* the others are not known */
} WhyQuestion;

typedef enum WhyVerdict {
        WHY_ALLOWED,
        WHY_DENIED,
        WHY_DEPENDS, /* on what the plan does not know: text says on what */
} WhyVerdict;

typedef enum WhyMechanism {
        BY_NOTHING,
        BY_MOUNT,      /* a mount is read-only, noexec, or without devices; or the place is a mount */
        BY_HIDING,     /* it is on the host, but not inside */
        BY_FILTER,
        BY_CAPABILITY,
        BY_NAMESPACE,  /* it is in the host's network, and the instance has its own */
        BY_FLOWS,      /* ConnectTo= does not name it, or needs it itself */
        BY_LANDLOCK,
        BY_LIMIT,
        BY_ENVIRONMENT, /* the environment of the payload is isorun's */
        BY_FILES,      /* modes and kinds of files: without the sandbox it would fail, too */
} WhyMechanism;

typedef struct WhyAnswer {
        WhyVerdict verdict;
        int error;      /* denied: the errno; 0: none, as for a variable that is not set */
        WhyMechanism mechanism;
        bool has_origin; /* false: not from a line of the policy */
        Origin origin;  /* refers to the plan */
        char *text;     /* one sentence */
        char *allow;    /* the shortest line that would allow it, or NULL */
        const char *opens; /* constant: what else that line opens */
        char **words;   /* of a parsed answer, which origin and opens refer to: plan/why/kept.h */
} WhyAnswer;

void why_answer_deinit(WhyAnswer *answer);
