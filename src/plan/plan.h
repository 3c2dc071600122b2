/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plan lists everything that a start will do. It is resolved against the host, sorted and printable, and nothing
 * has been changed yet. The sandbox carries it out unchanged; explain prints the same plan.
 *
 * The plan owns strings of the type char *. Settings and origins point into the policy, which must live as long as the
 * plan. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "plan/code-maker.h"
#include "plan/host.h"
#include "plan/mount.h"
#include "policy/policy.h"
#include "policy/value/standard-io.h"

/* What holds the limits of the instance. */
typedef enum PlanHolder {
        HOLDER_SCOPE,   /* a transient scope of systemd */
        HOLDER_SERVICE, /* the service whose main process isorun is */
        HOLDER_CGROUP,  /* without systemd: a child of a cgroup that is delegated to isorun */
        HOLDER_POOL,    /* a cgroup in a pool: plan/unit/pool.h */
        HOLDER_NONE,    /* nothing; only for a policy without required limits */
} PlanHolder;

/* Whether the instance is a unit of systemd. */
static inline bool holder_is_unit(PlanHolder holder) {
        return holder == HOLDER_SCOPE || holder == HOLDER_SERVICE;
}

/* Whether isorun makes the cgroup of the instance itself. */
static inline bool holder_is_own(PlanHolder holder) {
        return holder == HOLDER_CGROUP || holder == HOLDER_POOL;
}

/* A directive of [Scope], with all its values. */
typedef struct PlanProperty {
        const Directive *directive;
        const SettingList *settings;
        bool optional; /* Optional= names it: a notice is enough if it is not enforced */
} PlanProperty;

/* The result of a system call in the filter. */
typedef struct PlanCall {
        const char *name; /* constant */
        int number;       /* from syscall_number() */
        int error;        /* 0: allowed; otherwise the errno that the call returns */
} PlanCall;

typedef enum ArgumentTest {
        ARGUMENT_MASKED_EQUAL, /* (argument & mask) == value */
        ARGUMENT_EQUAL,
        ARGUMENT_NOT_EQUAL,
        ARGUMENT_LESS,
        ARGUMENT_GREATER,
        ARGUMENT_ANY,          /* true whatever the arguments */
} ArgumentTest;

/* A rule that denies a call because of an argument. */
typedef struct PlanArgumentRule {
        const char *name;
        int number; /* from syscall_number() */
        unsigned argument;
        ArgumentTest test;
        uint64_t mask, value;
        unsigned flags_argument; /* if flags is not 0, this argument must also have all flags set */
        uint64_t flags;
        unsigned set_argument; /* if not 0, this argument must also not be 0: a pointer that is not NULL */
        int error;             /* 0: the call does nothing, and returns 0 */
        DirectiveId reason; /* the directive that causes the rule; _DIRECTIVE_MAX: in every plan */
} PlanArgumentRule;

typedef struct PlanLandlockRule {
        const char *path; /* borrowed from the plan, or constant; NULL: the rule is for a port */
        uint64_t access;
        uint16_t port;     /* of TCP */
        bool found_inside; /* the plan does not know what the path is: a stage's */
        bool optional;     /* only if the path exists */
} PlanLandlockRule;

typedef struct PlanResourceLimit {
        const Directive *directive;
        struct rlimit limit;
        Origin origin; /* without a file: not from the policy, from plan/payload/bounds.h */
        bool of_unlimited; /* ... and the caller has no limit */
        bool raised;       /* it is above the caller's hard limit, or isorun does not know that */
        struct rlimit before; /* the caller's; hard limit 0: unknown */
} PlanResourceLimit;

/* A limit of the sandbox's own user namespace. */
typedef struct PlanUserLimit {
        const char *name; /* constant: a file in /proc/sys/user */
        uint64_t value;
} PlanUserLimit;

typedef struct PlanStandardIO {
        StandardIO kind;
        const char *path; /* on the host */
        Origin origin;
} PlanStandardIO;

/* A port of a host that the payload can connect to: plan/network/peers.h. */
typedef struct PlanPeer {
        const char *host;  /* a name or an address, as the payload uses it; borrowed from the policy */
        uint16_t port;
        bool ipv6;
        uint8_t address[16]; /* at which the payload reaches the peer, in network byte order; IPv4: the first 4 bytes */
        bool literal;      /* the host is an address, or localhost */
        bool is_at_loopback6; /* localhost: it is at ::1, too */
        bool is_pattern;   /* the host is "*.DOMAIN": it has no address, but each name that matches gets one */
        bool is_covered;   /* the pattern of another peer with this port takes its connections, too */
        const char *target; /* what the host is outside: a name, an address, or the path of a socket; borrowed */
        uint16_t target_port;
        bool is_socket;
        bool is_datagram;  /* UDP, not TCP */
        bool may_be_private; /* the target's name may have addresses of private networks */
        bool is_revoked;   /* was granted: sandbox/flows/grants.h */
        Origin origin;
} PlanPeer;

