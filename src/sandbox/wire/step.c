/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/step.h"

const char *step_name(Step step) {
        static const char *const names[_STEPS] = {
                [STEP_BEGUN] = "the id maps are there",
                [STEP_ROOT_MADE] = "the root is made",
                [STEP_ADMITTED] = "isorun confirmed that the limits are in effect",
                [STEP_ROOT_FINISHED] = "the root is read-only, and Landlock's rules are made",
                [STEP_EXECUTED] = "privileges are dropped, and the command is executed",
        };

        return names[step];
}
