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

/* A socket unit of systemd. */
typedef struct HostSocketUnit {
        char *load_state; /* "loaded", "not-found", "masked" … */
        bool active;      /* systemd listens there */
        char **streams;   /* the addresses of its ListenStream=, as systemd prints them; abstract ones begin with "@" */
} HostSocketUnit;

void host_socket_unit_deinit(HostSocketUnit *unit);

/* isorun's note on the cgroup of a service of a user's manager: 1 or 0, whether it has Delegate=yes. */
#define HOST_DELEGATED "user.isorun.delegated"

/* The facts that a plan depends on, about the machine and about this process. Tests make them up. */
typedef struct Host {
        uid_t uid;
        gid_t gid;
        pid_t pid;
        uint64_t capabilities;   /* effective, one bit for each */
        int capabilities_error;  /* errno if they cannot be read, and then capabilities is 0; 0: they are read */
        unsigned n_capabilities; /* the number that the kernel has */
        char **environment;      /* borrowed */
        char *working_directory;
        char *cgroup;            /* the path of this process in the unified hierarchy, "/…"; NULL: it has none */
        char *cgroup_root;       /* the mount point of that hierarchy; NULL: not mounted */
        char *unit;              /* the service whose main process this process is; NULL: none */
        bool executed;           /* systemd executed this process for a unit, or another isorun as its payload */
        IdMap uid_map, gid_map;  /* of this process's user namespace; gid_map only for uid 0 */
        bool initial_users;      /* that namespace is the initial one */
        bool setgroups_denied;   /* setgroups(2) fails in that namespace, whoever calls it */
        gid_t *groups;           /* the supplementary groups */
        size_t n_groups;
        bool own_root;           /* uid 0 is the root of a user namespace, not the machine's */
        bool system_manager;     /* systemd and the system bus are running */
        bool user_manager;       /* the same for the user's manager and bus */
        unsigned landlock_abi;   /* 0: no Landlock */
        unsigned terminals;      /* bit N: fd N of 0 to 2 is a terminal */
        unsigned pipes;          /* bit N: fd N of 0 to 2 is a pipe or socket */

        /* These functions look at the machine only if the policy needs it. host_probe() sets the real ones. */
        int (*find_ranges)(uid_t owner, IdRange *ret_uids, IdRange *ret_gids); /* subordinate_find() */
        int (*find_user)(const char *name, HostUser *ret);                     /* users_find_name() */
        int (*find_user_by_uid)(uid_t uid, HostUser *ret);                     /* users_find_uid() */
        int (*find_group)(const char *name, gid_t *ret);                       /* users_find_group() */
        int (*find_group_name)(gid_t gid, char **ret);                         /* users_find_group_name() */
        int (*find_groups)(const char *name, gid_t first, gid_t **ret, size_t *ret_n); /* users_find_groups() */
        int (*find_homes)(uid_t user, const char *variable, char ***ret);      /* homes_find() */
        int (*find_program)(const char *name, char **ret); /* a set-user-ID helper; 0, -ENOENT or -ENOMEM */
        int (*get_limit)(int resource, struct rlimit *ret); /* this process's: getrlimit(2); 0 or -errno */
        int (*get_user_limit)(const char *name, uint64_t *ret); /* a file of /proc/sys/user, of this process's user
                                                                   namespace; 0 or -errno */
        bool (*has_audit)(void);                            /* the kernel has an audit log */
        unsigned (*get_personality)(void);                  /* this process's: personality(2) */
        /* Whether fd is a socket that listens at this path or, without a path, at this TCP port. */
        bool (*listens_at)(int fd, const char *path, uint16_t port);
        /* Asks systemd; set by lib/load.h. user: the user's manager, and not the system's. 0 or -errno, reported. */
        int (*read_socket_unit)(bool user, const char *name, HostSocketUnit *ret, Report *report);
        int (*read_resolver)(char **ret); /* the text of /etc/resolv.conf; 0 or -errno */
        /* Whether the cgroup, by the full path of its directory, says that systemd has delegated it to the user: 1, 0,
         * or -ENODATA if it is the user's and does not say. */
        int (*is_delegated)(const char *cgroup, uid_t uid);
        /* Asks the user's manager about a service; set by lib/load.h. 1, 0 or -errno. */
        int (*ask_delegated)(const char *unit);
        int (*find_init_cgroup)(char **ret); /* the path of PID 1 in the unified hierarchy; 0 or -errno */
        int (*find_fact)(char letter, gid_t gid, char **ret); /* as that of Specifiers; NULL: the machine's */
} Host;

/* The cgroup of the service manager of the caller's user, below that of the system's manager. On the heap; NULL if
 * memory runs out. Source: user@.service(5). */
char *host_user_manager(const Host *host);

/* Collects the facts, and changes nothing. Returns 0 or a negative errno, reported. */
int host_probe(Host *host, Report *report);
void host_deinit(Host *host);

/* The value of a variable in the caller's environment, or NULL. */
const char *host_variable(const Host *host, const char *name);
