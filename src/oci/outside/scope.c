/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "oci/interrupts.h"
#include "oci/outside/cgroup.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/systemd/bus.h"
#include "sandbox/systemd/unit.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

#define CONTAINER_CGROUP "container"

typedef struct ContainerScope {
        Bus bus;
        const bool user; /* the user's manager, not the system's */
        const Spec *spec;
        const char *id;
        pid_t pid;
        char *slice, *unit; /* slice may be empty: systemd's own choice */
        char *removed, *result; /* of the last job of the unit that has ended */
        Report *report;
} ContainerScope;

static void scope_deinit(ContainerScope *s) {
        bus_deinit(&s->bus);
        free(s->slice);
        free(s->unit);
        free(s->removed);
        free(s->result);
}

/* SLICE:PREFIX:NAME, as runc has it. Each engine has a prefix of its own, so that names do not clash. */
static int take_names(ContainerScope *s) {
        const char *path = s->spec->cgroup_path ?: ":isorun-oci:", *prefix = strchr(path, ':'),
                   *name = prefix ? strchr(prefix + 1, ':') : NULL;
        int n;

        if (!name || strchr(name + 1, ':'))
                return report_error(s->report, EINVAL, "%s: /linux/cgroupsPath: with --systemd-cgroup, it is "
                                    "SLICE:PREFIX:NAME, not \"%s\"", s->spec->file, path);
        n = (int) (name - prefix - 1);
        name = name[1] ? name + 1 : s->id;
        if (endswith(name, ".slice"))
                return report_error(s->report, EOPNOTSUPP, "%s: /linux/cgroupsPath: a container cannot be a slice: "
                                    "\"%s\"", s->spec->file, name);
        s->slice = strndup(path, (size_t) (prefix - path));
        s->unit = n > 0 ? format("%.*s-%s.scope", n, prefix + 1, name) : format("%s.scope", name);
        return s->slice && s->unit ? 0 : report_oom(s->report);
}

/* The limits for which systemd has properties. The files of the cgroup "container" have them all; but systemd would not
 * know of these, and DefaultTasksMax= would hold beside them. */
static int append_number(const ContainerScope *s, sd_bus_message *m, const char *file, const char *property,
                         bool always) {
        uint64_t number = UINT64_MAX;
        const char *value = NULL;

        for (size_t i = 0; i < s->spec->n_cgroup_files; i++)
                if (streq(s->spec->cgroup_files[i].file, file))
                        value = s->spec->cgroup_files[i].value;
        if (!value && !always)
                return 0;
        if (value && !streq(value, "max") && parse_u64(value, &number) < 0)
                return 0; /* writing the file will report it */
        return s->bus.lib->sd_bus_message_append(m, "(sv)", property, "t", number);
}

static int append_limits(const ContainerScope *s, sd_bus_message *m) {
        static const struct { const char *file, *property; bool always; } rows[] = {
                { "memory.max", "MemoryMax", false },
                { "memory.high", "MemoryHigh", false },
                { "memory.low", "MemoryLow", false },
                { "memory.swap.max", "MemorySwapMax", false },
                { "pids.max", "TasksMax", true },
                { "cpu.weight", "CPUWeight", false },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                r = append_number(s, m, rows[i].file, rows[i].property, rows[i].always);
        return r;
}

static int append_properties(const ContainerScope *s, sd_bus_message *m) {
        _cleanup_free_ char *description = format("container %s", s->id);
        const BusLibrary *lib = s->bus.lib;
        int r;

        if (!description)
                return -ENOMEM;
        r = lib->sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", description, "PIDs", "au", 1,
                                       (uint32_t) s->pid, "Delegate", "b", 1, "DefaultDependencies", "b", 0,
                                       "CollectMode", "s", "inactive-or-failed");
        if (r >= 0 && *s->slice)
                r = lib->sd_bus_message_append(m, "(sv)", "Slice", "s", s->slice);
        return r >= 0 ? append_limits(s, m) : r;
}

static int on_job_removed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *job, *unit, *result;
        ContainerScope *s = userdata;

        if (s->bus.lib->sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result) < 0 || !streq(unit, s->unit))
                return 0;
        free(s->removed);
        free(s->result);
        s->removed = strdup(job);
        s->result = strdup(result);
        return s->removed && s->result ? 0 : -ENOMEM;
}

