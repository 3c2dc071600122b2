/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/request.h"

/* The unit of a start, which is known before there is a plan. */
typedef struct PlanUnit {
        PlanHolder holder; /* HOLDER_SCOPE or HOLDER_SERVICE; HOLDER_NONE: isorun does not use systemd */
        bool user_manager;
        char *name;        /* set even if isorun does not use systemd */
} PlanUnit;

/* Whether it is the name of a service. */
static inline bool plan_unit_is_service(const char *name) {
        return endswith(name, ".service");
}

/* Where the path of a cgroup has the name of a unit, as systemd makes paths: slices, then the unit; below
 * user@UID.service, a user's units follow in the same form. The last part of the path is never taken for a slice or a
 * user's manager that something is below. */
typedef struct UnitPlace {
        const char *name; /* in the path: n bytes, which end with it if name[n] is '\0' */
        size_t n;
        bool of_user;
        uid_t uid;        /* set if of_user */
} UnitPlace;

UnitPlace unit_place_find(const char *cgroup);
bool unit_place_ends(const UnitPlace *place, const char *end);

/* Whether this process is in a cgroup below that of a unit, *ret, and the request does not choose a service manager.
 * The program of that unit, such as Slurm or a container engine, has put it there, often with limits: isorun stays. */
bool plan_stays_in_unit(const Host *host, const PlanRequest *request, UnitPlace *ret);

/* The unit that an instance of the plan is in: in a pool, that of the pool. The name is borrowed. */
PlanUnit plan_unit_of(const Plan *plan);

/* Whether systemd knows the unit. */
static inline bool plan_unit_is_real(const PlanUnit *unit) {
        return holder_is_unit(unit->holder) || unit->holder == HOLDER_POOL;
}

/* Finds the unit of a request; uses only its name, no_scope and manager. Returns 0 or -ENOMEM. */
int plan_unit(const Host *host, const PlanRequest *request, PlanUnit *ret);
