/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --batch from its options to its exit status: makes the plans of the lines, which batch_run() then runs. */

#include "cmd/start/start-options.h"

/* Returns the exit status. */
int batch_main(StartOptions *o, Report *report);
