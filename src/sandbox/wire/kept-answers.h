/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* After a hand-over, no isorun is left that could check who sends a request, so the reaper takes none. Instead, it has
 * the answers ready: in a file in memory that nobody can change, at a fixed fd. The kernel lets only root get it from
 * the reaper, with pidfd_getfd(2), since the reaper is not dumpable.
 *
 * The file begins with a ControlHeader. Then follows a text for each type of kept_answers, with a NUL at its end. It
 * has all seals when it is complete. */

#include <fcntl.h>

#include "sandbox/wire/control.h"

enum {
        KEPT_MOUNTS = 0, /* instead of a ControlType: the table of mounts that isorun has had; empty if not known */
        KEPT_ANSWERS_FD = 4,
        KEPT_ANSWERS_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
        KEPT_ANSWERS_MAX = 4 << 20, /* bytes; the texts have some kilobytes */
};

#define KEPT_ANSWERS_NAME "isorun-answers"

static const int32_t kept_answers[] = { CONTROL_PROMISES, CONTROL_EXPOSURE, CONTROL_POLICY, KEPT_MOUNTS };
