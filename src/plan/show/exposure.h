/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How exposed the system is to the payload of a plan, on the scale of `systemd-analyze security`: the same names and
 * weights, from 0 (nothing exposed) to 10. The plan's effect counts, not the words of the policy. */

#include <stdio.h>

#include "plan/plan.h"

/* A property. */
typedef struct ExposureRow {
        const char *name;    /* as systemd calls it */
        unsigned weight;
        unsigned range;      /* the largest badness */
        unsigned badness;
        const char *details; /* constant */
        const char *better;  /* a line of a policy that improves it; NULL: there is nothing to improve, or no line */
        const Origin *origin; /* of the present value in the policy; NULL: not from a line */
} ExposureRow;

typedef struct Exposure {
        ExposureRow *rows;
        size_t n;
} Exposure;

/* Fills *ret, whose rows point into the plan. Returns 0 or -ENOMEM. */
int plan_exposure(const Plan *plan, Exposure *ret);

/* Writes the rows as promises (plan/show/promises.h), for isoctl analyze of an instance. ORIGIN is "".
 *
 *     exposure NAME WEIGHT RANGE BADNESS DETAILS BETTER FILE LINE     BETTER and FILE may be "" for NULL
 *
 * Returns 0 or -ENOMEM. */
int plan_print_exposure(const Plan *plan, FILE *f);

void exposure_deinit(Exposure *exposure);

/* The exposure of all rows together, and the part of it that one row causes, in tenths, rounded up as systemd does. */
unsigned exposure_total(const Exposure *exposure);
unsigned exposure_of(const Exposure *exposure, const ExposureRow *row);

/* systemd's word for a total: "SAFE", "OK", "MEDIUM" and so on. */
const char *exposure_word(unsigned total);
