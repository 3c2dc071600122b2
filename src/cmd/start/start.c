/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/start.h"

#include <errno.h>
#include <signal.h>

#include "cmd/program.h"
#include "lib/start.h"

int start_allowed(Report *report) {
        ensure_standard_fds();
        /* The caller may ignore SIGCHLD, and isorun inherits that. sandbox_run() needs the default. */
        (void) signal(SIGCHLD, SIG_DFL);
        if (!start_has_more_rights())
                return 0;
        return report_error(report, EPERM,
                            "isorun refuses to run with more rights than its caller: remove the set-user-ID bit, the "
                            "set-group-ID bit and the capabilities of its file");
}

int start_plan(const Plan *plan, bool last_try, Report *report) {
        Outcome outcome;
        int r = start_run(plan, last_try, report, &outcome);

        return r == -EEXIST ? r : start_end_as(&outcome, plan->holder == HOLDER_SERVICE);
}
