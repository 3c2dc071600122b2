/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The steps of the first process inside. It cannot print them (standard error may be the payload's file by then), so it
 * sends each to isorun as a MESSAGE_STEP. */

typedef enum Step {
        STEP_BEGUN,
        STEP_ROOT_MADE,
        STEP_ADMITTED,
        STEP_ROOT_FINISHED,
        STEP_EXECUTED,
        _STEPS,
} Step;

const char *step_name(Step step);
