/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root while it is being made: for root.c and the files that make its parts. Functions return 0, or a negative
 * errno with the reason kept in rm->f, but where they say otherwise. */

#include "plan/plan.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/failure.h"

typedef struct RootMaker {
        const Plan *plan;
        Failure *f;
        const int *id_mapped; /* of id_mapped_make() */
        int old_root, new_root;
        int *notify;        /* where the fd of MOUNT_NOTIFY goes */
        int scratch;        /* a tmpfs over the old root, which goes with it; -1: none is needed */
        unsigned n_scratch; /* entries made in it */
        MountReason reason; /* why the kernel refused the last file system */
        unsigned layers;    /* mounts stacked on "/" below the new root, the old one being the first */
} RootMaker;

/* Keeps what was tried with which path on behalf of m, and rm->reason; returns -error. */
int root_mount_fail(RootMaker *rm, const PlanMount *m, int error, const char *what, const char *path);

/* Opens a source by its path on the host with O_PATH and flags (O_DIRECTORY), following no symlink. Returns the fd or
 * -errno. */
int root_open_source(RootMaker *rm, const char *path, uint64_t flags);

/* Mounts what is detached on its destination, which is made where it is missing. */
int root_place(RootMaker *rm, const PlanMount *m, int mount_fd);

/* A detached mount of several directories, of which the plan's root is made. Returns it or -errno. */
int root_make_stack(RootMaker *rm, const PlanMount *m);

/* Makes what the three below need, before the new root is attached. Returns 0 or -errno. */
int root_make_scratch(RootMaker *rm);

int root_do_overlay(RootMaker *rm, const PlanMount *m);
int root_do_file(RootMaker *rm, const PlanMount *m);
int root_do_blocked(RootMaker *rm, const PlanMount *m);
int root_do_notify(RootMaker *rm, const PlanMount *m);
