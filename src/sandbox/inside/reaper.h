/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/payload.h"

/* What is left of the first process inside: waits for the payload and for orphans, as pid 1 must (pid_namespaces(7)),
 * starts the processes that are asked for from outside (session.h), tells isorun how the payload ended, and ends, and
 * all processes inside with it, when isorun is gone. */
_Noreturn void reaper_main(Payload *payload);
