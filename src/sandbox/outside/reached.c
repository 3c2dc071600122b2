/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/reached.h"

#include <errno.h>
#include <inttypes.h>

#include "plan/hint.h"
#include "sandbox/systemd/journal.h"
#include "util/text.h"

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

/* The value of an option in "mode=1777,size=64M", on the heap; NULL: it is not there. */
static char *find_option(const char *options, const char *key) {
        const char *found = options ? strstr(options, key) : NULL;

        return found ? strndup(found + strlen(key), strcspn(found + strlen(key), ",")) : NULL;
}

/* What gives it more room. */
static char *format_full_hint(const Plan *plan, const PlanMount *m) {
        _cleanup_free_ char *mode = find_option(m->options, "mode=");

        if (m->asker == ASKED_BY_POLICY)
                return strdup("its option size= sets how much it holds");
        return format("%sTemporaryFileSystem=%s:mode=%s,size=VALUE gives it more room", plan_option(plan),
                      m->destination, mode ?: "755");
}

int reached_full(Reached *reached, const Run *run, size_t mount) {
        const PlanMount *m = mount < run->plan->n_mounts ? &run->plan->mounts[mount] : NULL;
        _cleanup_free_ char *size = NULL, *hint = NULL;
        Origin origin;

        if (!m || !plan_mount_is_memory(m) || reached->n_full++ >= run->plan->n_mounts)
                return -EPROTO;
        size = find_option(m->options, "size=");
        hint = format_full_hint(run->plan, m);
        origin = m->asker == ASKED_BY_POLICY ? m->origin : (Origin) {};
        report_notice_at(run->report, origin, m->asker == ASKED_BY_POLICY ? m->key : NULL,
                         "%s is full (size=%s): nothing more can be written there (ENOSPC); %s", m->destination,
                         size ?: "?", hint ?: "?");
        journal_full(run->plan, m->destination, size ?: "?", origin,
                     m->asker == ASKED_BY_POLICY ? m->key : "TemporaryFileSystem");
        return 0;
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
