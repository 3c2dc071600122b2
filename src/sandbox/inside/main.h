/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/inside.h"

/* The first process inside, pid 1 of its pid namespace: makes the root while isorun asks systemd for the unit,
 * waits for the word that the limits hold, starts the payload, and then is its reaper. */
_Noreturn void inside_main(Inside *inside);
