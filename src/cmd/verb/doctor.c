/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl doctor: says what works on this host, what does not, and what to change. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "plan/unit/controllers.h"
#include "sandbox/outside/probe.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

typedef enum State {
        STATE_WORKS,
        STATE_LIMITED, /* a sandbox can be made, but some policies cannot be enforced */
        STATE_MISSING, /* the default policy does not start */
} State;

static const char *const state_names[] = { [STATE_WORKS] = "works", [STATE_LIMITED] = "limited",
                                           [STATE_MISSING] = "missing" };

typedef struct Finding {
        const char *part;
        State state;
        char *what; /* how it is */
        char *todo; /* what to change; NULL: nothing */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n;
        bool oom;
} Findings;

static void findings_deinit(Findings *f) {
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].what);
                free(f->items[i].todo);
        }
        free(f->items);
}

/* Takes over both texts, which may be NULL. */
static void add(Findings *f, const char *part, State state, char *what, char *todo) {
        Finding *item = what ? ARRAY_APPEND(f->items, f->n) : NULL;

        if (item) {
                *item = (Finding) { .part = part, .state = state, .what = what, .todo = todo };
                return;
        }
        free(what);
        free(todo);
        f->oom = true;
}

/* The container's manager says so: https://systemd.io/CONTAINER_INTERFACE. Docker and podman make a file, too. */
static bool is_container(const Host *host) {
        const char *container = host_variable(host, "container");

        return (container && *container) || access("/run/systemd/container", F_OK) == 0 ||
               access("/run/.containerenv", F_OK) == 0 || access("/.dockerenv", F_OK) == 0;
}

static const char *advise_systemd(const Host *host) {
        if (is_container(host))
                return "for limits, use those of the container, or boot systemd in it (podman run --systemd=always)";
        return host->uid == 0 ? "start systemd as PID 1, and dbus"
                              : "log in through PAM, or run loginctl enable-linger as root; install dbus-user-session";
}

/* A hierarchy of cgroup v1 has the controllers that v2 lacks. */
static const char *advise_controllers(const Host *host) {
        if (is_container(host))
                return "the container's manager must delegate them: cgroup v2 on its host, and a container that may "
                       "write to /sys/fs/cgroup (podman run --systemd=always)";
        if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0)
                return "boot with systemd.unified_cgroup_hierarchy=1";
        return host->uid == 0 ? "use a kernel that has them, and boot it without cgroup_disable="
                              : "as root, add Delegate=cpu cpuset io memory pids to user@.service";
}

static void check_systemd(Findings *f, const Host *host) {
        bool has = host->uid == 0 ? host->system_manager : host->user_manager;
        const char *manager = host->uid == 0 ? "the system's service manager" : "your service manager";

        if (has)
                add(f, "systemd", STATE_WORKS, format("%s and its bus run", manager), NULL);
        else
                add(f, "systemd", STATE_LIMITED,
                    format("%s or its bus does not run: instances are not units, and a policy that requires a limit "
                           "starts only in a cgroup that is delegated to isorun", manager),
                    strdup(advise_systemd(host)));
}

/* Returns the names of those limits that cannot be held, or "" on the heap. */
static char *find_lacking(const char *controllers) {
        static const struct {
                const char *controller, *directives;
        } table[] = { { "memory", "MemoryMax=" }, { "pids", "TasksMax=" }, { "cpu", "CPUQuota=" },
                      { "io", "IOWeight=" }, { "cpuset", "AllowedCPUs=" } };
        _cleanup_strv_free_ char **lacking = NULL;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                if (!controllers_have(controllers, table[i].controller) &&
                    strv_pushf(&lacking, "%s (%s)", table[i].controller, table[i].directives) < 0)
                        return NULL;
        }
        return lacking ? strv_join(lacking, ", ") : strdup("");
}

static void check_cgroups(Findings *f, const Host *host) {
        _cleanup_free_ char *controllers = NULL, *lacking = NULL;

        if (!host->cgroup_root) {
                add(f, "cgroups", STATE_LIMITED,
                    strdup("cgroup v2 is not mounted at /sys/fs/cgroup: no limit can be enforced"),
                    strdup(advise_controllers(host)));
                return;
        }
        (void) controllers_read(host, host->uid != 0, &controllers);
        lacking = find_lacking(controllers ?: "");
        if (!lacking)
                f->oom = true;
        else if (!*lacking)
                add(f, "cgroups", STATE_WORKS, strdup("all limits can be enforced"), NULL);
        else
                add(f, "cgroups", STATE_LIMITED, format("these controllers are not available: %s", lacking),
                    strdup(advise_controllers(host)));
}

