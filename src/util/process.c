/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/process.h"

#include <fcntl.h>
#include <stdio.h>

#include "util/fd.h"

/* Finds the line of /proc/PID/FILE that begins with prefix, and returns the rest of it. */
static int read_line_of(pid_t pid, const char *file, const char *prefix, char **ret) {
        _cleanup_free_ char *text = NULL;
        char path[64], *line, *position = NULL;
        int r;

        if (pid)
                snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
        else
                snprintf(path, sizeof(path), "/proc/self/%s", file);
        r = file_read(AT_FDCWD, path, &text, NULL);
        if (r < 0)
                return r;
        for (line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *rest = startswith(line, prefix);

                if (rest) {
                        *ret = strdup(rest);
                        return *ret ? 0 : -ENOMEM;
                }
        }
        return -ENODATA;
}

int process_cgroup(pid_t pid, char **ret) {
        return read_line_of(pid, "cgroup", "0::", ret);
}

int process_status(pid_t pid, const char *key, char **ret) {
        char prefix[32];

        snprintf(prefix, sizeof(prefix), "%s:\t", key);
        return read_line_of(pid, "status", prefix, ret);
}

int process_pidfd_status(int pidfd, const char *key, char **ret) {
        char file[32], prefix[32];

        snprintf(file, sizeof(file), "fdinfo/%d", pidfd);
        snprintf(prefix, sizeof(prefix), "%s:\t", key);
        return read_line_of(0, file, prefix, ret);
}

int process_pid_depth(pid_t pid) {
        _cleanup_free_ char *pids = NULL;
        int depth = 1, r;

        r = process_status(pid, "NSpid", &pids);
        if (r < 0)
                return r;
        for (const char *c = pids; *c; c++)
                depth += *c == '\t';
        return depth;
}
