/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/outside/cgroup.h"
#include "oci/outside/container.h"
#include "oci/outside/scope.h"
#include "sandbox/limits/cgroup.h"
#include "util/fd.h"
#include "util/parse.h"

/* A cgroup file may be there several times, with a line for each device. */
static bool has(const Spec *spec, const SpecCgroupFile *file) {
        for (size_t i = 0; i < spec->n_cgroup_files; i++)
                if (streq(spec->cgroup_files[i].file, file->file) && streq(spec->cgroup_files[i].value, file->value))
                        return true;
        return false;
}

/* The kernel would make room, and kill processes if it finds none. */
static int check_memory(const State *state, const char *limit, int fd, Report *report) {
        _cleanup_free_ char *used = NULL;
        uint64_t max, now;

        if (parse_u64(limit, &max) < 0 || file_read_line(fd, "memory.current", &used) < 0 ||
            parse_u64(used, &now) < 0 || now <= max)
                return 0;
        return report_error(report, EBUSY, "cannot set memory.max of %s to %s: it uses %s", state->id, limit, used);
}

static int write_changes(const State *state, const Spec *old, const Spec *changed, int fd, Report *report) {
        _cleanup_close_ int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = 0;

        if (parent >= 0)
                cgroup_enable_all(parent);
        for (size_t i = 0; r >= 0 && i < changed->n_cgroup_files; i++) {
                const SpecCgroupFile *f = &changed->cgroup_files[i];

                if (has(old, f))
                        continue;
                if (changed->check_memory && streq(f->file, "memory.max"))
                        r = check_memory(state, f->value, fd, report);
                if (r >= 0)
                        r = container_cgroup_write(f, fd, state->cgroup, report);
        }
        return r;
}

int container_update(const State *state, const Spec *old, const Spec *changed, Report *report) {
        _cleanup_close_ int fd = -1;
        Status status;
        int r = state_status(state, &status, NULL, report);

        if (r >= 0 && status == STATUS_STOPPED)
                return report_error(report, ESRCH, "cannot update %s: the container is not running", state->id);
        fd = r < 0 ? r : container_cgroup_open(state, report);
        if (fd < 0)
                return fd;
        r = write_changes(state, old, changed, fd, report);
        if (r >= 0 && state->systemd)
                r = container_scope_update(changed, state, report);
        return r < 0 ? r : state_write_config(state, changed->text, report); /* the next update begins with it */
}