/* A number in a file of /proc/sys, or fallback. */
static uint64_t read_sysctl(const char *name, uint64_t fallback) {
        _cleanup_free_ char *path = format("/proc/sys/%s", name), *text = NULL;
        uint64_t n;

        return path && file_read_line(AT_FDCWD, path, &text) >= 0 && parse_u64(text, &n) >= 0 ? n : fallback;
}

static char *advise_user_namespaces(void) {
        if (read_sysctl("user/max_user_namespaces", 1) == 0)
                return strdup("set the sysctl user.max_user_namespaces to a larger number, such as 10000");
        if (read_sysctl("kernel/unprivileged_userns_clone", 1) == 0)
                return strdup("set the sysctl kernel.unprivileged_userns_clone to 1");
        if (read_sysctl("kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
                return strdup("AppArmor allows this only to programs with a profile: as root, copy "
                              INSTALLED_DATA "/apparmor/isorun to /etc/apparmor.d and run apparmor_parser -r on it");
        return strdup("a container or a security module forbids it: allow user namespaces there");
}

/* What the kernel lets a start do, in the order of ProbeStep. */
static void check_kernel(Findings *f) {
        static const struct {
                const char *part;
                State state;
                const char *works, *fails, *todo; /* todo NULL: it depends */
        } rows[_PROBE_MAX] = {
                [PROBE_USER_NAMESPACE] = { "user namespaces", STATE_MISSING, "a process can make them",
                                           "cannot make one", NULL },
                [PROBE_NAMESPACES] = { "other namespaces", STATE_MISSING, "a process can make all kinds",
                                       "cannot make them in a user namespace", NULL },
                [PROBE_MOUNT] = { "mounts", STATE_MISSING, "a user namespace can mount",
                                  "cannot mount in a user namespace", NULL },
                [PROBE_PROC] = { "/proc", STATE_MISSING, "a new one can be mounted", "cannot mount a new one",
                                 "parts of /proc are masked here, as in a container: start the container with an "
                                 "unmasked /proc (podman: --security-opt unmask=ALL, docker: --privileged)" },
                [PROBE_OVERLAY] = { "overlay", STATE_LIMITED, "directories can be stacked",
                                    "cannot mount an overlay in a user namespace: stacked roots and volumes with "
                                    "\"overlay\" do not work", "use a kernel with overlayfs" },
        };
        int errors[_PROBE_MAX], r;

        r = probe_host(errors);
        if (r < 0) {
                add(f, "kernel", STATE_MISSING, format("cannot start a process to try it: %s", strerror(-r)), NULL);
                return;
        }
        for (size_t i = 0; i < _PROBE_MAX; i++)
                if (errors[i] == 0)
                        add(f, rows[i].part, STATE_WORKS, strdup(rows[i].works), NULL);
                else if (errors[i] != ECANCELED)
                        add(f, rows[i].part, rows[i].state, format("%s: %s", rows[i].fails, strerror(errors[i])),
                            rows[i].todo ? strdup(rows[i].todo) : advise_user_namespaces());
}

static void check_landlock(Findings *f, const Host *host) {
        enum { TRUNCATE = 3, SCOPES = 6 }; /* the ABI that brought them: landlock(7) */
        unsigned abi = host->landlock_abi;

        if (abi >= SCOPES)
                add(f, "Landlock", STATE_WORKS, format("ABI %u", abi), NULL);
        else if (abi > 0)
                add(f, "Landlock", STATE_LIMITED,
                    format("ABI %u: a policy with AF_UNIX and the host's network does not start%s", abi,
                           abi < TRUNCATE ? ", and truncating a file is not confined" : ""),
                    strdup("use Linux 6.12 or newer, or a network of the instance's own"));
        else
                add(f, "Landlock", STATE_LIMITED, strdup("the kernel does not have it, or it is not switched on"),
                    strdup("boot with landlock in the kernel's parameter lsm="));
}

static void check_seccomp(Findings *f) {
        _cleanup_free_ char *mode = NULL;
        int r;

        r = process_status(0, "Seccomp", &mode);
        if (r < 0)
                add(f, "seccomp", STATE_MISSING, strdup("the kernel has no filters of system calls"),
                    strdup("use a kernel with CONFIG_SECCOMP_FILTER"));
        else if (streq(mode, "0"))
                add(f, "seccomp", STATE_WORKS, strdup("no other filter is loaded"), NULL);
        else
                add(f, "seccomp", STATE_LIMITED,
                    strdup("a filter is loaded already, and what it denies is denied inside, too"),
                    strdup("if a start fails: remove SystemCallFilter= from the unit, or the container's filter"));
}

/* Root has all ids anyway. */
static void check_ids(Findings *f, const Host *host) {
        _cleanup_free_ char *program = NULL;
        IdRange uids = {}, gids = {};
        int r;

        if (host->uid == 0)
                return;
        r = host->find_ranges(host->uid, &uids, &gids);
        if (r < 0 || uids.count < PRIVATE_IDS || gids.count < PRIVATE_IDS)
                add(f, "subordinate ids", STATE_LIMITED,
                    strdup(r == -ELIBACC ? "libsubid is not installed: PrivateUsers=full does not work"
                                         : "you have fewer than 65536: PrivateUsers=full does not work"),
                    strdup(r == -ELIBACC ? "install libsubid" : "as root, run usermod --add-subuids 100000-165535 "
                                                                "--add-subgids 100000-165535 for your user"));
        else if (host->find_program("newuidmap", &program) < 0)
                add(f, "subordinate ids", STATE_LIMITED,
                    strdup("newuidmap is not installed: PrivateUsers=full does not work"), strdup("install uidmap"));
        else
                add(f, "subordinate ids", STATE_WORKS, format("%u from %u on", uids.count, uids.first), NULL);
}

static int print_table(const Findings *f, bool legend) {
        static const char *const headings[] = { "STATE", "PART", "DETAILS", NULL };
        static const char *const colours[] = { [STATE_WORKS] = NULL, [STATE_LIMITED] = "yellow",
                                               [STATE_MISSING] = "red" };
        struct libscols_table *table = rows_new(headings, legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < f->n; i++) {
                const Finding *item = &f->items[i];
                _cleanup_free_ char *details = format("%s%s%s", item->what, item->todo ? ". To change it: " : "",
                                                      item->todo ?: "");

                r = details ? rows_add(table, (const char *[]) { state_names[item->state], item->part, details },
                                       colours[item->state])
                            : -ENOMEM;
        }
        return rows_end(table, r);
}

static json_t *make_json(const void *items, size_t i) {
        const Finding *item = &((const Finding *) items)[i];

        return json_pack("{s:s, s:s, s:o, s:o}", "part", item->part, "state", state_names[item->state], "what",
                         json_text(item->what), "todo", json_text_or_null(item->todo));
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(findings_deinit) Findings f = {};
        _cleanup_(host_deinit) Host host = {};
        bool missing = false;
        int r;

        if (host_probe(&host, report) < 0)
                return PLAN_FAILED;
        check_systemd(&f, &host);
        check_cgroups(&f, &host);
        check_kernel(&f);
        check_seccomp(&f);
        check_landlock(&f, &host);
        check_ids(&f, &host);
        r = f.oom                                ? -ENOMEM
            : command_line_has(line, ARG_JSON) ? json_print_array(make_json, f.items, f.n, stdout)
                                               : print_table(&f, !command_line_has(line, ARG_NO_LEGEND));
        r = r < 0 ? report_error(report, -r, "doctor: %s", strerror(-r)) : flush_output(report);
        for (size_t i = 0; i < f.n; i++)
                missing = missing || f.items[i].state == STATE_MISSING;
        return r < 0 || missing ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        {},
};
static const Argument arguments[] = { {} };

const Verb verb_doctor = {
        .name = "doctor",
        .help = "say what works on this host, and what to change",
        .details = "Tries what a start needs from the kernel and from systemd, and changes nothing. Returns 125 if\n"
                   "the default policy cannot start here.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