/* *ret_job is the path of the job, on the heap. */
static int send_request(const ContainerScope *s, sd_bus_error *error, char **ret_job) {
        const BusLibrary *lib = s->bus.lib;
        sd_bus_message *m = NULL, *reply = NULL;
        const char *job;
        int r;

        r = unit_request_begin(lib, s->bus.bus, s->unit, &m);
        if (r >= 0)
                r = append_properties(s, m);
        if (r >= 0)
                r = unit_request_end(lib, m);
        if (r >= 0)
                r = bus_call(&s->bus, m, 0, error, &reply);
        if (r >= 0)
                r = lib->sd_bus_message_read(reply, "o", &job);
        if (r >= 0) {
                *ret_job = strdup(job);
                r = *ret_job ? 0 : -ENOMEM;
        }
        lib->sd_bus_message_unref(m);
        lib->sd_bus_message_unref(reply);
        return r;
}

/* The scope of a container that was just deleted may still end, for as long as systemd takes to see that. */
static int request(const ContainerScope *s, char **ret_job) {
        enum { TRIES = 50, PAUSE_MSEC = 10 };
        sd_bus_error error = {};
        char hint[BUS_HINT_SIZE];
        int r;

        for (unsigned i = 0; i < TRIES; i++) {
                s->bus.lib->sd_bus_error_free(&error);
                r = send_request(s, &error, ret_job);
                if (r >= 0 || !error.name || !streq(error.name, "org.freedesktop.systemd1.UnitExists"))
                        break;
                if (interrupts_await(-1, 0, PAUSE_MSEC) < 0) {
                        r = report_error(s->report, EINTR, "a signal came before systemd created %s", s->unit);
                        break;
                }
        }
        if (r < 0 && r != -EINTR)
                r = report_error(s->report, -r, "systemd refused to create %s: %s%s", s->unit,
                                 error.message ?: strerror(-r), bus_refusal_hint(s->user, hint));
        s->bus.lib->sd_bus_error_free(&error);
        return r;
}

/* interrupts_patience() has reported a signal. */
static int talk_failed(const ContainerScope *s, int r) {
        return r == -EINTR ? r : report_error(s->report, -r, "cannot talk to systemd: %s", strerror(-r));
}

static int await_job(const ContainerScope *s, const char *job) {
        int r;

        for (;;) {
                do
                        r = s->bus.lib->sd_bus_process(s->bus.bus, NULL);
                while (r > 0);
                if (r < 0 || (s->removed && streq(s->removed, job)))
                        break;
                r = bus_wait(&s->bus);
                if (r < 0)
                        break;
        }
        if (r < 0)
                return talk_failed(s, r);
        if (streq(s->result, "done"))
                return 0;
        return report_error(s->report, EIO, "systemd did not start %s: the result of its job is \"%s\"", s->unit,
                            s->result);
}

/* systemd takes the pid as one of its own pid namespace. */
static int check_pids(const ContainerScope *s) {
        pid_t pid;
        int r = bus_get_peer(&s->bus, &pid);

        if (r < 0)
                return talk_failed(s, r);
        if (pid != getpid())
                return report_error(s->report, EOPNOTSUPP,
                                    "--systemd-cgroup: isorun-oci is in another pid namespace than systemd");
        return 0;
}

static int start(ContainerScope *s) {
        _cleanup_free_ char *job = NULL;
        int r = check_pids(s);

        if (r < 0)
                return r;
        r = s->bus.lib->sd_bus_match_signal_async(s->bus.bus, NULL, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                  "JobRemoved", on_job_removed, NULL, s);
        if (r < 0)
                return talk_failed(s, r);
        r = request(s, &job);
        return r < 0 ? r : await_job(s, job);
}

static int move(const ContainerScope *s, char **ret_path, int *ret) {
        _cleanup_free_ char *scope = NULL, *path = NULL;
        _cleanup_close_ int fd = -1, below = -1;
        char number[16];
        int r;

        r = process_cgroup(s->pid, &scope);
        if (r < 0)
                return report_error(s->report, -r, "cannot read the cgroup of process %d: %s", s->pid, strerror(-r));
        if (!streq(path_name(scope), s->unit))
                return report_error(s->report, EIO, "systemd did not move the container to %s: it is in %s", s->unit,
                                    scope);
        path = path_join(scope, CONTAINER_CGROUP);
        if (!path)
                return report_oom(s->report);
        fd = container_cgroup_open_path(scope, s->report);
        if (fd < 0)
                return fd;
        below = cgroup_make_below(fd, CONTAINER_CGROUP, O_RDONLY);
        snprintf(number, sizeof(number), "%d", s->pid);
        r = below < 0 ? below : file_write(below, "cgroup.procs", number);
        if (r < 0)
                return report_error(s->report, -r, "cannot move the container to the cgroup %s: %s", path,
                                    strerror(-r));
        cgroup_enable_all(fd);
        r = container_cgroup_limit(s->spec, below, path, s->report);
        if (r >= 0) {
                *ret_path = TAKE_PTR(path);
                *ret = TAKE_FD(below);
        }
        return r;
}

