/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/payload.h"

/* The rest of the first process's life. It reaps the payload and orphans, as pid 1 must (pid_namespaces(7)), serves
 * requests from outside (session.h), and tells isorun how the payload ended. When isorun is gone, it ends, and the
 * kernel kills all processes inside with it. */
_Noreturn void reaper_main(Payload *payload);
