/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plan: everything that a start will do, resolved against the host, sorted, and printable, with nothing
 * touched yet. The sandbox carries it out as it stands; explain prints the same.
 *
 * Strings named char * are owned by the plan. Settings and origins point into the policy, which must live as long
 * as the plan. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "plan/host.h"
#include "plan/mount.h"
#include "policy/policy.h"
#include "policy/value/standard-io.h"

/* What holds the instance. */
typedef enum PlanHolder {
        HOLDER_SCOPE,   /* a transient scope of a systemd */
        HOLDER_SERVICE, /* the service whose main process isorun is */
        HOLDER_CGROUP,  /* no systemd: a child of a cgroup that is delegated to us */
        HOLDER_NONE,    /* nothing; only a policy without required limits gets here */
} PlanHolder;

/* Whether systemd knows the instance. */
static inline bool holder_is_unit(PlanHolder holder) {
        return holder == HOLDER_SCOPE || holder == HOLDER_SERVICE;
}

/* A directive of [Scope] with all its values. */
typedef struct PlanProperty {
        const Directive *directive;
        const SettingList *settings;
        bool optional; /* Optional= names it: where it is not enforced, a notice is enough */
} PlanProperty;

/* What the filter does with one system call. */
typedef struct PlanCall {
        const char *name; /* lives for ever: of the table of groups or of the policy */
        int error;        /* 0: allowed; else the errno that it answers */
} PlanCall;

typedef enum ArgumentTest {
        ARGUMENT_MASKED_EQUAL, /* (argument & mask) == value */
        ARGUMENT_EQUAL,
        ARGUMENT_NOT_EQUAL,
        ARGUMENT_LESS,
        ARGUMENT_GREATER,
        ARGUMENT_ANY,          /* the call, whatever its arguments */
} ArgumentTest;

/* A call that is denied for what stands in an argument. */
typedef struct PlanArgumentRule {
        const char *name;
        unsigned argument;
        ArgumentTest test;
        uint64_t mask, value;
        unsigned flags_argument; /* where flags is not 0: only if this argument, too, has all of flags set */
        uint64_t flags;
        int error;
        DirectiveId reason; /* _DIRECTIVE_MAX: always there */
} PlanArgumentRule;

typedef struct PlanLandlockRule {
        const char *path; /* of the plan's mounts, or constant */
        uint64_t access;
} PlanLandlockRule;

typedef struct PlanResourceLimit {
        const Directive *directive;
        struct rlimit limit;
        Origin origin;
} PlanResourceLimit;

typedef struct PlanStandardIO {
        StandardIO kind;
        const char *path; /* on the host */
        Origin origin;
} PlanStandardIO;

typedef struct Plan {
        const Policy *source; /* the policy that it was made of */

        /* the instance */
        char *name;         /* "web-4f2a" */
        char *unit;         /* "isorun-web-4f2a.scope", or the service */
        char *policy;       /* the name or path it was asked for by */
        char *description;
        PlanHolder holder;
        bool user_manager;
        char *cgroup;       /* HOLDER_SERVICE, HOLDER_CGROUP: the path in cgroup_root to use, or to make a child of */
        char *cgroup_root;
        PlanProperty *properties;
        size_t n_properties;
        bool delegate;
        bool may_mount;     /* so may the payload, in a namespace that it makes or has */
        bool machine;       /* systemd-machined is told of it */
        bool machine_optional;
        Origin machine_origin;
        bool inner_cgroup;  /* the payload's cgroup namespace begins below what holds the limits */

        /* namespaces and ids */
        uint64_t namespaces;       /* CLONE_NEW* made with the child */
        uint64_t inner_namespaces; /* CLONE_NEW* made again when the root is complete, so that its mounts are locked */
        IdMap uid_map, gid_map;    /* none where no user namespace is made */
        IdMap inner_uid_map, inner_gid_map; /* of the inner user namespace; none: as above */
        char *uid_helper, *gid_helper; /* newuidmap(1) and newgidmap(1), which write maps; NULL: isorun itself does */
        bool deny_setgroups;
        bool set_ids;              /* the payload's ids are to be changed to: */
        uid_t uid;
        gid_t gid;
        bool set_owner;            /* what is made in memory for the payload belongs to, in the outer map's ids: */
        uid_t owner_uid;
        gid_t owner_gid;
        gid_t *groups;
        size_t n_groups;
        uint64_t bounding, ambient; /* capabilities, a bit each */

        /* the root */
        PlanMount *mounts; /* by destination, parents first; the first one is the root */
        size_t n_mounts;

        /* what the payload may do */
        PlanCall *calls; /* sorted by name; others answer ENOSYS */
        size_t n_calls;
        PlanArgumentRule *argument_rules;
        size_t n_argument_rules;
        uint32_t *architectures; /* of libseccomp, beside the native one */
        size_t n_architectures;
        unsigned landlock_abi;
        uint64_t landlock_files; /* LANDLOCK_ACCESS_FS_* that need a rule */
        uint64_t landlock_scope; /* LANDLOCK_SCOPE_* */
        char **landlock_paths; /* of rules for what is no mount */
        PlanLandlockRule *landlock_rules;
        size_t n_landlock_rules;

        /* the payload */
        char **arguments; /* NULL in a plan that is only explained */
        char *executable; /* inside */
        char **environment;
        char **service_origins; /* of mounts that are of the unit */
        char *working_directory;
        bool working_directory_optional;
        PlanStandardIO standard_io[3];
        unsigned terminals; /* bit N: fd N, a terminal of the caller's, is to be one of the instance's own */
        PlanResourceLimit *limits;
        size_t n_limits;
        bool set_umask, set_nice;
        mode_t umask;
        int nice;
        Origin nice_origin;
        size_t n_passed_fds; /* LISTEN_FDS: fds from 3 on that are the payload's */

        /* what systemd is told */
        char *notify;     /* systemd's socket, a path or "@" and an abstract name; NULL: nothing is relayed */
        bool notify_exec; /* READY=1 is isorun's to say, once the payload is executed */
        bool watchdog;    /* WATCHDOG_PID is to name the payload */
        bool hand_over;   /* the reaper becomes the unit's main process, and isorun ends */
} Plan;

/* Where the socket is that the payload is told of by NOTIFY_SOCKET. */
#define PLAN_NOTIFY_DIRECTORY "/run/isorun"
#define PLAN_NOTIFY_NAME "notify"

enum { PLAN_NOT_FOUND = 127, PLAN_CANNOT_EXECUTE = 126, PLAN_FAILED = 125 };

Plan *plan_free(Plan *plan);
DEFINE_CLEANUP(Plan *, plan_free);

/* Orders destinations so that a directory comes right before what lies in it. */
int destination_compare(const char *a, const char *b);

/* The mount at exactly that destination, or NULL. */
const PlanMount *plan_find_mount(const Plan *plan, const char *destination);
