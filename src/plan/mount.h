/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One entry of the plan's root: what is mounted or made at a path inside. */

#include <stdbool.h>
#include <sys/types.h>

#include "policy/bindings.h"

typedef enum SourceKind {
        SOURCE_NONE,      /* nothing of the host */
        SOURCE_PATH,      /* a host path without symlinks */
        SOURCE_ID_MAPPED, /* likewise; the ids on disk are those of the instance's own world */
        SOURCE_FD,        /* likewise; it must still lead to what fd is of */
        SOURCE_DETACHED,  /* the mount that fd is of, which is attached nowhere; path is for the reader */
        SOURCE_LAYERS,    /* the host path on top of the directories in lower */
        SOURCE_IMAGE,     /* the image at the host path, which is mounted only for a start, and not read before */
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

/* The source takes over the path, which may be NULL. */
static inline PlanSource plan_source_file(char *path) {
        return (PlanSource) { .kind = SOURCE_PATH, .path = path };
}

static inline PlanSource plan_source_directory(char *path) {
        return (PlanSource) { .kind = SOURCE_PATH, .directory = true, .path = path };
}

/* paths: directories of the host, the highest first. Returns 0 or -ENOMEM. */
int plan_source_of_layers(char *const *paths, PlanSource *ret);

void plan_source_deinit(PlanSource *source);

typedef enum MountKind {
        MOUNT_ROOT,      /* the root itself, source; of none: an empty directory in memory */
        MOUNT_BIND,      /* source */
        MOUNT_OVERLAY,   /* source, what is written to it staying in memory */
        MOUNT_MERGE,     /* source, a directory of the root, and nothing but merged */
        MOUNT_TMPFS,     /* an empty directory in memory */
        MOUNT_GRANT,     /* likewise, a place of GrantPaths=, which isoctl grant covers */
        MOUNT_PROC,
        MOUNT_DEVPTS,
        MOUNT_CGROUP,    /* the instance's own part of the cgroup tree */
        MOUNT_NOTIFY,    /* an empty directory in memory with the socket that NOTIFY_SOCKET names inside */
        MOUNT_DIRECTORY, /* not a mount: a directory made in memory */
        MOUNT_SYMLINK,   /* not a mount: a symlink made in memory */
        MOUNT_FILE,      /* a file in memory that holds text */
        MOUNT_COPY,      /* a file in memory that holds what source, a file, holds at the start */
        MOUNT_BLOCKED,   /* what cannot be looked into: an empty file or directory of mode 000 */
} MountKind;

/* How destination comes to be there. */
typedef enum MountPlace {
        PLACE_MADE,     /* the start makes it in memory */
        PLACE_EXISTS,
        PLACE_IF_THERE, /* an image may have it, and is not read yet; if it has not, the mount is left out */
} MountPlace;

/* On whose behalf a mount is in the plan. If two want the same destination, the asker further down here wins. */
typedef enum MountAsker {
        ASKED_BY_NOBODY,  /* built in */
        ASKED_INDIRECTLY, /* isorun needs it for what origin names */
        ASKED_BY_SERVICE, /* systemd has made it for the service that isorun is the main process of */
        ASKED_BY_POLICY,  /* a directive or an option, which key names */
} MountAsker;

typedef struct MountAttributes {
        bool read_only;
        bool no_exec;
        bool devices;   /* device nodes work */
        bool recursive; /* source comes with what is mounted below it, and this holds for that, too */
} MountAttributes;

typedef struct PlanMount {
        MountKind kind;
        char *destination; /* inside, absolute, without symlinks */
        PlanSource source; /* MOUNT_ROOT, MOUNT_BIND, MOUNT_OVERLAY, MOUNT_MERGE, MOUNT_COPY */
        MountAttributes attributes;
        union {
                char *options;      /* MOUNT_OVERLAY, MOUNT_TMPFS, MOUNT_PROC, MOUNT_DEVPTS: "mode=755,size=64M" */
                char *target;       /* MOUNT_SYMLINK */
                char *relayed_to;   /* MOUNT_NOTIFY: systemd's socket, for the reader */
                struct {
                        const char *text; /* MOUNT_FILE: of the policy */
                        mode_t mode;      /* MOUNT_FILE, MOUNT_COPY, MOUNT_DIRECTORY */
                };
                bool grant_write;   /* MOUNT_GRANT: also what can be written */
                bool on_directory;  /* MOUNT_BLOCKED */
        };
        bool merge; /* then it becomes a directory in memory that holds the same, so that more can be put in */
        MountPlace place;
        MountAsker asker;
        Origin origin;
        const char *key; /* ASKED_BY_POLICY */
} PlanMount;

/* New mounts, asked for by nobody. They copy destination and target, and take over the rest. If
 * memory runs out, the mount is not whole. */
PlanMount plan_bind(const char *destination, PlanSource source, MountAttributes attributes);
PlanMount plan_tmpfs(const char *destination, char *options, MountAttributes attributes);
PlanMount plan_directory(const char *destination, mode_t mode);
PlanMount plan_symlink(const char *destination, const char *target);
PlanMount plan_file(const char *destination, const char *text, mode_t mode);
PlanMount plan_copy(const char *destination, PlanSource source, mode_t mode);
PlanMount plan_blocked(const char *destination);

/* Whether all is there that was allocated for it. */
bool plan_mount_is_whole(const PlanMount *mount);

/* Whether it is a directory; otherwise it is a file or a symlink. */
bool plan_mount_is_directory(const PlanMount *mount);

/* Frees what the mount owns. */
void plan_mount_deinit(PlanMount *mount);
