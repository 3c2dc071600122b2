/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/inside.h"

/* Runs the first process inside, pid 1 of its pid namespace. It makes the root while isorun asks systemd for the unit,
 * waits until isorun says that the limits hold, starts the payload, and then becomes the reaper. */
_Noreturn void inside_main(Inside *inside);
