/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as the files of a cgroup of version 2. config.json has the numbers of version 1: the conversions are
 * those of config-linux.md and runc. */
#include <errno.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "util/array.h"
#include "util/text.h"

/* Takes over value. */
static int add(Spec *spec, const Place *origin, const char *file, char *value) {
        SpecCgroupFile *f = value ? ARRAY_APPEND(spec->cgroup_files, spec->n_cgroup_files) : NULL;

        if (!f) {
                free(value);
                return report_oom(origin->report);
        }
        *f = (SpecCgroupFile) { .file = file, .value = value };
        return 0;
}

static char *number_or_max(int64_t n) {
        return n < 0 ? strdup("max") : format("%lld", (long long) n);
}

/* memory.swap is memory and swap together. */
static int read_memory(const Place *resources, Spec *ret) {
        const Place memory = place_member(resources, "memory");
        int64_t limit = 0, reservation = 0, swap = 0;
        int r;

        r = place_number(&memory, "limit", -1, INT64_MAX, &limit);
        if (r >= 0)
                r = place_number(&memory, "reservation", -1, INT64_MAX, &reservation);
        if (r >= 0)
                r = place_number(&memory, "swap", -1, INT64_MAX, &swap);
        if (r >= 0 && swap > 0 && (limit <= 0 || swap < limit))
                return place_error(&memory, EINVAL, "swap is memory and swap together: it needs a limit that is not "
                                                    "above it");
        if (r >= 0 && limit != 0)
                r = add(ret, &memory, "memory.max", number_or_max(limit));
        if (r >= 0 && reservation != 0)
                r = add(ret, &memory, "memory.low", number_or_max(reservation));
        if (r >= 0 && swap != 0)
                r = add(ret, &memory, "memory.swap.max", number_or_max(swap < 0 ? -1 : swap - limit));
        return r;
}

static int read_cpu_time(const Place *cpu, Spec *ret) {
        int64_t quota = 0, period = 0;
        int r;

        r = place_number(cpu, "quota", -1, INT64_MAX, &quota);
        if (r >= 0)
                r = place_number(cpu, "period", 0, INT64_MAX, &period);
        if (r < 0 || (quota == 0 && period == 0))
                return r;
        return add(ret, cpu, "cpu.max",
                   quota > 0 ? format("%lld %lld", (long long) quota, (long long) (period ?: 100000))
                             : format("max %lld", (long long) (period ?: 100000)));
}

static int read_cpu(const Place *resources, Spec *ret) {
        const Place cpu = place_member(resources, "cpu");
        const char *cpus = json_text_of(cpu.value, "cpus"), *nodes = json_text_of(cpu.value, "mems");
        int64_t shares = 0;
        int r;

        r = place_number(&cpu, "shares", 0, INT64_MAX, &shares);
        if (r >= 0 && shares > 0) {
                shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
                r = add(ret, &cpu, "cpu.weight", format("%lld", (long long) (1 + (shares - 2) * 9999 / 262142)));
        }
        if (r >= 0)
                r = read_cpu_time(&cpu, ret);
        if (r >= 0 && cpus && *cpus)
                r = add(ret, &cpu, "cpuset.cpus", strdup(cpus));
        return r >= 0 && nodes && *nodes ? add(ret, &cpu, "cpuset.mems", strdup(nodes)) : r;
}

static int read_pids(const Place *resources, Spec *ret) {
        const Place pids = place_member(resources, "pids");
        int64_t limit = 0;
        int r = place_number(&pids, "limit", -1, INT64_MAX, &limit);

        return r >= 0 && limit != 0 ? add(ret, &pids, "pids.max", number_or_max(limit)) : r;
}

static int read_unified(const Place *resources, Spec *ret) {
        const Place unified = place_member(resources, "unified");
        const char *key;
        json_t *value;

        json_object_foreach(unified.value, key, value) {
                const Place p = place_member(&unified, key);
                int r;

                if (strchr(key, '/') || !strchr(key, '.') || *key == '.' || startswith(key, "cgroup."))
                        return place_error(&p, EINVAL, "it is not a limit");
                r = add(ret, &p, key, strdup(json_string_value(value)));
                if (r < 0)
                        return r;
        }
        return 0;
}

int resources_read(const Place *place, Spec *ret) {
        const Place resources = place_member(place, "resources"), path = place_member(place, "cgroupsPath");
        int r;

        ret->cgroup_path = json_string_value(path.value);
        if (ret->cgroup_path && !*ret->cgroup_path)
                ret->cgroup_path = NULL;
        if (ret->cgroup_path && strstr(ret->cgroup_path, ".."))
                return place_error(&path, EINVAL, "it leads up");
        r = read_memory(&resources, ret);
        if (r >= 0)
                r = read_cpu(&resources, ret);
        if (r >= 0)
                r = read_pids(&resources, ret);
        if (r >= 0)
                r = read_unified(&resources, ret);
        if (r >= 0)
                r = device_rules_read(&resources, ret);
        return r;
}
