/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts: built-in ones, those that systemd has made for the service, and those of the policy. They are collected,
 * placed, and put into the plan, sorted by destination. */
#include "plan/root/root.h"

#include <errno.h>
#include <linux/sched.h>

#include "plan/root/builtin.h"
#include "plan/root/command.h"
#include "plan/root/credentials.h"
#include "plan/root/exec.h"
#include "plan/root/layers.h"
#include "plan/root/libraries.h"
#include "plan/root/peer-files.h"
#include "plan/root/place.h"
#include "plan/root/read-only.h"
#include "plan/root/secrets.h"
#include "plan/root/service.h"
#include "plan/root/source.h"
#include "plan/root/ssh-config.h"
#include "plan/root/user-names.h"
#include "plan/root/volumes.h"
#include "plan/who/namespaces.h"
#include "plan/who/private-ids.h"
#include "util/path.h"

/* A payload that can make user namespaces can mount a new /proc in them, which shows everything. The kernel allows that
 * only if the outer /proc is complete: without mounts on it, and without subset=. */
static int check_proc(Builder *b) {
        const Setting *protect = policy_get(b->policy, D_ProtectProc), *subset = policy_get(b->policy, D_ProcSubset);
        const char *why =
                "cannot be enforced if the payload can make user namespaces (Nesting=yes or RestrictNamespaces= "
                "without user): it could mount a /proc that shows everything";
        int r = 0;

        if (!build_nests(b->policy) && !build_allows_namespace(b->policy, CLONE_NEWUSER))
                return 0;
        if (protect->value.number != PROTECT_PROC_DEFAULT)
                r = build_error(b, protect, D_ProtectProc, EINVAL, "%s", why);
        if (subset->value.number != PROC_SUBSET_ALL)
                r = build_error(b, subset, D_ProcSubset, EINVAL, "%s", why);
        return r;
}

/* If the command line binds a name that the policy does not use, one of the two is wrong. */
static int check_bindings(RootBuilder *rb) {
        const Bindings *bindings = rb->b->request->bindings;
        int r = 0;

        for (size_t i = 0; bindings && i < bindings->n; i++)
                if (bindings->items[i].origin.line == 0 && !rb->bound[i])
                        r = report_error_at(rb->b->report, bindings->items[i].origin, NULL, EINVAL,
                                            "%s: the policy has no Volume= or RootDirectory= with this name",
                                            bindings->items[i].name);
        return r;
}

static int compare_placed(const void *a, const void *b) {
        return destination_compare((*(PlanMount *const *) a)->destination, (*(PlanMount *const *) b)->destination);
}

/* Has the entries below a hidden directory made in memory, but not those in a volume. A merged directory would show the
 * entries of the host. */
static void move_to_memory(PlanMount *mounts, size_t n) {
        const PlanMount *volume = NULL;

        for (PlanMount *m = mounts; m < mounts + n; m++) {
                if (volume && path_is_below(m->destination, volume->destination))
                        continue;
                m->place = PLACE_MADE;
                if (m->kind == MOUNT_MERGE) {
                        plan_source_deinit(&m->source);
                        m->kind = MOUNT_DIRECTORY;
                        m->mode = 0755;
                        m->merge = false;
                } else if (m->kind != MOUNT_DIRECTORY)
                        volume = m;
        }
}

/* Handles a blocked directory in a list that is sorted by destination. Removes built-in entries below it. Keeps the
 * other entries below it and their parents; then the directory becomes one that can be passed through but not listed.
 * Returns the new number of entries in the list, or -ENOMEM. */
static int open_blocked(PlanMount *mounts, size_t n, PlanMount *blocked) {
        PlanMount *end = blocked + 1, *kept;
        size_t n_kept;

        while (end < mounts + n && path_is_below(end->destination, blocked->destination))
                end++;
        kept = end;
        for (PlanMount *m = end; m-- > blocked + 1;)
                if (m->asker == ASKED_BY_NOBODY &&
                    (kept == end || !path_is_below(kept->destination, m->destination)))
                        plan_mount_deinit(m);
                else if (--kept != m)
                        *kept = *m;
        n_kept = (size_t) (end - kept);
        memmove(blocked + 1, kept, (size_t) (mounts + n - kept) * sizeof(PlanMount));
        if (n_kept > 0) {
                blocked->kind = MOUNT_TMPFS;
                blocked->options = strdup("mode=111,size=4k");
                move_to_memory(blocked + 1, n_kept);
        }
        return n_kept > 0 && !blocked->options ? -ENOMEM : (int) (n - (size_t) (kept - blocked - 1));
}

/* Moves the placed mounts into the plan. */
static int finish(RootBuilder *rb) {
        RootModel *model = &rb->model;
        Plan *plan = rb->b->plan;

        plan->mounts = calloc(model->n_mounts, sizeof(PlanMount));
        if (!plan->mounts)
                return -ENOMEM;

        qsort(model->mounts, model->n_mounts, sizeof(PlanMount *), compare_placed);
        for (size_t i = 0; i < model->n_mounts; i++) {
                plan->mounts[i] = *model->mounts[i];
                *model->mounts[i] = (PlanMount) {};
        }
        plan->n_mounts = model->n_mounts;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_BLOCKED && plan->mounts[i].on_directory) {
                        int n = open_blocked(plan->mounts, plan->n_mounts, &plan->mounts[i]);

                        if (n < 0)
                                return n;
                        plan->n_mounts = (size_t) n;
                }
        return 0;
}

/* Continues after an error, so that one run reports all errors. */
static int fill(RootBuilder *rb) {
        static int (*const parts[])(RootBuilder *) = {
                build_service_mounts,   build_credentials,  build_policy_mounts, build_peer_files,
                check_bindings,         build_source_links, root_builder_place_all,
                build_hide_options,     build_secrets,      root_builder_place_hidden,
                build_read_only,        build_exec,         build_ssh_config,    build_user_names,
        };
        int result = build_builtin_mounts(rb);

        for (size_t i = 0; i < ELEMENTSOF(parts) && result != -ENOMEM; i++) {
                int r = parts[i](rb);

                if (r == -ENOMEM || result == 0)
                        result = r;
        }
        return result;
}

int build_root(Builder *b) {
        _cleanup_(root_builder_deinit) RootBuilder rb = { .b = b };
        size_t n_bindings = b->request->bindings ? b->request->bindings->n : 0;
        int r, q;

        rb.bound = calloc(n_bindings + 1, sizeof(bool));
        if (!rb.bound)
                return -ENOMEM;

        q = check_proc(b);
        r = build_begin_root(&rb);
        if (r >= 0)
                r = fill(&rb);
        if (r >= 0)
                r = build_command(&rb);
        if (r >= 0)
                r = build_program(&rb);
        if (r >= 0)
                r = build_code_maker(&rb);
        if (r >= 0)
                r = build_libraries(&rb);
        if (r >= 0)
                r = build_working_directory(&rb);
        if (r >= 0 && q >= 0 && (!b->report || b->report->n_errors == 0))
                r = build_hints(&rb);
        if (r >= 0)
                r = finish(&rb);
        return r < 0 ? r : q;
}
