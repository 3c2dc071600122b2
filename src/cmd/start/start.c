/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/start.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

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

/* isorun ends as the payload has ended. As the main process of a service it also ends by the same signal, so that
 * systemd sees the signal; and elsewhere by SIGINT and SIGQUIT, so that a shell's loop ends at ^C. */
static int end_as(const Outcome *outcome, bool is_service) {
        bool ended = outcome->progress == PROGRESS_ENDED;
        int sig;

        if (ended && WIFEXITED(outcome->wait_status))
                return WEXITSTATUS(outcome->wait_status);
        if (!ended && outcome->exit_status <= 128)
                return outcome->exit_status;

        sig = ended ? WTERMSIG(outcome->wait_status) : outcome->exit_status - 128;
        if (is_service || sig == SIGINT || sig == SIGQUIT)
                die_of(sig);
        return 128 + sig;
}

int start_plan(const Plan *plan, bool last_try, Report *report) {
        Outcome outcome;
        int r = start_run(plan, last_try, report, &outcome);

        return r == -EEXIST ? r : end_as(&outcome, plan->holder == HOLDER_SERVICE);
}