int container_scope_make(const Spec *spec, const char *id, pid_t pid, char **ret_path, int *ret, Report *report) {
        ContainerScope s = { .user = !process_is_host_root(), .spec = spec, .id = id, .pid = pid, .report = report };
        Patience patience = interrupts_patience(report);
        int r = take_names(&s);

        if (r >= 0)
                r = bus_connect(&s.bus, s.user, &patience, report);
        if (r >= 0)
                r = start(&s);
        if (r >= 0)
                r = move(&s, ret_path, ret);
        scope_deinit(&s);
        return r;
}

/* .../UNIT/container */
static char *unit_of(const State *state) {
        const char *end = strrchr(state->cgroup, '/'), *begin = end;

        while (begin > state->cgroup && begin[-1] != '/')
                begin--;
        return strndup(begin, (size_t) (end - begin));
}

/* Begins a request to systemd about the unit. */
static int begin_request(const ContainerScope *s, const char *method, sd_bus_message **ret) {
        const BusLibrary *lib = s->bus.lib;
        int r = lib->sd_bus_message_new_method_call(s->bus.bus, ret, SYSTEMD_DESTINATION, SYSTEMD_PATH,
                                                    SYSTEMD_MANAGER, method);

        return r < 0 ? r : lib->sd_bus_message_append(*ret, "s", s->unit);
}

/* Sends it, unless r is an error, and frees it. refused: "systemd refused to ..." */
static int end_request(const ContainerScope *s, sd_bus_message *m, int r, const char *refused) {
        sd_bus_error error = {};

        if (r >= 0)
                r = bus_call(&s->bus, m, 0, &error, NULL);
        if (r < 0 && r != -EINTR)
                r = report_error(s->report, -r, "systemd refused to %s %s: %s", refused, s->unit,
                                 error.message ?: strerror(-r));
        s->bus.lib->sd_bus_error_free(&error);
        s->bus.lib->sd_bus_message_unref(m);
        return r;
}

static int set_properties(const ContainerScope *s) {
        const BusLibrary *lib = s->bus.lib;
        sd_bus_message *m = NULL;
        int r = begin_request(s, "SetUnitProperties", &m);

        if (r >= 0)
                r = lib->sd_bus_message_append(m, "b", 1); /* only until the next boot */
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = append_limits(s, m);
        if (r >= 0)
                r = lib->sd_bus_message_close_container(m);
        return end_request(s, m, r, "change");
}

/* systemd may move processes between the sessions and the services of a user, and the user may not. */
static int attach(const ContainerScope *s) {
        sd_bus_message *m = NULL;
        int r = check_pids(s);

        if (r < 0)
                return r;
        r = begin_request(s, "AttachProcessesToUnit", &m);
        if (r >= 0)
                r = s->bus.lib->sd_bus_message_append(m, "sau", "/" CONTAINER_CGROUP, 1, (uint32_t) s->pid);
        return end_request(s, m, r, "move a process to");
}

/* Acts on the scope of a container that exists. */
static int act(ContainerScope *s, const State *state, int (*on)(const ContainerScope *s)) {
        Patience patience = interrupts_patience(s->report);
        int r;

        s->unit = unit_of(state);
        r = s->unit ? bus_connect(&s->bus, s->user, &patience, s->report) : report_oom(s->report);
        if (r >= 0)
                r = on(s);
        scope_deinit(s);
        return r < 0 ? r : 0;
}

int container_scope_attach(const State *state, pid_t pid, Report *report) {
        ContainerScope s = { .user = !process_is_host_root(), .id = state->id, .pid = pid, .report = report };

        return act(&s, state, attach);
}

int container_scope_update(const Spec *spec, const State *state, Report *report) {
        ContainerScope s = { .user = !process_is_host_root(), .spec = spec, .id = state->id, .report = report };

        return act(&s, state, set_properties);
}
