/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/start.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan/hint.h"
#include "plan/unit/name.h"
#include "sandbox/outside/sandbox.h"
#include "sandbox/systemd/journal.h"
#include "util/capability.h"
#include "util/process.h"

/* AT_SECURE alone does not decide, because security modules also set it for other reasons. */
bool start_has_more_rights(void) {
        uid_t uid, effective_uid, saved_uid;
        gid_t gid, effective_gid, saved_gid;
        CapabilitySets sets;

        if (getresuid(&uid, &effective_uid, &saved_uid) < 0 || getresgid(&gid, &effective_gid, &saved_gid) < 0 ||
            uid != effective_uid || gid != effective_gid)
                return true;
        if (effective_uid == 0 || !getauxval(AT_SECURE))
                return false;

        return capability_get(&sets) < 0 || sets.permitted;
}

int start_repeat(StartTry try, void *userdata, bool wait, Report *report) {
        enum { TRIES = 16, PAUSE_NSEC = 15000000 };
        int status = -EEXIST;

        for (unsigned i = 1; status == -EEXIST && i <= TRIES; i++) {
                status = try(userdata, i == TRIES, report);
                if (status == -EEXIST && wait)
                        nanosleep(&(struct timespec) { .tv_nsec = PAUSE_NSEC }, NULL);
        }
        return status;
}

int start_refused(const Loaded *loaded, const PlanRequest *request, int status, const Report *report) {
        PlanRequest named = *request;
        PlanUnit unit;

        named.name = loaded->name;
        /* Without a policy, --name was invalid. */
        if (!loaded->policy || plan_unit(&loaded->host, &named, &unit) < 0)
                return status;
        journal_refused(&unit, loaded->name, request->policy, report);
        free(unit.name);
        return status;
}

int start_run(const Plan *plan, bool last_try, Report *report, Outcome *ret) {
        Outcome outcome = { .exit_status = PLAN_FAILED };
        const PlanUnit unit = plan_unit_of(plan);

        (void) sandbox_run(plan, report, &outcome);
        if (outcome.name_taken && !last_try)
                return -EEXIST;
        if (outcome.name_taken)
                report_error(report, EEXIST, "the unit %s already exists%s", plan->unit, plan_other_name(plan));
        if (outcome.progress == PROGRESS_STARTING)
                journal_refused(&unit, plan->name, plan->policy, report);
        *ret = outcome;
        return 0;
}

/* isorun ends as the payload has ended. As the main process of a service it also ends by the same signal, so that
 * systemd sees the signal; and elsewhere by SIGINT and SIGQUIT, so that a shell's loop ends at ^C. */
int start_end_as(const Outcome *outcome, bool is_service) {
        bool ended = outcome->progress == PROGRESS_ENDED;
        int sig;

        if (ended && WIFEXITED(outcome->wait_status))
                return WEXITSTATUS(outcome->wait_status);
        if (!ended && outcome->exit_status <= 128)
                return outcome->exit_status;

        sig = ended ? WTERMSIG(outcome->wait_status) : outcome->exit_status - 128;
        if (is_service || sig == SIGINT || sig == SIGQUIT)
                process_die_of(sig);
        return 128 + sig;
}
