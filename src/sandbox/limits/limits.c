/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/limits/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/text.h"

/* For a directive that is not a list, the last line wins. */
static const Value *value_of(const PlanProperty *p) {
        return &p->settings->items[p->settings->n - 1].value;
}

/* Parses a number in a cgroup file. "max" is UINT64_MAX. */
static int parse_max(const char *text, uint64_t *ret) {
        if (streq(text, "max")) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_u64(text, ret);
}

static uint64_t page_size(void) {
        return (uint64_t) sysconf(_SC_PAGESIZE);
}

/* A relative value is in hundredths of a percent of the machine's memory. */
static uint64_t wanted_bytes(const Value *v) {
        uint64_t all = (uint64_t) sysconf(_SC_PHYS_PAGES) * page_size();

        return v->relative ? (uint64_t) ((long double) all * v->number / 10000) : v->number;
}

static bool bytes_at_most(const PlanProperty *p, const char *text) {
        uint64_t actual, wanted = wanted_bytes(value_of(p));

        return parse_max(text, &actual) >= 0 && actual <= wanted;
}

static bool bytes_at_least(const PlanProperty *p, const char *text) {
        uint64_t actual, wanted = wanted_bytes(value_of(p));

        return parse_max(text, &actual) >= 0 && (actual >= wanted || wanted - actual <= page_size());
}

static bool tasks_at_most(const PlanProperty *p, const char *text) {
        const Value *v = value_of(p);
        uint64_t actual;

        /* Only systemd knows the limits that it takes a percentage of. isorun can only test that there is a limit. */
        return parse_max(text, &actual) >= 0 && (v->relative ? actual != UINT64_MAX : actual <= v->number);
}

/* text is "QUOTA PERIOD", both in microseconds; wanted is in microseconds per second. systemd rounds the quota, so 1%
 * more is accepted. */
static bool quota_at_most(const PlanProperty *p, const char *text) {
        uint64_t wanted = value_of(p)->number, quota, period;

        if (sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 || period == 0)
                return false;
        return (long double) quota * 1e6L / period <= wanted * 1.01L + 1;
}

static bool is_weight(const PlanProperty *p, const char *text) {
        uint64_t actual;

        return parse_u64(text, &actual) >= 0 && actual == value_of(p)->number;
}

/* bfq takes weights of 1 to 1000. systemd keeps weights up to 100 as they are, and scales 100…10000 to 100…1000. */
static bool is_default_weight(const PlanProperty *p, const char *text) {
        uint64_t wanted = value_of(p)->number, actual;
        uint64_t scaled = wanted <= 100 ? wanted : 100 + (wanted - 100) * (1000 - 100) / (10000 - 100);

        return sscanf(text, "default %" SCNu64, &actual) == 1 && (actual == wanted || actual == scaled);
}

/* Whether the cgroup has only processors (or memory nodes) that the policy allows. */
static bool bitmap_within(const PlanProperty *p, const char *text) {
        const Value *wanted = value_of(p);
        _cleanup_free_ uint8_t *actual = NULL;
        unsigned n_actual;

        if (parse_bitmap(text, &actual, &n_actual) < 0)
                return false;
        for (unsigned i = 0; i < n_actual; i++)
                if (actual[i] & ~(i < wanted->n_bitmap ? wanted->bitmap[i] : 0))
                        return false;
        return true;
}

/* Finds the disk, as "MAJOR:MINOR", of a block device or of the file system that a file is on. A partition has no
 * limits of its own, only its disk has. Returns 0 or -errno. */
static int find_disk(const char *path, char *ret, size_t size) {
        char link[64], device[32] = "";
        _cleanup_free_ char *number = NULL;
        struct stat st;
        dev_t dev;

        if (stat(path, &st) < 0)
                return -errno;
        dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
        snprintf(device, sizeof(device), "%u:%u", major(dev), minor(dev));

        snprintf(link, sizeof(link), "/sys/dev/block/%s/partition", device);
        if (access(link, F_OK) == 0) {
                snprintf(link, sizeof(link), "/sys/dev/block/%s/../dev", device);
                if (file_read_line(AT_FDCWD, link, &number) < 0)
                        return -ENODEV;
        }
        snprintf(ret, size, "%s", number ?: device);
        return 0;
}

static const char *io_key(DirectiveId id) {
        switch (id) {
        case D_IOReadBandwidthMax:
                return "rbps";
        case D_IOWriteBandwidthMax:
                return "wbps";
        case D_IOReadIOPSMax:
                return "riops";
        default:
                return "wiops";
        }
}

