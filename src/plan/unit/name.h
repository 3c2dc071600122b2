/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/request.h"

/* The unit that a start is to be, known before there is a plan. */
typedef struct PlanUnit {
        PlanHolder holder; /* HOLDER_SCOPE, HOLDER_SERVICE; HOLDER_NONE: systemd is not to have it */
        bool user_manager;
        char *name;        /* also without a systemd: what would be its name */
} PlanUnit;

/* Says so of a request, of which name, no_scope and manager are looked at. Returns 0 or -ENOMEM. */
int plan_unit(const Host *host, const PlanRequest *request, PlanUnit *ret);
