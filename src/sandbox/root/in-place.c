/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root as the copy of the host's mounts that the mount namespace has begun with. Otherwise a second copy is made,
 * and the first one thrown away, which takes long if the host has many mounts.
 *
 * The payload must not get below its root. With a new user namespace, it does not. The kernel makes no user namespace
 * for a process whose root is not the top of its mount namespace's root (chroot(2)). It locks all mounts of the copy,
 * as it locks those that isorun adds when the payload gets a user namespace of its own. Below the root is the root file
 * system of the early boot, which is there after pivot_root(2), too.
 *
 * The guard: until the root is made, no mount of it follows symlinks (nosymfollow: mount(8)), neither the host's nor
 * binds nor new ones. So a path cannot lead elsewhere, in the middle or at the end, whatever other processes do to it
 * meanwhile. mount(2), open_tree(2) and mkdirat(2) can then have paths, which takes fewer calls than fds. In the end,
 * all mounts follow symlinks. So there is no guard if one of them did not before. */
#include "sandbox/root/maker.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/path.h"

/* The sources of binds are copied first, before something covers them. Overlays and copies of files need them later. */
bool root_can_be_in_place(const Plan *plan) {
        const PlanMount *root = &plan->mounts[0];
        unsigned binds = 0;

        if (!(plan->namespaces & CLONE_NEWUSER) || root->source.kind != SOURCE_PATH || !streq(root->source.path, "/") ||
            !root->attributes.read_only || !root->attributes.recursive || root->merge)
                return false;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_OVERLAY || plan->mounts[i].kind == MOUNT_COPY)
                        return false;
                else
                        binds += plan->mounts[i].kind == MOUNT_BIND;
        return binds <= ROOT_BINDS_MAX;
}

/* The caller's own mount is in no table, so isorun has not seen whether it follows symlinks. */
bool root_can_be_guarded(const Plan *plan) {
        if (!root_can_be_in_place(plan))
                return false;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].source.kind == SOURCE_DETACHED)
                        return false;
        return plan->symlinks_everywhere;
}

/* A copy has the attributes of the mount that it is of. So those that the whole root gets are set with one call, in two
 * steps: device nodes do not get nodev. A bind with others is copied before. */
typedef enum Step {
        STEP_FIRST,
        STEP_DEVICES,
        STEP_ROOT,
} Step;

static unsigned step_bits(const Plan *plan, Step step) {
        const unsigned bits = mount_attribute_bits(plan->mounts[0].attributes);

        return step == STEP_FIRST ? 0 : step == STEP_DEVICES ? bits & ~(unsigned) MOUNT_ATTR_NODEV : bits;
}

static Step find_step(const RootMaker *rm, const PlanMount *m) {
        const unsigned bits = mount_attribute_bits(m->attributes);

        if (bits == step_bits(rm->plan, STEP_ROOT))
                return STEP_ROOT;
        return bits == step_bits(rm->plan, STEP_DEVICES) ? STEP_DEVICES : STEP_FIRST;
}

static bool has_step(const RootMaker *rm, Step step) {
        for (size_t i = 0; i < rm->plan->n_mounts; i++)
                if (rm->plan->mounts[i].kind == MOUNT_BIND && find_step(rm, &rm->plan->mounts[i]) == step)
                        return true;
        return false;
}

static int copy_sources(RootMaker *rm, Step step) {
        for (size_t i = 0; i < rm->plan->n_mounts; i++) {
                const PlanMount *m = &rm->plan->mounts[i];

                if (m->kind != MOUNT_BIND || find_step(rm, m) != step)
                        continue;
                if (step == STEP_ROOT && root_keep_covered(rm, m))
                        continue;
                rm->copies[i] = root_make_bind(rm, m, m->attributes);
                if (rm->copies[i] < 0)
                        return root_mount_fail(rm, m, -rm->copies[i], "bind", m->source.path);
        }
        return 0;
}

static int do_step(RootMaker *rm, Step step) {
        const unsigned bits = step_bits(rm->plan, step);
        int r = bits ? mount_set_bits(rm->new_root, bits | rm->guard, true) : 0;

        if (r < 0)
                return fail_at(rm->f, subject_mount(rm->plan, &rm->plan->mounts[0]), -r, "cannot write-protect /");
        rm->inherited = bits;
        return copy_sources(rm, step);
}

int root_begin_in_place(RootMaker *rm) {
        int r = 0;

        rm->copies = rm->plan->n_mounts <= ELEMENTSOF(rm->few_copies) ? rm->few_copies
                                                                       : calloc(rm->plan->n_mounts, sizeof(int));
        rm->new_root = rm->old_root;
        if (!rm->copies || root_go_to(rm, rm->new_root) < 0)
                return fail(rm->f, errno, "cannot copy the mounts");
        rm->guard = root_can_be_guarded(rm->plan) ? MOUNT_ATTR_NOSYMFOLLOW : 0;
        for (Step step = STEP_FIRST; r >= 0 && step <= STEP_ROOT; step++)
                if (step != STEP_DEVICES || has_step(rm, step))
                        r = do_step(rm, step);
        if (r < 0)
                return r;
        r = root_make_scratch(rm);
        return r < 0 ? fail(rm->f, -r, "cannot make files in memory") : 0;
}

int root_drop_guard(RootMaker *rm) {
        struct mount_attr attr = { .attr_clr = rm->guard };

        if (rm->guard && mount_setattr(rm->new_root, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return fail(rm->f, errno, "cannot let the mounts follow symlinks");
        rm->guard = 0;
        return 0;
}