/* Finds the line of a disk in a file such as io.max: "8:0 rbps=1048576 wbps=max …". Returns the text after the disk, or
 * NULL. */
static const char *disk_line(const char *text, const char *disk) {
        size_t n = strlen(disk);

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
                if (strncmp(line, disk, n) == 0 && line[n] == ' ')
                        return line + n;
        return NULL;
}

static bool disk_at_most(DirectiveId id, const Value *v, const char *text) {
        char disk[32], key[16], number[32];
        const char *line, *found;
        uint64_t actual;

        if (find_disk(v->words[0], disk, sizeof(disk)) < 0)
                return false;
        line = disk_line(text, disk);
        if (!line)
                return v->number == UINT64_MAX;

        snprintf(key, sizeof(key), " %s=", io_key(id));
        found = strstr(line, key);
        if (!found || sscanf(found + strlen(key), "%31[a-z0-9]", number) != 1)
                return false;
        return parse_max(number, &actual) >= 0 && actual <= v->number;
}

static bool disks_at_most(const PlanProperty *p, const char *text) {
        for (size_t i = 0; i < p->settings->n; i++)
                if (!disk_at_most(directive_id(p->directive), &p->settings->items[i].value, text))
                        return false;
        return true;
}

static bool disk_weights(const PlanProperty *p, const char *text) {
        for (size_t i = 0; i < p->settings->n; i++) {
                const Value *v = &p->settings->items[i].value;
                char disk[32];
                const char *line;

                if (find_disk(v->words[0], disk, sizeof(disk)) < 0)
                        return false;
                line = disk_line(text, disk);
                if (!line || strtoull(line, NULL, 10) != v->number)
                        return false;
        }
        return true;
}

static const struct {
        DirectiveId id;
        bool (*held)(const PlanProperty *p, const char *text);
} checks[] = {
        { D_MemoryMax, bytes_at_most },          { D_MemoryHigh, bytes_at_most },
        { D_MemorySwapMax, bytes_at_most },      { D_MemoryZSwapMax, bytes_at_most },
        { D_MemoryLow, bytes_at_least },         { D_MemoryMin, bytes_at_least },
        { D_TasksMax, tasks_at_most },           { D_CPUQuota, quota_at_most },
        { D_CPUWeight, is_weight },              { D_AllowedCPUs, bitmap_within },
        { D_AllowedMemoryNodes, bitmap_within }, { D_IOWeight, is_default_weight },
        { D_IODeviceWeight, disk_weights },      { D_IOReadBandwidthMax, disks_at_most },
        { D_IOWriteBandwidthMax, disks_at_most }, { D_IOReadIOPSMax, disks_at_most },
        { D_IOWriteIOPSMax, disks_at_most },
};

/* Whether a BPF program of that kind is attached to the cgroup: bpf(2), BPF_PROG_QUERY. Returns 1, 0 or -errno; 0 also
 * if the kernel does not know the kind. */
static int has_program(int cgroup_fd, enum bpf_attach_type type) {
        union bpf_attr attr = { .query = { .target_fd = (uint32_t) cgroup_fd, .attach_type = type } };

        if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
                return errno == EINVAL ? 0 : -errno;
        return attr.query.prog_cnt > 0;
}

static int programs_attached(const PlanProperty *p, int cgroup_fd) {
        int r;

        switch (directive_id(p->directive)) {
        case D_IPAddressAllow:
        case D_IPAddressDeny:
                r = has_program(cgroup_fd, BPF_CGROUP_INET_INGRESS);
                return r <= 0 ? r : has_program(cgroup_fd, BPF_CGROUP_INET_EGRESS);
        case D_DevicePolicy:
                return value_of(p)->number == DEVICE_POLICY_AUTO ? 1 : has_program(cgroup_fd, BPF_CGROUP_DEVICE);
        default:
                return has_program(cgroup_fd, BPF_CGROUP_DEVICE);
        }
}

/* CPUWeight=idle has a file of its own. IOWeight= is in io.weight or, if the kernel has only the bfq scheduler's, in
 * io.bfq.weight. */
