/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of config.md, "Scheduler" and "I/O priority", and of config-linux.md, "Personality" and "Memory
 * policy". */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "policy/value/names.h"

static const NamedNumber policies[] = {
        { "SCHED_OTHER", SCHED_NORMAL }, { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
        { "SCHED_BATCH", SCHED_BATCH }, { "SCHED_IDLE", SCHED_IDLE }, { "SCHED_DEADLINE", SCHED_DEADLINE },
        {},
};

static const NamedNumber flags[] = {
        { "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK }, { "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
        { "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },       { "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
        { "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
        {},
};

static const NamedNumber classes[] = {
        { "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT }, { "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
        { "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
        {},
};

static const NamedNumber domains[] = {
        { "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 },
        {},
};

enum { WEIGHTED_INTERLEAVE = 6 }; /* MPOL_WEIGHTED_INTERLEAVE, since Linux 6.9 */

static const NamedNumber memory_modes[] = {
        { "MPOL_DEFAULT", MPOL_DEFAULT },       { "MPOL_PREFERRED", MPOL_PREFERRED }, { "MPOL_BIND", MPOL_BIND },
        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE }, { "MPOL_LOCAL", MPOL_LOCAL },
        { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY }, { "MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE },
        {},
};

static const NamedNumber memory_flags[] = {
        { "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING }, { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
        { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
        {},
};

/* The number that a member of an object names. Returns 0 or -errno, reported. */
static int read_name(const Place *object, const char *key, const NamedNumber *names, int *ret) {
        const Place p = place_member(object, key);
        const NamedNumber *found = p.value ? named_find(names, json_string_value(p.value)) : NULL;

        if (!found)
                return place_error(&p, EINVAL, p.value ? "isorun-oci does not know \"%s\"" : "it is missing",
                                   json_string_value(p.value));
        *ret = found->number;
        return 0;
}

static int read_flags(const Place *object, const NamedNumber *names, uint64_t *ret) {
        const Place list = place_member(object, "flags");

        for (size_t i = 0; i < json_array_size(list.value); i++) {
                const Place p = place_item(&list, i);
                const NamedNumber *flag = named_find(names, json_string_value(p.value));

                if (!flag)
                        return place_error(&p, EINVAL, "isorun-oci does not know \"%s\"",
                                           json_string_value(p.value));
                *ret |= (uint64_t) flag->number;
        }
        return 0;
}

/* What sched_setattr(2) would refuse without a reason. All are nanoseconds; a period of 0 is the deadline. */
static int check_deadline(const Place *p, int64_t runtime, int64_t deadline, int64_t period) {
        const int64_t least = 1024; /* the kernel's unit, sched(7) */

        if (!place_member(p, "runtime").value)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` requires `runtime`");
        if (!place_member(p, "deadline").value)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` requires `deadline`");
        if (runtime == 0)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` runtime must be greater than 0");
        if (runtime < least)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` runtime (%lld) must be between %lld and "
                                   "%lld", (long long) runtime, (long long) least, (long long) INT64_MAX);
        if (runtime > deadline)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` runtime (%lld) must be <= deadline "
                                   "(%lld)", (long long) runtime, (long long) deadline);
        if (period != 0 && deadline > period)
                return place_error(p, EINVAL, "sched_setattr: `SCHED_DEADLINE` deadline (%lld) must be <= period "
                                   "(%lld)", (long long) deadline, (long long) period);
        return 0;
}

static int read_scheduler(const Place *process, SpecProcess *ret) {
        const Place p = place_member(process, "scheduler");
        int64_t nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0;
        SpecScheduler scheduler = {};
        int r;

        if (!p.value)
                return 0;
        r = read_name(&p, "policy", policies, &scheduler.policy);
        if (r >= 0)
                r = read_flags(&p, flags, &scheduler.flags);
        if (r >= 0)
                r = place_number(&p, "nice", -20, 19, &nice);
        if (r >= 0)
                r = place_number(&p, "priority", 0, 99, &priority);
        if (r >= 0)
                r = place_number(&p, "runtime", 0, INT64_MAX, &runtime);
        if (r >= 0)
                r = place_number(&p, "deadline", 0, INT64_MAX, &deadline);
        if (r >= 0)
                r = place_number(&p, "period", 0, INT64_MAX, &period);
        if (r >= 0 && scheduler.policy == SCHED_DEADLINE)
                r = check_deadline(&p, runtime, deadline, period);
        if (r < 0)
                return r;
        scheduler.nice = (int) nice;
        scheduler.priority = (unsigned) priority;
        scheduler.runtime = (uint64_t) runtime;
        scheduler.deadline = (uint64_t) deadline;
        scheduler.period = (uint64_t) period;
        ret->scheduler = scheduler;
        ret->set_scheduler = true;
        return 0;
}

/* A list such as "0-3,7". what: "CPUs" */
static int read_numbers(const Place *object, const char *key, const char *what, cpu_set_t **ret) {
        const Place p = place_member(object, key);
        const char *s = json_string_value(p.value) ?: "";

        if (!*s)
                return 0;
        *ret = calloc(1, sizeof(cpu_set_t));
        if (!*ret)
                return report_oom(p.report);
        for (;; s++) {
                char *end;
                unsigned long first = strtoul(s, &end, 10), last = first;

                if (end != s && *end == '-')
                        last = strtoul(s = end + 1, &end, 10);
                if (end == s || !strchr("0123456789", *s) || last < first || last >= CPU_SETSIZE ||
                    (*end && *end != ','))
                        return place_error(&p, EINVAL, "it is not a list of %s such as 0-3,7", what);
                for (unsigned long cpu = first; cpu <= last; cpu++)
                        CPU_SET(cpu, *ret);
                if (!*(s = end))
                        return 0;
        }
}

static int read_affinity(const Place *process, SpecProcess *ret) {
        const Place p = place_member(process, "execCPUAffinity");
        int r = read_numbers(&p, "initial", "CPUs", &ret->exec_cpus[0]);

        return r < 0 ? r : read_numbers(&p, "final", "CPUs", &ret->exec_cpus[1]);
}

int scheduling_read(const Place *process, SpecProcess *ret) {
        const Place p = place_member(process, "ioPriority");
        int64_t priority = 0;
        int class, r = read_affinity(process, ret);

        if (r >= 0)
                r = read_scheduler(process, ret);
        if (r < 0 || !p.value)
                return r;
        r = read_name(&p, "class", classes, &class);
        if (r >= 0)
                r = place_number(&p, "priority", 0, IOPRIO_NR_LEVELS - 1, &priority);
        if (r >= 0)
                ret->io_priority = IOPRIO_PRIO_VALUE(class, (int) priority);
        return r;
}

int personality_read(const Place *linux_part, Spec *ret) {
        const Place p = place_member(linux_part, "personality");
        int domain, r;

        ret->personality = -1;
        if (!p.value)
                return 0;
        r = read_name(&p, "domain", domains, &domain);
        if (r >= 0)
                ret->personality = domain;
        return r;
}

/* The kernel checks whether mode, flags and nodes fit: set_mempolicy(2). */
int memory_policy_read(const Place *linux_part, Spec *ret) {
        const Place p = place_member(linux_part, "memoryPolicy");
        uint64_t all = 0;
        int r;

        if (!p.value)
                return 0;
        r = read_name(&p, "mode", memory_modes, &ret->memory_policy.mode);
        if (r >= 0)
                r = read_flags(&p, memory_flags, &all);
        if (r >= 0)
                r = read_numbers(&p, "nodes", "nodes", &ret->memory_policy.nodes);
        if (r < 0)
                return r;
        ret->memory_policy.mode |= (int) all;
        ret->memory_policy.set = true;
        return 0;
}

json_t *spec_memory_policy_features(void) {
        return json_pack("{so so}", "modes", spec_names(memory_modes), "flags", spec_names(memory_flags));
}

json_t *spec_names(const NamedNumber *list) {
        json_t *array = json_array();

        for (; list->name; list++)
                (void) json_array_append_new(array, json_string(list->name));
        return array;
}
