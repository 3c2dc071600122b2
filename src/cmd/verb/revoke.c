/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl revoke NAME DEST [--kill]: removes a granted directory, and lists the processes that still hold files in
 * it. isoctl revoke NAME peer:HOST:PORT: removes a granted peer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/instance/find.h"
#include "cmd/instance/flows.h"
#include "cmd/instance/places.h"
#include "cmd/instance/select.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"

/* A process that holds a file below a place. The pidfd makes sure that no other process is killed instead. */
typedef struct HolderProcess {
        pid_t pid;
        int pidfd;
        char *command;
} HolderProcess;

typedef struct Holders {
        HolderProcess *items;
        size_t n;
} Holders;

static void holders_deinit(Holders *h) {
        for (size_t i = 0; i < h->n; i++) {
                fd_close(h->items[i].pidfd);
                free(h->items[i].command);
        }
        free(h->items);
}

static bool is_below(const char *path, const char *place) {
        const char *rest = startswith(path, place);

        return rest && (*rest == '\0' || *rest == '/' || *rest == ' ');
}

static bool link_is_below(int dir, const char *name, const char *place) {
        _cleanup_free_ char *target = NULL;

        return link_read(dir, name, &target) >= 0 && is_below(target, place);
}

static bool any_fd_is_below(int process, const char *place) {
        int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        bool found = false;
        struct dirent *e;

        if (!dir) {
                fd_close(fd);
                return false;
        }
        while (!found && (e = readdir(dir)))
                found = link_is_below(dirfd(dir), e->d_name, place);
        closedir(dir);
        return found;
}

static bool any_map_is_below(int process, const char *place) {
        _cleanup_free_ char *text = NULL;
        char *line, *position = NULL;

        if (file_read(process, "maps", &text, NULL) < 0)
                return false;
        for (line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *path = strchr(line, '/');

                if (path && is_below(path, place))
                        return true;
        }
        return false;
}

/* Whether the process is outside the instance, so that its paths are the host's. In a service, isorun itself is in the
 * cgroup. And a new process may have the pid of one that has ended. */
static bool is_outside(int process) {
        struct stat own, other;

        return stat("/proc/self/ns/pid", &own) < 0 || fstatat(process, "ns/pid", &other, 0) < 0 ||
               (own.st_dev == other.st_dev && own.st_ino == other.st_ino);
}

/* Adds the process if it holds a file below the place. For a process in another root, the kernel shows paths in that
 * root. A process that cannot be read does not count. Returns 0 or -ENOMEM. */
static int look_at(Holders *holders, pid_t pid, const char *place) {
        _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0), process = -1;
        HolderProcess *h;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d", pid);
        process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (pidfd < 0 || process < 0 || is_outside(process))
                return 0;
        if (!link_is_below(process, "cwd", place) && !link_is_below(process, "root", place) &&
            !link_is_below(process, "exe", place) && !any_fd_is_below(process, place) &&
            !any_map_is_below(process, place))
                return 0;

        h = ARRAY_APPEND(holders->items, holders->n);
        if (!h)
                return -ENOMEM;
        *h = (HolderProcess) { .pid = pid, .pidfd = TAKE_FD(pidfd) };
        (void) file_read_line(process, "comm", &h->command);
        return 0;
}

/* Looks at all processes of the cgroup and of the cgroups below it. Returns 0 or -ENOMEM. */
static int search(Holders *holders, int cgroup, const char *place) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        char *line, *position = NULL;
        int r;

        r = file_read(cgroup, "cgroup.procs", &text, NULL);
        for (line = r < 0 ? NULL : strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                uint64_t pid;

                if (parse_u64(line, &pid) >= 0 && look_at(holders, (pid_t) pid, place) < 0)
                        return -ENOMEM;
        }
        r = directory_list(cgroup, &names);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char **name = names; name && *name && r >= 0; name++) {
                _cleanup_close_ int fd = openat(cgroup, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (fd >= 0)
                        r = search(holders, fd, place);
        }
        return r;
}

static void tell(const Holders *holders, const Place *place, bool end, Report *report) {
        for (size_t i = 0; i < holders->n; i++) {
                const HolderProcess *h = &holders->items[i];

                if (end)
                        (void) sys_pidfd_send_signal(h->pidfd, SIGKILL);
                report_notice(report, "process %d (%s) %s files of %s", h->pid, h->command ?: "?",
                              end ? "was killed, because it used" : "still uses", place->path);
        }
}

static int take_back(const InstanceList *list, const Instance *instance, const char *destination, bool end,
                     Report *report) {
        _cleanup_free_ char *path = path_simplify(destination);
        _cleanup_close_ int cgroup = instance_open(list, instance);
        _cleanup_(places_deinit) Places places = {};
        _cleanup_(holders_deinit) Holders holders = {};
        const Place *place;
        Failure f = {};

        if (!path || places_find(&places, instance, report) < 0)
                return -EINVAL;
        place = places_pick(&places, instance, path, report);
        if (!place)
                return -ENOENT;
        if (!place->source)
                return report_error(report, ENOENT, "%s: no directory was granted on %s", instance->name, path);

        /* This is before the detach: afterwards the files have no path in the instance. */
        if (cgroup < 0)
                return report_error(report, -cgroup, "%s: %s: %s", instance->name, instance->cgroup,
                                    strerror(-cgroup));
        if (search(&holders, cgroup, place->path) < 0)
                return report_oom(report);
        /* Also detaches the mounts that the payload may have put on top. */
        for (unsigned i = 0; i < place->n_mounts; i++)
                if (grant_detach(&places.target, place->path, &f) < 0)
                        return report_error(report, EIO, "revoke: %s", f.message.text);
        tell(&holders, place, end, report);
        if (place->may_mount)
                report_notice(report,
                              "%s may make mounts, so the directory of %s may also be mounted on another path inside: "
                              "stop the instance to remove it for certain", instance->name, place->path);
        return 0;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const char *peer = flows_peer_of(line->arguments[1]);
        const Instance *instance;

        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        instance = instances_pick(&list, line->arguments[0], report);
        if (instance && peer)
                return flows_change(instance, FLOWS_REVOKE, peer, report) < 0 ? PLAN_FAILED : 0;
        if (!instance || take_back(&list, instance, line->arguments[1], command_line_has(line, ARG_KILL), report) < 0)
                return PLAN_FAILED;
        return 0;
}

static const Option options[] = { { ARG_KILL, "kill", "kill the processes that still have files open there" }, {} };
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE }, { "DEST|peer:HOST:PORT" }, {} };

const Verb verb_revoke = {
        .name = "revoke",
        .help = "remove a grant",
        .details = "Removes a granted directory, and lists the processes that still have files open there.\n"
                   "peer:HOST:PORT removes a granted peer, and ends its connections.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
