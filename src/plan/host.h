/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "plan/subordinate.h"
#include "plan/users.h"
#include "util/id-map.h"
#include "util/macro.h"
#include "util/report.h"

/* What the plan goes by of the machine and of the process that asks. Tests make one up. */
typedef struct Host {
        uid_t uid;
        gid_t gid;
        pid_t pid;
        uint64_t capabilities;   /* effective, a bit each */
        unsigned n_capabilities; /* that the kernel has */
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

        /* What is asked of the machine only where the policy needs it, by the function that host_probe() puts here. */
        int (*find_ranges)(uid_t owner, IdRange *ret_uids, IdRange *ret_gids); /* subordinate_find() */
        int (*find_user)(const char *name, HostUser *ret);                     /* users_find_name() */
        int (*find_user_by_uid)(uid_t uid, HostUser *ret);                     /* users_find_uid() */
        int (*find_group)(const char *name, gid_t *ret);                       /* users_find_group() */
        int (*find_groups)(const char *name, gid_t first, gid_t **ret, size_t *ret_n); /* users_find_groups() */
        int (*find_program)(const char *name, char **ret); /* a set-user-ID helper; 0, -ENOENT or -ENOMEM */
        int (*get_limit)(int resource, struct rlimit *ret); /* of this process: getrlimit(2); 0 or -errno */
        unsigned (*get_personality)(void);                  /* of this process: personality(2) */
} Host;

/* Looks at the machine, changing nothing. Returns 0 or a negative errno, reported. */
int host_probe(Host *host, Report *report);
void host_deinit(Host *host);

/* The value of a variable in the caller's environment, or NULL. */
const char *host_variable(const Host *host, const char *name);
