/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as the files of a cgroup of version 2. config.json has the numbers of version 1: the conversions are
 * those of config-linux.md and runc. */
#include <errno.h>
#include <stdio.h>

#include "image/json.h"
#include "oci/spec/fields.h"
#include "oci/spec/parts.h"
#include "util/array.h"
#include "util/text.h"

/* Takes over value. */
static int add_at(Spec *spec, const Place *origin, const char *file, char *value) {
        _cleanup_free_ char *name = strdup(file), *pointer = place_pointer(origin);
        SpecCgroupFile *f = name && pointer && value ? ARRAY_APPEND(spec->cgroup_files, spec->n_cgroup_files) : NULL;

        if (!f) {
                free(value);
                return report_oom(origin->report);
        }
        *f = (SpecCgroupFile) { .file = TAKE_PTR(name), .pointer = TAKE_PTR(pointer), .value = value };
        return 0;
}

/* key: the member of origin that the value comes from. */
static int add(Spec *spec, const Place *origin, const char *key, const char *file, char *value) {
        const Place p = place_member(origin, key);

        return add_at(spec, &p, file, value);
}

static char *number_or_max(int64_t n) {
        return n < 0 ? strdup("max") : format("%lld", (long long) n);
}

/* memory.swap is the sum of memory and swap. */
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
                return place_error(&memory, EINVAL, "swap is the sum of memory and swap, so it needs a limit of "
                                                    "memory, and must not be below it");
        if (r >= 0 && limit != 0)
                r = add(ret, &memory, "limit", "memory.max", number_or_max(limit));
        if (r >= 0 && reservation != 0)
                r = add(ret, &memory, "reservation", "memory.low", number_or_max(reservation));
        if (r >= 0 && swap != 0)
                r = add(ret, &memory, "swap", "memory.swap.max", number_or_max(swap < 0 ? -1 : swap - limit));
        ret->check_memory = json_is_true(json_object_get(memory.value, "checkBeforeUpdate"));
        return r;
}

static int read_cpu_time(const Place *cpu, Spec *ret) {
        int64_t quota = 0, period = 0, burst = -1;
        int r;

        r = place_number(cpu, "quota", -1, INT64_MAX, &quota);
        if (r >= 0)
                r = place_number(cpu, "period", 0, INT64_MAX, &period);
        if (r >= 0)
                r = place_number(cpu, "burst", 0, INT64_MAX, &burst);
        if (r >= 0 && (quota != 0 || period != 0))
                r = add(ret, cpu, quota != 0 ? "quota" : "period", "cpu.max",
                        quota > 0 ? format("%lld %lld", (long long) quota, (long long) (period ?: 100000))
                                  : format("max %lld", (long long) (period ?: 100000)));
        return r >= 0 && burst >= 0 ? add(ret, cpu, "burst", "cpu.max.burst", format("%lld", (long long) burst)) : r;
}

static int read_cpu(const Place *resources, Spec *ret) {
        const Place cpu = place_member(resources, "cpu");
        const char *cpus = json_text_of(cpu.value, "cpus"), *nodes = json_text_of(cpu.value, "mems");
        int64_t shares = 0, idle = -1;
        int r;

        r = place_number(&cpu, "shares", 0, INT64_MAX, &shares);
        if (r >= 0 && shares > 0) {
                shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
                r = add(ret, &cpu, "shares", "cpu.weight",
                        format("%lld", (long long) (1 + (shares - 2) * 9999 / 262142)));
        }
        if (r >= 0)
                r = read_cpu_time(&cpu, ret);
        if (r >= 0)
                r = place_number(&cpu, "idle", 0, 1, &idle);
        if (r >= 0 && idle >= 0)
                r = add(ret, &cpu, "idle", "cpu.idle", strdup(idle ? "1" : "0"));
        if (r >= 0 && cpus && *cpus)
                r = add(ret, &cpu, "cpus", "cpuset.cpus", strdup(cpus));
        return r >= 0 && nodes && *nodes ? add(ret, &cpu, "mems", "cpuset.mems", strdup(nodes)) : r;
}

static int read_pids(const Place *resources, Spec *ret) {
        const Place pids = place_member(resources, "pids");
        int64_t limit = 0;
        int r = place_number(&pids, "limit", -1, INT64_MAX, &limit);

        /* Since version 1.3, 0 is a limit. With pids.max=0, not even the first process could be made in the cgroup;
         * runc has 1, too. */
        if (r >= 0 && limit == 0 && ret->minor >= 3 && place_member(&pids, "limit").value)
                limit = 1;
        return r >= 0 && limit != 0 ? add(ret, &pids, "limit", "pids.max", number_or_max(limit)) : r;
}

/* Adds "MAJOR:MINOR NAMEVALUE" for the block device of the item; a value of -1 is missing. */
static int add_device(const Place *p, Spec *ret, const char *file, const char *name, int64_t value) {
        int64_t major = -1, minor = -1;
        int r;

        r = place_number(p, "major", 0, 0xfff, &major);
        if (r >= 0)
                r = place_number(p, "minor", 0, 0xfffff, &minor);
        if (r < 0)
                return r;
        if (major < 0 || minor < 0 || value < 0)
                return place_error(p, EINVAL, "it needs major, minor, and a weight or rate");
        return add_at(ret, p, file, format("%lld:%lld %s%lld", (long long) major, (long long) minor, name,
                                        (long long) value));
}

