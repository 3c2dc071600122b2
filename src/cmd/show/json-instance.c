/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-instance.h"

#include <pwd.h>

#include "cmd/show/json.h"

json_t *json_number(bool known, uint64_t value) {
        return known ? json_integer((json_int_t) value) : json_null();
}

/* The user whose instance it is; null for one of the system, and for a nested one. */
static json_t *user(const Instance *i) {
        const struct passwd *found = i->of_user ? getpwuid(i->uid) : NULL;
        char number[16];

        if (!i->of_user || i->nested)
                return json_null();
        snprintf(number, sizeof(number), "%u", i->uid);
        return json_text(found ? found->pw_name : number);
}

json_t *json_instance(const Instance *i, const Usage *usage) {
        _cleanup_free_ char *runner = instance_runner_name(i);

        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
                         "name", json_text(i->name), "user", user(i), "unit", json_text_or_null(i->unit),
                         "runs_as", json_text_or_null(runner), "policy", json_text_or_null(i->policy),
                         "state", instance_state(i),
                         "memory", json_number(usage->kernel.has_memory, usage->kernel.memory),
                         "tasks", json_number(usage->kernel.has_tasks, usage->kernel.tasks),
                         "cpu_usec", json_number(usage->kernel.has_cpu, usage->kernel.cpu_usec),
                         "started_usec", json_number(i->started_usec, i->started_usec),
                         "command", json_text_or_null(i->command), "cgroup", json_text(i->cgroup));
}
