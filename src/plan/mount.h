/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One entry of the plan's root: what is mounted or made at a path inside. */

#include <stdbool.h>
#include <sys/types.h>

#include "policy/bindings.h"

/* Directories that a root is stacked of: as many as overlayfs takes in one option of fsconfig(2), with room. */
enum { ROOT_LAYERS_MAX = 8 };

typedef enum SourceKind {
        SOURCE_NONE,      /* nothing of the host */
        SOURCE_PATH,      /* a host path without symlinks */
        SOURCE_ID_MAPPED, /* likewise; the ids on disk are those of the instance's own world */
        SOURCE_FD,        /* likewise; it must still lead to what fd is of */
        SOURCE_DETACHED,  /* the mount that fd is of, which is attached nowhere; path is for the reader */
        SOURCE_LAYERS,    /* the host path on top of the directories in lower */
        SOURCE_IMAGE,     /* the image at the host path, which only a start mounts: nobody knows what it holds */
} SourceKind;

/* What a mount shows. */
typedef struct PlanSource {
        SourceKind kind;
        bool directory;
        char *path;
        union {
                int fd;       /* SOURCE_FD, SOURCE_DETACHED: borrowed */
                char **lower; /* SOURCE_LAYERS: the highest first */
        };
        const Binding *binding; /* where the policy has a name for it */
} PlanSource;

/* Whether it is what its path leads to. */
static inline bool plan_source_has_path(const PlanSource *source) {
        return source->kind == SOURCE_PATH || source->kind == SOURCE_ID_MAPPED || source->kind == SOURCE_FD;
}

/* The source as the reader is shown it, on the heap, or NULL. */
char *plan_source_format(const PlanSource *source);

/* paths: directories of the host, the highest first. Returns 0 or -ENOMEM. */
int plan_source_of_layers(char *const *paths, PlanSource *ret);

void plan_source_deinit(PlanSource *source);

typedef enum MountKind {
        MOUNT_ROOT,      /* the root itself; of no source: an empty directory in memory */
        MOUNT_BIND,      /* source */
        MOUNT_OVERLAY,   /* source, what is written to it staying in memory */
        MOUNT_TMPFS,     /* an empty directory in memory */
        MOUNT_MERGE,     /* a directory of the root, source, that is nothing but merged */
        MOUNT_PROC,
        MOUNT_DEVPTS,
        MOUNT_CGROUP,    /* the instance's own part of the cgroup tree */
        MOUNT_NOTIFY,    /* an empty directory in memory with the socket that NOTIFY_SOCKET names inside; target is
                            where it is relayed to, for the reader */
        MOUNT_DIRECTORY, /* not a mount: a directory made in memory */
        MOUNT_SYMLINK,   /* not a mount: a symlink to target made in memory */
        MOUNT_FILE,      /* a file in memory that holds text, or what source holds at the start */
        MOUNT_BLOCKED,   /* what cannot be looked into: an empty file or directory of mode 000 */
} MountKind;

typedef struct PlanMount {
        MountKind kind;
        char *destination; /* inside, absolute, without symlinks */
        PlanSource source;
        char *target;      /* MOUNT_SYMLINK, MOUNT_NOTIFY */
        const char *text;  /* MOUNT_FILE: of the policy */
        char *options;     /* of the file system, "mode=755,size=64M"; may be NULL */
        bool directory;    /* both ends are directories (otherwise files) */
        bool read_only;
        bool recursive;
        bool devices;      /* device nodes work */
        bool no_exec;
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

/* Frees what the mount owns. */
void plan_mount_deinit(PlanMount *mount);
