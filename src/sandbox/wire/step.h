/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The steps of the process inside, which sends them to isorun by MESSAGE_STEP, as it cannot print: standard error may be the
 * payload's file by then. */

typedef enum Step {
        STEP_BEGUN,
        STEP_ROOT_MADE,
        STEP_ADMITTED,
        STEP_ROOT_FINISHED,
        STEP_EXECUTED,
        _STEPS,
} Step;

const char *step_name(Step step);