static const char *limit_file(const PlanProperty *p, int cgroup_fd, bool writing) {
        if (directive_id(p->directive) == D_CPUWeight && value_of(p)->number == 0)
                return "cpu.idle";
        /* The kernel uses the effective set: it leaves out processors and nodes that are absent or that the parent
         * cgroup does not have. */
        if (!writing && directive_id(p->directive) == D_AllowedCPUs)
                return "cpuset.cpus.effective";
        if (!writing && directive_id(p->directive) == D_AllowedMemoryNodes)
                return "cpuset.mems.effective";
        if (streq(p->directive->cgroup_file, "io.weight") && faccessat(cgroup_fd, "io.weight", F_OK, 0) < 0)
                return "io.bfq.weight";
        return p->directive->cgroup_file;
}

/* Takes over text. Returns 0 or -ENOMEM. */
static int keep_actual(char **ret, char *text) {
        if (!text)
                return -ENOMEM;
        if (ret)
                *ret = text;
        else
                free(text);
        return 0;
}

int limit_is_held(const PlanProperty *p, int cgroup_fd, char **ret_actual) {
        _cleanup_free_ char *text = NULL;
        const char *file;
        int r;

        if (!p->directive->cgroup_file)
                return 1;
        if (streq(p->directive->cgroup_file, "bpf")) {
                r = programs_attached(p, cgroup_fd);
                return r == 0 ? keep_actual(ret_actual, strdup("no BPF program is attached")) : r;
        }

        file = limit_file(p, cgroup_fd, false);
        r = record_read(cgroup_fd, file, &text, NULL);
        if (r == -ENOENT && directive_id(p->directive) == D_MemorySwapMax && access("/proc/swaps", F_OK) < 0)
                return 1; /* a kernel without swap */
        if (r == -ENOENT)
                return keep_actual(ret_actual, format("the cgroup has no file %s", file));
        if (r < 0)
                return r;

        if (text[0])
                text[strlen(text) - 1] = '\0';
        r = keep_actual(ret_actual, format("%s is \"%s\"", file, text));
        if (r < 0)
                return r;
        if (streq(file, "cpu.idle"))
                return streq(text, "1");
        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                if (checks[i].id == directive_id(p->directive))
                        return checks[i].held(p, text);
        return -EINVAL;
}

bool limit_is_exact(const PlanProperty *p) {
        return !streq(p->directive->cgroup_file, "bpf") &&
               !(directive_id(p->directive) == D_TasksMax && value_of(p)->relative);
}

static int write_disks(const PlanProperty *p, int cgroup_fd, const char *file) {
        for (size_t i = 0; i < p->settings->n; i++) {
                const Value *v = &p->settings->items[i].value;
                char disk[32], number[32] = "max", text[96];
                int r;

                r = find_disk(v->words[0], disk, sizeof(disk));
                if (r < 0)
                        return r;
                if (v->number != UINT64_MAX)
                        snprintf(number, sizeof(number), "%" PRIu64, v->number);
                if (streq(p->directive->cgroup_file, "io.weight"))
                        snprintf(text, sizeof(text), "%s %s", disk, number);
                else
                        snprintf(text, sizeof(text), "%s %s=%s", disk, io_key(directive_id(p->directive)), number);
                r = file_write(cgroup_fd, file, text);
                if (r < 0)
                        return r;
        }
        return 0;
}

int limit_write(const PlanProperty *p, int cgroup_fd) {
        const char *file = limit_file(p, cgroup_fd, true);
        const Value *v = value_of(p);
        char text[64] = "max";

        if (startswith(p->directive->signature, "a("))
                return write_disks(p, cgroup_fd, file);
        if (streq(p->directive->signature, "ay"))
                return file_write(cgroup_fd, file, v->text);
        if (streq(file, "cpu.idle"))
                return file_write(cgroup_fd, file, "1");

        if (streq(file, "cpu.max"))
                snprintf(text, sizeof(text), "%" PRIu64 " 100000", v->number / 10);
        else if (v->relative && !startswith(file, "memory."))
                return -EOPNOTSUPP;
        else if (v->number != UINT64_MAX)
                snprintf(text, sizeof(text), "%" PRIu64, startswith(file, "memory.") ? wanted_bytes(v) : v->number);
        return file_write(cgroup_fd, file, text);
}

void limit_copy(const PlanProperty *p, int from_fd, int to_fd) {
        _cleanup_free_ char *text = NULL;
        const char *file;
        char *position = NULL;

        if (streq(p->directive->cgroup_file, "bpf"))
                return;
        file = limit_file(p, from_fd, true);
        if (file_read(from_fd, file, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position))
                (void) file_write(to_fd, file, line);
}