/* A place of the host at which a server of the payload is reached: plan/network/entrances.h. */
typedef struct PlanEntrance {
        const char *place; /* an address, or the path of a socket; borrowed from the policy */
        uint16_t port;     /* of the address */
        uint16_t inside;   /* the server's port */
        bool is_socket;
        bool proxy;        /* the server is told the client's address: the PROXY protocol */
        int passed_fd;     /* a socket that this process was started with is used instead; 0: none */
        Origin origin;
} PlanEntrance;

typedef struct Plan {
        const Policy *source; /* the policy that the plan is made from */

        /* The instance. */
        char *name;         /* "web-4f2a" */
        char *unit;         /* "isorun-web-4f2a.scope", or the service; without a unit, the name of the cgroup */
        char *policy;       /* its name or path, as the caller gave it */
        char *description;
        PlanHolder holder;
        bool user_manager;
        char **bus_sockets; /* of the manager's bus, the first that can be connected to counts: paths, or "@" and an
                               abstract name; NULL: the first process inside does not connect to a bus */
        char *cgroup;       /* HOLDER_SERVICE: its path in cgroup_root; HOLDER_CGROUP and HOLDER_POOL: the path of
                               its parent */
        char *pool;         /* HOLDER_POOL: the unit that the pool is, or that it is in; without systemd, the name of
                               the pool's cgroup; otherwise NULL */
        char *pool_base;    /* HOLDER_POOL: the delegated cgroup that the pool is in; NULL: the pool is a scope */
        char *pool_undelegated; /* HOLDER_POOL: the cgroup of a service that has no Delegate=yes, as the user's manager
                                   has answered; isorun notes that on it; otherwise NULL */
        bool pool_by_bus;   /* this process may not move others into the pool, so systemd has to */
        char *cgroup_root;
        PlanProperty *properties;
        size_t n_properties;
        bool delegate;
        bool may_mount;     /* the payload may mount file systems, in a namespace that it makes or has */
        bool machine;       /* systemd-machined registers the instance */
        bool machine_optional;
        Origin machine_origin;
        bool inner_cgroup;  /* the payload's cgroup namespace begins below the cgroup that has the limits */

        /* Namespaces and ids. */
        uint64_t namespaces;       /* CLONE_NEW* of the first process inside */
        uint64_t inner_namespaces; /* CLONE_NEW* made when the root is complete, which locks its mounts */
        IdMap uid_map, gid_map;    /* empty if no user namespace is made */
        IdMap inner_uid_map, inner_gid_map; /* of the user namespace in inner_namespaces; empty if it has none */
        char *uid_helper, *gid_helper; /* newuidmap(1) and newgidmap(1), which write the maps; NULL: isorun does */
        bool deny_setgroups;
        bool set_ids;              /* change the payload's ids to: */
        uid_t uid;
        gid_t gid;
        bool set_owner;            /* files made in memory for the payload belong to, in ids of the outer map: */
        uid_t owner_uid;
        gid_t owner_gid;
        gid_t *groups;
        size_t n_groups;
        gid_t *kept_groups;        /* groups of the caller that the payload keeps, because isorun cannot drop them */
        size_t n_kept_groups;
        uint64_t bounding, ambient; /* capabilities, one bit for each */

        /* The network. */
        PlanPeer *peers;
        size_t n_peers;
        char **search_domains; /* network/search.h */
        PlanEntrance *entrances;
        size_t n_entrances;
        bool grant_peers; /* others can be added while the instance runs: sandbox/flows/grants.h */
        uint32_t last_given; /* there: the last address that a name of a pattern has got; 0: none */
        uint64_t flows_max; /* connections to peers at a time, and as many from entrances */
        bool log_flows;     /* each of both kinds is a record in the journal */

        /* The root. */
        PlanMount *mounts; /* sorted by destination; the first is the root itself */
        size_t n_mounts;

        bool symlinks_everywhere; /* as far as isorun has seen, each mount of the host follows symlinks */
        int layers_lock;   /* the root is a container image: PlanRequest.layers_lock; 0: it is not */
        char *image_id, *policy_digest; /* then: its digest and that of the policy, "sha256:…"; NULL: it is not */

        /* What the payload may do. */
        PlanCall *calls; /* sorted by name; calls that are not listed return ENOSYS */
        size_t n_calls;
        PlanArgumentRule *argument_rules;
        size_t n_argument_rules;
        uint32_t *architectures; /* libseccomp's tokens, without the native one */
        size_t n_architectures;
        struct sock_filter *program; /* the filter of all that: seccomp(2); NULL with other architectures */
        size_t n_program;
        unsigned landlock_abi;
        uint64_t landlock_files; /* LANDLOCK_ACCESS_FS_* that are denied without a rule */
        uint64_t landlock_net;   /* LANDLOCK_ACCESS_NET_*: the same */
        uint64_t landlock_scope; /* LANDLOCK_SCOPE_* */
        bool landlock_queues; /* a rule for the instance's message queues: mq_overview(7) */
        char **landlock_paths; /* the paths of rules that are not mounts */
        PlanLandlockRule *landlock_rules;
        size_t n_landlock_rules;

        /* The payload. */
        char **arguments; /* NULL in a plan that is only printed */
        Origin command_origin; /* without a file: the command is not the policy's */
        char *executable; /* the path inside */
        char **environment;
        char **unset;                    /* the assignments that UnsetEnvironment= removed from it */
        char *const *caller_environment; /* borrowed */
        const CodeMaker *code_maker; /* in the command, if MemoryDenyWriteExecute= denies that; NULL: none is known */
        char **texts; /* those of files in mounts, if the plan has written them */
        char **service_origins; /* the origins of mounts that come from the unit point here */
        char *working_directory;
        bool working_directory_optional;
        PlanStandardIO standard_io[3];
        bool given_no_exec; /* files that the caller gives for reading cannot be mapped as code */
        bool own_session;   /* so that the payload cannot open the caller's terminal as /dev/tty */
        unsigned terminals; /* bit N: fd N is a terminal of the caller, which a private terminal replaces */
        bool reads_terminal; /* isorun reads the caller's terminal from the beginning, not only when the payload does */
        PlanResourceLimit *limits;
        size_t n_limits;
        PlanUserLimit *user_limits;
        size_t n_user_limits;
        bool keyring; /* the payload could reach the caller's session keyring, so it gets one of its own */
        bool set_umask, set_nice;
        mode_t umask;
        int nice;
        Origin nice_origin;
        size_t n_passed_fds; /* LISTEN_FDS: the number of fds, from 3 on, that the payload gets */

        /* Messages to systemd. */
        char *notify;     /* systemd's socket: a path, or "@" and an abstract name; NULL: no messages are relayed */
        bool notify_exec; /* isorun sends READY=1 when the payload has been executed */
        bool notify_fork; /* ... and when the payload has left a daemon, which is the payload then */
        bool watchdog;    /* set WATCHDOG_PID to the payload's pid */
        int detached;     /* borrowed socket: when the command runs, send a byte 0, and give up standard error; 0: no */
        int *pool_hold;   /* borrowed: gets an fd if isorun makes the pool, which then does not end before the fd is
                             closed; NULL: it ends with its last instance */
        bool measured;    /* the outcome tells what the instance has used */
        bool typed;       /* the reader of messages has the options of isorun: plan/hint.h */
        bool watched;     /* isorun traces the payload, and tells what was denied: plan/deny/watch.h */
        int record;       /* borrowed fd of the file for the policy that isorun records; 0: none. With it, the payload
                             is watched */
        bool log_denials; /* isorun records in the journal what the filter denies: plan/deny/notify.h */
        bool audit_denials; /* the kernel's audit log has what Landlock denies: plan/deny/landlock.c */
        bool hand_over;   /* the reaper becomes the main process of the unit, and isorun ends */
} Plan;

