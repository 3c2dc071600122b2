/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state while the root is made, shared by root.c and the files that make parts of it. Everything here runs inside.
 * Functions return 0, or a negative errno with the reason kept in rm->f, unless their comments say otherwise. */

#include "plan/plan.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/failure.h"
#include "util/fd-bin.h"

enum {
        ROOT_PARENTS_MAX = 4,
        ROOT_COVERED_MAX = 4,
        ROOT_BINDS_MAX = 100, /* binds of a root that is made in place: each is an open fd */
};

/* A directory of the new root that is kept open. */
typedef struct RootParent {
        char *path;
        int fd;
} RootParent;

/* A directory of the host that a mount of the plan covers, opened before. */
typedef struct RootCovered {
        const char *path;
        int fd;
} RootCovered;

/* A name in an open directory of the new root. Behind the guard, it may be a path. */
typedef struct RootName {
        int directory;
        const char *name;
} RootName;

typedef struct RootMaker {
        const Plan *plan;
        Failure *f;
        const int *id_mapped; /* from id_mapped_make() */
        int old_root, new_root;
        int *notify;        /* receives the socket of MOUNT_NOTIFY */
        int scratch;        /* a tmpfs over the old root, detached with it, or below a mount of the plan; -1: none */
        unsigned n_scratch; /* entries made in scratch, which also name them */
        int blocked[2];     /* mounts of an empty file and directory of mode 000, which hide others; -1: none yet */
        int empty;          /* a mount of an empty directory that is read-only; -1: none yet, or it has a name: */
        char empty_name[16];         /* behind the guard, its name in scratch */
        const PlanMount *empty_like; /* the mount of the plan that it was made for; NULL: none yet */
        int *copies;        /* in a root made in place: of each bind, the mount for it until it is attached; or 0 */
        int few_copies[128]; /* copies, if the plan has no more mounts: record_read_into() says why */
        unsigned inherited; /* the attributes of all mounts of the host's tree by now; 0: unknown */
        unsigned guard;     /* MOUNT_ATTR_NOSYMFOLLOW if all mounts reached from the root have it: in-place.c */
        RootParent parents[ROOT_PARENTS_MAX]; /* each is below the one before; the last has the last mount point */
        unsigned n_parents;
        RootCovered covered[ROOT_COVERED_MAX]; /* behind the guard, for root_bind_covered() */
        unsigned n_covered;
        int directory;      /* the working directory: one of these fds, or 0 if unknown */
        FdBin spent;
        MountReason reason; /* why the kernel refused the last file system */
        unsigned layers;    /* mounts to detach from "/" at the end: the old root, the scratch, what is between */
} RootMaker;

/* Keeps in rm->f what was tried, on which path, for which mount, and rm->reason. Returns -error. */
int root_mount_fail(RootMaker *rm, const PlanMount *m, int error, const char *what, const char *path);

/* Opens a source by its path on the host, with O_PATH and flags (such as O_DIRECTORY). Follows no symlink. Returns the
 * fd or -errno. */
int root_open_source(RootMaker *rm, const char *path, uint64_t flags);

/* Opens a path of the new root with O_PATH. Follows no symlink. Returns the fd or -errno. */
int root_open_destination(RootMaker *rm, const char *path);

/* The same for the directory of path, which is made if it is missing. The fd is valid until the next call. */
int root_open_parent(RootMaker *rm, const char *path);
void root_forget_parents(RootMaker *rm);

/* Makes the path relative. openat2(2) would take an absolute path from "/", unless RESOLVE_IN_ROOT is set. */
const char *root_relative(const char *path);

/* Makes the directory, symlink, or empty file at the destination of m. Returns 0, or -errno without a reason. */
int root_make_entry(RootMaker *rm, const PlanMount *m, RootName *ret);

/* Calls mount(2) for the destination of m, which is made if it does not exist. flags are MS_*. Only behind the guard
 * may source be a path: it is relative to the directory from. Otherwise from is -1. Returns 0, or -errno without a
 * reason. */
int root_mount(RootMaker *rm, const PlanMount *m, int from, const char *source, const char *type, unsigned long flags,
               const char *options);

/* Makes fd the working directory. Returns 0 or -errno. */
int root_go_to(RootMaker *rm, int fd);

/* Attaches a detached mount to the destination of m, which is made if it does not exist. Returns 1 if the destination
 * is gone, and plan_mount_may_vanish(). */
int root_place(RootMaker *rm, const PlanMount *m, int mount_fd);

/* Does so with a copy of a mount that is attached already, and hides what is at the destination. Behind the guard, name
 * is that mount's in scratch, where nobody else can exchange it, and attached may be -1. Returns the same. */
int root_place_copy(RootMaker *rm, const PlanMount *m, int attached, const char *name);

/* Makes an empty directory with the attributes and options of m in scratch, named rm->empty_name. Returns 0, or -errno
 * without a reason. */
int root_make_empty(RootMaker *rm, const PlanMount *m);

/* Makes a detached mount of the source of m with the attributes. Returns the fd or -errno. */
int root_make_bind(RootMaker *rm, const PlanMount *m, MountAttributes attributes);

/* Whether a bind needs no copy of its source, because something covers a directory above that, which is kept open. Then
 * the source can still be bound by its path from there, which takes less than a copy. Nothing is mounted on that path:
 * what the plan mounts there later is on the cover. */
bool root_keep_covered(RootMaker *rm, const PlanMount *m);

/* Binds it. Returns the same as root_place(). */
int root_bind_covered(RootMaker *rm, const PlanMount *m);

/* Whether the root can be made in place. */
bool root_can_be_in_place(const Plan *plan);

/* Whether it is then made behind the guard. */
bool root_can_be_guarded(const Plan *plan);
int root_begin_in_place(RootMaker *rm);

/* Lets mounts follow symlinks again. */
int root_drop_guard(RootMaker *rm);

/* Makes the root of several directories, as a detached overlay. Returns the fd or -errno. */
int root_make_stack(RootMaker *rm, const PlanMount *m);

/* Makes the scratch tmpfs if overlays or files need it. Call it before the new root is attached. Returns 0 or
 * -errno. */
int root_make_scratch(RootMaker *rm);

int root_do_overlay(RootMaker *rm, const PlanMount *m);
int root_do_file(RootMaker *rm, const PlanMount *m);
int root_do_copy(RootMaker *rm, const PlanMount *m);
int root_do_blocked(RootMaker *rm, const PlanMount *m);
int root_do_notify(RootMaker *rm, const PlanMount *m);
