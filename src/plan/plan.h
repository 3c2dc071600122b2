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
#include "policy/bindings.h"
#include "policy/policy.h"
#include "policy/value/standard-io.h"

/* Directories that a root is stacked of: as many as overlayfs takes in one option of fsconfig(2), with room. */
enum { ROOT_LAYERS_MAX = 8 };

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

typedef enum MountKind {
        MOUNT_ROOT,      /* the root itself; source is the host directory, or of several stacked ones the highest;
                            NULL: an empty directory in memory */
        MOUNT_BIND,      /* source, a host path without symlinks */
        MOUNT_OVERLAY,   /* source, what is written to it staying in memory */
        MOUNT_TMPFS,     /* an empty directory in memory */
        MOUNT_MERGE,     /* a directory of the root that is nothing but merged; source is the host directory */
        MOUNT_PROC,
        MOUNT_DEVPTS,
        MOUNT_CGROUP,    /* the instance's own part of the cgroup tree */
        MOUNT_NOTIFY,    /* an empty directory in memory with the socket that NOTIFY_SOCKET names inside; source is
                            where it is relayed to, for who reads */
        MOUNT_DIRECTORY, /* not a mount: a directory made in memory */
        MOUNT_SYMLINK,   /* not a mount: a symlink made in memory; source is its target */
        MOUNT_FILE,      /* a file in memory that holds text, or what source holds at the start */
        MOUNT_BLOCKED,   /* what cannot be looked into: an empty file or directory of mode 000 */
} MountKind;

typedef struct PlanMount {
        MountKind kind;
        char *destination; /* inside, absolute, without symlinks */
        char *source;
        char **lower;      /* MOUNT_ROOT, MOUNT_MERGE: the layers below source, the highest first */
        const char *text;  /* MOUNT_FILE: of the policy */
        const Binding *binding; /* where the policy has a name for the source */
        char *options;     /* of the file system, "mode=755,size=64M"; may be NULL */
        bool directory;    /* both ends are directories (otherwise files) */
        bool read_only;
        bool recursive;
        bool devices;      /* device nodes work */
        bool no_exec;
        bool id_mapped;    /* the ids on disk are those of the instance's own world */
        bool detached;     /* fd is of a mount that is attached nowhere, and is moved; source is for who reads */
        bool unread;       /* source is an image, as the root, and what it holds is not known */
        bool by_fd;        /* what source leads to must be what fd is of */
        int fd;            /* of by_fd and detached; borrowed */
        bool optional;     /* left out where destination does not exist; no matter to the start */
        bool exact;        /* destination exists: nothing need be made for it */
        bool grant;        /* a place of GrantPaths=: an empty MOUNT_TMPFS that isoctl grant covers, */
        bool grant_write;  /* also with what can be written */
        bool merge;        /* then it becomes a directory in memory that holds the same, so that more can be put in */
        mode_t mode;       /* MOUNT_DIRECTORY, MOUNT_FILE */
        bool of_service;      /* systemd has made it for the service that isorun is the main process of */
        Origin origin;
        const char *key;   /* the directive or option that asked; NULL: built in, or of the unit */
} PlanMount;

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

/* Frees what the mount owns. */
void plan_mount_deinit(PlanMount *mount);

/* Orders destinations so that a directory comes right before what lies in it. */
int destination_compare(const char *a, const char *b);

/* The mount at exactly that destination, or NULL. */
const PlanMount *plan_find_mount(const Plan *plan, const char *destination);
