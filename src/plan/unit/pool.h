/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A pool is one delegated scope of systemd, or a part of a delegated service; its instances are cgroups that isorun
 * makes in it, so that a start needs no request to systemd. sandbox/outside/pool.h says how a pool begins and ends. */

#include "plan/builder.h"

#define POOL_INSTANCES "instances" /* the cgroup in the scope that the instances are in */

/* The units of instances begin with "isorun-", so none takes the name of a pool. A pool that is no scope is a cgroup of
 * such a name, without the suffix. */
#define POOL_PREFIX "isorun_pool-"

static inline bool pool_is_unit(const char *name) {
        return startswith(name, POOL_PREFIX) && endswith(name, ".scope");
}

/* Finds the pool that the policy names. If the instance cannot have a scope, no_manager is the reason for the message.
 * Returns 1, and fills in pool, pool_base, cgroup and pool_by_bus of the plan, and user_manager. Returns 0 if the
 * policy names no pool, or if no pool can be made and Optional= names Pool=. Returns -errno otherwise, reported. */
int build_pool(Builder *b, const char *no_manager);

/* Whether isorun --batch gives its instances a pool: they would be scopes, or isorun is in a service with Delegate=yes.
 * Uses only no_scope and manager of the request. Returns 1, 0 or -ENOMEM. */
int pool_suits_batch(const Host *host, const PlanRequest *request);
