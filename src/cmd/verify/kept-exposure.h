/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exposure that an instance keeps: that of the plan which it was started with. For root, it is data of another
 * user, so each value is checked when it is read. */

#include "cmd/verify/promise.h"
#include "plan/show/exposure.h"

typedef struct KeptExposure {
        Exposure exposure; /* its texts are those of promises and origins */
        Promises promises;
        Origin *origins;
} KeptExposure;

void kept_exposure_deinit(KeptExposure *kept);

/* Parses what plan_print_exposure() wrote. Returns 0, -EPROTO if the text is wrong, or -ENOMEM. */
int kept_exposure_parse(const char *text, KeptExposure *ret);
