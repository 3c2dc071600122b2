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

/* Finds the unit of a request; uses only its name, no_scope and manager. Returns 0 or -ENOMEM. */
int plan_unit(const Host *host, const PlanRequest *request, PlanUnit *ret);
