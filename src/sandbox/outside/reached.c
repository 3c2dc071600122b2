/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/reached.h"

#include <inttypes.h>

#include "sandbox/systemd/journal.h"

static const Setting *find_limit(const Plan *plan) {
        for (size_t i = 0; i < plan->n_properties; i++)
                if (directive_id(plan->properties[i].directive) == D_TasksMax)
                        return &plan->properties[i].settings->items[0];
        return NULL;
}

int reached_fd(const Reached *reached, const Run *run) {
        return reached->tasks ? -1 : run->holder.task_events;
}

void reached_process(Reached *reached, const Run *run) {
        const Setting *limit = find_limit(run->plan);

        if (holder_tasks_refused(&run->holder) == 0)
                return;
        reached->tasks = true;
        if (limit)
                journal_limit_reached(run->plan, limit->origin, "TasksMax");
}

void reached_end(Reached *reached, const Run *run) {
        const Setting *limit = find_limit(run->plan);
        const uint64_t n = holder_tasks_refused(&run->holder);

        /* The kernel may tell of an event some milliseconds later: cgroup_file_notify(). */
        if (!reached->tasks)
                reached_process(reached, run);
        if (limit && n > 0)
                report_notice_at(run->report, limit->origin, "TasksMax",
                                 "%s has reached this limit: %" PRIu64 " times, a process or thread could not be made "
                                 "(EAGAIN)", run->plan->unit, n);
}
