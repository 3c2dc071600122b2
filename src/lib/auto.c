/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libisorun-auto: isolates a program before its main(), without a line of code in it. It is in a program because
 * somebody has linked or preloaded it, so it may print, and it ends a program that cannot be isolated. */
#include <isorun/isorun.h>
#include <unistd.h>

#include "plan/plan.h"

/* glibc passes the arguments of main(). */
__attribute__((constructor)) static void isolate_before_main(int argc, char *argv[]) {
        if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
                _exit(PLAN_FAILED);
}