/* The weights of version 1 are 10 to 1000; -1: none. */
static int read_weight(const Place *p, int64_t *ret) {
        int64_t weight = 0;
        int r = place_number(p, "weight", 0, 1000, &weight);

        if (r >= 0 && weight > 0 && weight < 10)
                r = place_error(p, ERANGE, "a weight is 10 to 1000");
        *ret = r < 0 || weight == 0 ? -1 : 1 + (weight - 10) * 9999 / 990;
        return r;
}

static int read_weights(const Place *io, Spec *ret) {
        const Place devices = place_member(io, "weightDevice");
        int64_t weight;
        int r = read_weight(io, &weight);

        if (r >= 0 && weight > 0)
                r = add(ret, io, "weight", "io.weight", format("%lld", (long long) weight));
        for (size_t i = 0; r >= 0 && i < json_array_size(devices.value); i++) {
                const Place p = place_item(&devices, i);

                r = read_weight(&p, &weight);
                if (r >= 0)
                        r = add_device(&p, ret, "io.weight", "", weight);
        }
        return r;
}

static int read_io(const Place *resources, Spec *ret) {
        static const struct { const char *field, *name; } rows[] = {
                { "throttleReadBpsDevice", "rbps=" }, { "throttleWriteBpsDevice", "wbps=" },
                { "throttleReadIOPSDevice", "riops=" }, { "throttleWriteIOPSDevice", "wiops=" },
        };
        const Place io = place_member(resources, "blockIO");
        int r = read_weights(&io, ret);

        for (size_t row = 0; r >= 0 && row < ELEMENTSOF(rows); row++) {
                const Place devices = place_member(&io, rows[row].field);

                for (size_t i = 0; r >= 0 && i < json_array_size(devices.value); i++) {
                        const Place p = place_item(&devices, i);
                        int64_t rate = -1;

                        r = place_number(&p, "rate", 0, INT64_MAX, &rate);
                        if (r >= 0)
                                r = add_device(&p, ret, "io.max", rows[row].name, rate);
                }
        }
        return r;
}

static int read_huge_pages(const Place *resources, Spec *ret) {
        const Place limits = place_member(resources, "hugepageLimits");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(limits.value); i++) {
                const Place p = place_item(&limits, i);
                const char *size = json_text_of(p.value, "pageSize") ?: "";
                int64_t limit = -1;
                char file[32];

                if (!*size || size[strspn(size, "0123456789KMGB")])
                        return place_error(&p, EINVAL, "pageSize is not a size such as 2MB: \"%s\"", size);
                snprintf(file, sizeof(file), "hugetlb.%s.max", size);
                r = place_number(&p, "limit", 0, INT64_MAX, &limit);
                if (r >= 0)
                        r = add_at(ret, &p, file, number_or_max(limit));
        }
        return r;
}

/* An object for each device, whose name is the key. */
static int read_rdma(const Place *resources, Spec *ret) {
        const Place rdma = place_member(resources, "rdma");
        const char *device;
        json_t *value;

        json_object_foreach(rdma.value, device, value) {
                const Place p = place_member(&rdma, device);
                int64_t handles = -1, objects = -1;
                int r;

                if (!*device || strpbrk(device, " \t\n"))
                        return place_error(&p, EINVAL, "it is not the name of a device");
                r = fields_check(&p, "/linux/resources/rdma/*");
                if (r >= 0)
                        r = place_number(&p, "hcaHandles", 0, UINT32_MAX, &handles);
                if (r >= 0)
                        r = place_number(&p, "hcaObjects", 0, UINT32_MAX, &objects);
                if (r >= 0 && handles >= 0)
                        r = add_at(ret, &p, "rdma.max", format("%s hca_handle=%lld", device, (long long) handles));
                if (r >= 0 && objects >= 0)
                        r = add_at(ret, &p, "rdma.max", format("%s hca_object=%lld", device, (long long) objects));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The kernel takes one line in a write: io.max has one for each device. */
static int add_lines(Spec *spec, const Place *origin, const char *file, const char *text) {
        int r;

        do {
                const size_t n = strcspn(text, "\n");

                r = add_at(spec, origin, file, strndup(text, n));
                text += n + strspn(text + n, "\n");
        } while (r >= 0 && *text);
        return r;
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
                r = add_lines(ret, &p, key, json_string_value(value));
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
                return place_error(&path, EINVAL, "it must not contain \"..\"");
        r = read_memory(&resources, ret);
        if (r >= 0)
                r = read_cpu(&resources, ret);
        if (r >= 0)
                r = read_pids(&resources, ret);
        if (r >= 0)
                r = read_io(&resources, ret);
        if (r >= 0)
                r = read_huge_pages(&resources, ret);
        if (r >= 0)
                r = read_rdma(&resources, ret);
        if (r >= 0)
                r = read_unified(&resources, ret);
        if (r >= 0)
                r = device_rules_read(&resources, ret);
        return r;
}
