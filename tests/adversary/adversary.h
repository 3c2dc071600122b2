/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The adversary: tries inside a sandbox whatever might reach out of it. The same program tries it outside as well, as
 * root (the control): what does not work there either proves nothing. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "calls.h"

/* What the process outside has prepared. It passes this as one argument to the one inside. */
typedef struct Facts {
        bool control; /* not in a sandbox */
        int tcp, udp; /* ports of the host's loopback on which it listens */
        int pid; /* as the host sees it */
        int key; /* of a shared memory, a semaphore set and a message queue */
        int terminal; /* the number of its terminal */
        char name[64]; /* of an abstract socket, a message queue, a key, and a file in /dev/shm */
        char secret[128]; /* a file in the host's /tmp */
        char setuid[128]; /* a set-user-ID program */
} Facts;

typedef struct Attempt Attempt;
struct Attempt {
        const char *name;
        const char *what; /* for the table in docs/adversary.md */
        /* Returns 0 if it got through, else -errno. NULL: makes the one system call that follows. */
        int (*try)(const Facts *facts, const Attempt *attempt);
        unsigned long args[6];
        long number;
        const char *path;
        int reaches; /* the call has passed every check of permission if it fails with this errno */
        bool asks; /* only the process outside can see whether it got through */
        const char *needs; /* what some machines lack, where the control cannot get through */
};

typedef struct Area {
        const char *title;
        const Attempt *attempts;
        size_t n;
} Area;

#define AREA(name, text) const Area name = { text, attempts, sizeof(attempts) / sizeof(attempts[0]) }

/* One system call with its arguments. */
#define CALL(nr, ...) .number = nr, .args = { __VA_ARGS__ }

extern const Area area_namespaces, area_mounts, area_files, area_proc, area_processes, area_ids, area_sockets,
        area_network, area_kernel, area_fds, area_code, area_devices, area_supplies, area_watchers;

/* Attempts that several areas use. */
int try_read(const Facts *facts, const Attempt *attempt); /* reads some bytes of the path */
int try_open_to_write(const Facts *facts, const Attempt *attempt);
int try_list(const Facts *facts, const Attempt *attempt); /* finds an entry in the path */

/* Makes namespaces of these kinds, with a user namespace if that is the only way. Returns 0 or -errno. */
int own_world(int flags);

/* -1 becomes -errno, anything else 0. */
int result(long r);

int inside(const Facts *facts);
int outside(const char *directory, char *command[]);
int facts_print(const Facts *facts, char *text, size_t size);
int facts_parse(const char *text, Facts *ret);
