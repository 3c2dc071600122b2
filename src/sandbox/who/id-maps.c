/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/who/id-maps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "sandbox/wire/failure.h"
#include "util/fd.h"
#include "util/strv.h"

static int write_file(int proc, pid_t pid, const char *file, const char *text) {
        char path[64];

        snprintf(path, sizeof(path), "%s%d/%s", proc == AT_FDCWD ? "/proc/" : "", pid, file);
        return file_write(proc, path, text);
}

static int write_map(int proc, pid_t pid, const char *file, const IdMap *map) {
        _cleanup_free_ char *text = NULL;
        char entry[ID_MAP_ENTRY_ROOM];

        if (map->n == 1) /* without the heap: record_read_into() says why */
                return write_file(proc, pid, file, id_map_entry_format(map->items, entry));
        text = id_map_format(map, "\n");
        return text ? write_file(proc, pid, file, text) : -ENOMEM;
}

static int write_maps(int proc, pid_t pid, const IdMap *uid_map, const IdMap *gid_map, bool deny_setgroups) {
        int r = 0;

        if (deny_setgroups)
                r = write_file(proc, pid, "setgroups", "deny");
        if (r >= 0)
                r = write_map(proc, pid, "uid_map", uid_map);
        return r < 0 ? r : write_map(proc, pid, "gid_map", gid_map);
}

/* Makes the words "newuidmap PID INSIDE OUTSIDE COUNT…". Returns NULL if memory is short. */
static char **helper_arguments(const char *helper, pid_t pid, const IdMap *map) {
        _cleanup_strv_free_ char **arguments = NULL;
        int r;

        r = strv_push(&arguments, helper);
        if (r >= 0)
                r = strv_pushf(&arguments, "%d", pid);
        for (size_t i = 0; r >= 0 && i < map->n; i++) {
                const uint32_t numbers[] = { map->items[i].inside, map->items[i].outside, map->items[i].count };

                for (size_t k = 0; r >= 0 && k < ELEMENTSOF(numbers); k++)
                        r = strv_pushf(&arguments, "%u", numbers[k]);
        }
        return r < 0 ? NULL : TAKE_PTR(arguments);
}

/* The helper has rights that the caller does not have, so it gets nothing that it does not need: no blocked signals,
 * only fds 0 to 2, and an empty environment. */
static int spawn(char *const *arguments, int output, pid_t *ret) {
        char *const environment[] = { NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        sigemptyset(&none);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        r = posix_spawn_file_actions_init(&actions);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, 1);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, 2);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        if (r == 0)
                r = posix_spawn(ret, arguments[0], &actions, &attributes, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        return -r;
}

/* Reads the helper's output, up to its end or size. Returns 0, or -errno, reported: the helper may ask name services,
 * and a signal may end the wait for it. */
static int read_output(int output, char *text, size_t size, Patience *patience) {
        size_t used = 0;
        ssize_t n = 1;

        while (used < size - 1 && n > 0) {
                struct pollfd fd = { .fd = output, .events = POLLIN };
                int r;

                patience_check(patience, (Origin) {}, NULL, "waiting until the id maps are written");
                r = patience_poll(patience, &fd, 1, -1);
                if (r < 0)
                        return r == -EINTR ? r : report_error(patience->report, -r, "cannot wait for events: %s",
                                                              strerror(-r));
                if (fd.revents)
                        n = TEMP_FAILURE_RETRY(read(output, text + used, size - 1 - used));
                if (fd.revents && n > 0)
                        used += (size_t) n;
        }
        text[used] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return 0;
}

static int run_helper(const char *helper, pid_t pid, const IdMap *map, Patience *patience) {
        _cleanup_strv_free_ char **arguments = helper_arguments(helper, pid, map);
        Report *report = patience->report;
        _cleanup_close_ int output = -1;
        int fds[2], status, r;
        char text[512];
        pid_t child;

        if (!arguments)
                return report_oom(report);
        if (pipe2(fds, O_CLOEXEC) < 0)
                return report_error(report, errno, "cannot make a pipe: %s", strerror(errno));
        output = fds[0];
        r = spawn(arguments, fds[1], &child);
        fd_close(fds[1]);
        if (r < 0)
                return report_error(report, -r, "cannot run %s: %s", helper, strerror(-r));

        r = read_output(output, text, sizeof(text), patience);
        if (r < 0)
                (void) kill(child, SIGKILL);
        if (TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) < 0)
                status = -1;
        if (r < 0 || status == 0)
                return r;
        return report_error(report, EPERM, "%s did not write the id map: %s", helper,
                            *text ? text : "it gave no reason");
}

int id_maps_write(const Plan *plan, int proc, pid_t pid, Patience *patience) {
        int r;

        if (!plan->uid_map.n)
                return 0;
        if (plan->uid_helper) {
                r = run_helper(plan->uid_helper, pid, &plan->uid_map, patience);
                return r < 0 ? r : run_helper(plan->gid_helper, pid, &plan->gid_map, patience);
        }
        r = write_maps(proc, pid, &plan->uid_map, &plan->gid_map, plan->deny_setgroups);
        if (r == -EROFS)
                return report_error(
                        patience->report, EROFS,
                        "cannot write the id maps, because /proc is read-only: a unit around isorun with "
                        "ReadOnlyPaths=/ also needs ReadWritePaths=/proc; inside another sandbox, its policy needs "
                        "Nesting=yes");
        if (r < 0)
                return report_error(patience->report, -r, "cannot write the id maps: %s%s", strerror(-r),
                                    failure_hint(-r));
        return 0;
}

int id_maps_write_inner(const Plan *plan, int proc, pid_t pid) {
        bool own = plan->inner_uid_map.n;

        return write_maps(proc, pid, own ? &plan->inner_uid_map : &plan->uid_map,
                          own ? &plan->inner_gid_map : &plan->gid_map, plan->deny_setgroups);
}
