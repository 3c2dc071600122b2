/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/subordinate.h"
#include "util/id-map.h"
#include "util/macro.h"
#include "util/report.h"

/* What the plan goes by of the machine and of the process that asks. Tests make one up. */
typedef struct Host {
        uid_t uid;
        gid_t gid;
        pid_t pid;
        uint64_t capabilities;   /* effective, a bit each */
        char **environment;      /* borrowed */
        char *working_directory;
        char *cgroup;            /* own path in the unified hierarchy, "/…"; NULL where there is none */
        char *cgroup_root;       /* where that hierarchy is mounted; NULL: nowhere */
        char *unit;              /* the service whose main process this is; NULL: none */
        bool executed;           /* systemd executed this process for a unit, or a sandbox as its command */
        IdMap uid_map, gid_map;  /* of the user namespace that this process is in; gid_map of uid 0 alone */
        bool initial_users;      /* it is the initial one */
        bool own_root;           /* uid 0 here is not the machine's, but that of a user namespace */
        bool system_manager;     /* a systemd with a system bus is there */
        bool user_manager;       /* the same for this user */
        unsigned landlock_abi;   /* 0: no Landlock */
        unsigned terminals;      /* bit N: fd N of 0 to 2 is a terminal */
        int (*find_ranges)(uid_t owner, IdRange *ret_uids, IdRange *ret_gids); /* subordinate_find(); when needed */
} Host;

/* Looks at the machine, changing nothing. Returns 0 or a negative errno, reported. */
int host_probe(Host *host, Report *report);
void host_deinit(Host *host);

/* The value of a variable in the caller's environment, or NULL. */
const char *host_variable(const Host *host, const char *name);