/* Whether isorun sees which calls the payload makes. */
static inline bool plan_is_recorded(const Plan *plan) {
        return plan->record > 0;
}

/* Whether the payload has a name server of isorun, for the names of peers. */
static inline bool plan_has_names(const Plan *plan) {
        return plan->n_peers > 0 || plan->grant_peers;
}

/* Whether isorun carries connections: sandbox/flows. */
static inline bool plan_has_flows(const Plan *plan) {
        return plan_has_names(plan) || plan->n_entrances > 0;
}

/* The socket inside that NOTIFY_SOCKET of the payload names. */
#define PLAN_NOTIFY_DIRECTORY "/run/isorun"
#define PLAN_NOTIFY_NAME "notify"

enum { PLAN_NOT_FOUND = 127, PLAN_CANNOT_EXECUTE = 126, PLAN_FAILED = 125 };

Plan *plan_free(Plan *plan);
DEFINE_CLEANUP(Plan *, plan_free);

/* Before a start, which keeps the plan in memory as long as the instance lives: frees what only the filter's program is
 * made of. If there is a program for one architecture, nothing else asks for it then. */
void plan_forget_rules(Plan *plan);

/* Sorts destinations so that a directory comes directly before its contents. */
int destination_compare(const char *a, const char *b);

/* The system call of this name, or NULL if it is not listed. */
PlanCall *plan_find_call(const Plan *plan, const char *name);

/* Whether the filter allows a system call, at least with some arguments. */
bool plan_allows_call(const Plan *plan, const char *name);

/* HOST:PORT, or HOST:PORT/udp, as the policy has it; on the heap. NULL when memory runs out. */
char *plan_peer_name(const PlanPeer *peer);

/* ADDRESS:PORT, or unix:PATH, on the heap. NULL when memory runs out. */
char *plan_entrance_name(const PlanEntrance *entrance);

/* Whether the entry is a mount, and not only made in one. */
bool plan_mount_is_mounted(const PlanMount *m);

/* Whether the payload can write to it, and what it writes is in memory of a size of its own. */
bool plan_mount_is_memory(const PlanMount *m);

/* The mount that a path without symlinks is on. */
const PlanMount *plan_mount_of(const Plan *plan, const char *path);

/* The limit of the unit that this directive of [Scope] sets, or NULL. */
const PlanProperty *plan_find_property(const Plan *plan, DirectiveId id);

/* The mount with exactly this destination, or NULL. */
const PlanMount *plan_find_mount(const Plan *plan, const char *destination);
