/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An entry of the plan's root: something that is mounted or made at a path inside. */

#include <stdbool.h>
#include <sys/types.h>

#include "policy/bindings.h"

typedef enum SourceKind {
        SOURCE_NONE,      /* nothing from the host */
        SOURCE_PATH,      /* a host path without symlinks */
        SOURCE_ID_MAPPED, /* the same; the mount is idmapped, so that the ids on disk are the payload's */
        SOURCE_FD,        /* the same; the start checks that the path still leads to the file of fd */
        SOURCE_DETACHED,  /* fd is a mount without a place in the tree; path is only printed */
        SOURCE_LAYERS,    /* the host path, and below it the directories in lower */
        SOURCE_IMAGE,     /* the image at the host path. Only a start mounts and reads it */
} SourceKind;

/* The source of a mount. */
typedef struct PlanSource {
        SourceKind kind;
        bool directory;
        char *path;
        union {
                int fd;       /* SOURCE_FD, SOURCE_DETACHED: borrowed */
                char **lower; /* SOURCE_LAYERS: highest first */
        };
        const Binding *binding; /* NULL: the policy has no name for it */
        bool device;            /* a device node; known only of SOURCE_PATH */
} PlanSource;

/* Whether its path leads to the source itself. */
static inline bool plan_source_has_path(const PlanSource *source) {
        return source->kind == SOURCE_PATH || source->kind == SOURCE_ID_MAPPED || source->kind == SOURCE_FD;
}

/* Formats the source for a reader, on the heap. NULL when memory runs out. */
char *plan_source_format(const PlanSource *source);

/* The source takes over path, which may be NULL. */
static inline PlanSource plan_source_file(char *path) {
        return (PlanSource) { .kind = SOURCE_PATH, .path = path };
}

static inline PlanSource plan_source_directory(char *path) {
        return (PlanSource) { .kind = SOURCE_PATH, .directory = true, .path = path };
}

/* paths: directories of the host, highest first. Returns 0 or -ENOMEM. */
int plan_source_of_layers(char *const *paths, PlanSource *ret);

void plan_source_deinit(PlanSource *source);

typedef enum MountKind {
        MOUNT_ROOT,      /* the root itself; without source: an empty directory in memory */
        MOUNT_BIND,      /* source */
        MOUNT_OVERLAY,   /* source, with writes kept in memory */
        MOUNT_MERGE,     /* source, a directory of the root, which is only merged (see merge) */
        MOUNT_TMPFS,     /* an empty directory in memory */
        MOUNT_GRANT,     /* the same, for GrantPaths=: isoctl grant mounts something on it */
        MOUNT_PROC,
        MOUNT_DEVPTS,
        MOUNT_CGROUP,    /* the instance's part of the cgroup tree */
        MOUNT_NOTIFY,    /* an empty directory in memory, with the socket for the payload's NOTIFY_SOCKET */
        MOUNT_DIRECTORY, /* not a mount: makes a directory in memory */
        MOUNT_SYMLINK,   /* not a mount: makes a symlink in memory */
        MOUNT_FILE,      /* a file in memory with this text */
        MOUNT_COPY,      /* a file in memory with the contents that source has at the start */
        MOUNT_BLOCKED,   /* an empty file or directory of mode 000, which hides the place */
} MountKind;

/* Whether destination exists. */
typedef enum MountPlace {
        PLACE_MADE,     /* no: the start makes it in memory */
        PLACE_EXISTS,
        PLACE_IF_THERE, /* unknown, in an image that is not read: the start skips the mount if not */
} MountPlace;

/* Who asked for a mount. If two mounts want the same destination, the later asker in this list wins. */
typedef enum MountAsker {
        ASKED_BY_NOBODY,  /* built in */
        ASKED_INDIRECTLY, /* isorun needs it for the setting in origin */
        ASKED_BY_SERVICE, /* systemd made it for the service whose main process isorun is */
        ASKED_BY_POLICY,  /* a directive or an option, named by key */
} MountAsker;

typedef struct MountAttributes {
        bool read_only;
        bool no_exec;
        bool devices;   /* device nodes work */
        bool recursive; /* includes the mounts below source; the other attributes apply to them, too */
} MountAttributes;

typedef struct PlanMount {
        MountKind kind;
        char *destination; /* an absolute path inside, without symlinks */
        PlanSource source; /* MOUNT_ROOT, MOUNT_BIND, MOUNT_OVERLAY, MOUNT_MERGE, MOUNT_COPY; MOUNT_FILE: only printed,
                              the file that the text is a copy of, with one more line */
        MountAttributes attributes;
        union {
                char *options;      /* MOUNT_OVERLAY, MOUNT_TMPFS, MOUNT_PROC, MOUNT_DEVPTS: "mode=755,size=64M";
                                       MOUNT_ROOT: NULL, or those of the layer in memory over an image */
                char *target;       /* MOUNT_SYMLINK */
                char *relayed_to;   /* MOUNT_NOTIFY: systemd's socket, only printed */
                struct {
                        const char *text; /* MOUNT_FILE: borrowed from the policy or the plan */
                        mode_t mode;      /* MOUNT_FILE, MOUNT_COPY, MOUNT_DIRECTORY */
                };
                bool grant_write;   /* MOUNT_GRANT: also for writable grants */
                bool on_directory;  /* MOUNT_BLOCKED */
        };
        bool made_no_exec; /* by NoExecPaths= or MemoryDenyWriteExecute=, not by an option */
        bool merge; /* replace it by a directory in memory with the same contents, so that more can be added */
        MountPlace place;
        MountAsker asker;
        Origin origin;
        const char *key; /* ASKED_BY_POLICY */
} PlanMount;

/* These make mounts that are ASKED_BY_NOBODY. They copy destination and target, and take over the other pointers. If
 * memory runs out, the mount is not whole. */
PlanMount plan_bind(const char *destination, PlanSource source, MountAttributes attributes);
PlanMount plan_tmpfs(const char *destination, char *options, MountAttributes attributes);
PlanMount plan_directory(const char *destination, mode_t mode);
PlanMount plan_symlink(const char *destination, const char *target);
PlanMount plan_file(const char *destination, const char *text, mode_t mode);
PlanMount plan_copy(const char *destination, PlanSource source, mode_t mode);
PlanMount plan_blocked(const char *destination);

/* Whether no allocation for the mount has failed. */
bool plan_mount_is_whole(const PlanMount *mount);

/* Whether what the payload writes to it stays in memory, over the source. */
static inline bool plan_mount_is_overlay(const PlanMount *mount) {
        return mount->kind == MOUNT_OVERLAY || (mount->kind == MOUNT_ROOT && mount->options);
}

/* Whether the payload can write to the source itself. */
static inline bool plan_mount_is_writable_bind(const PlanMount *mount) {
        return mount->kind == MOUNT_BIND && !mount->attributes.read_only;
}

/* Whether the entry is a directory, and not a file or a symlink. */
bool plan_mount_is_directory(const PlanMount *mount);

/* Whether the payload cannot write to the mount. What is in memory is write-protected once everything in it has been
 * made. */
bool plan_mount_is_read_only(const PlanMount *mount);

/* Whether a start skips the mount if the host has removed its place since the plan was made: isorun hides the place by
 * itself, and would not hide it if it had been missing before. */
static inline bool plan_mount_may_vanish(const PlanMount *mount) {
        return mount->kind == MOUNT_BLOCKED && mount->place == PLACE_EXISTS && mount->asker < ASKED_BY_SERVICE;
}

/* Frees what the mount owns. */
void plan_mount_deinit(PlanMount *mount);
