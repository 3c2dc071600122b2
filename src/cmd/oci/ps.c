/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun-oci ps: the processes of a container, as JSON or in the table of ps(1). */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "cmd/oci/command.h"
#include "cmd/program.h"
#include "oci/outside/cgroup.h"
#include "oci/state/state.h"
#include "util/fd.h"
#include "util/strv.h"

typedef struct Pids {
        pid_t *items;
        size_t n;
} Pids;

#define OWN_COLUMN "-opid:11="
enum { OWN_WIDTH = 12 };

static bool has_pid(const Pids *pids, const char *word, size_t size) {
        for (size_t i = 0; i < pids->n; i++) {
                char pid[16];

                snprintf(pid, sizeof(pid), "%d", pids->items[i]);
                if (strlen(pid) == size && strncmp(pid, word, size) == 0)
                        return true;
        }
        return false;
}

/* As runc has it, in one line. */
static int print_json(const Pids *pids, Report *report) {
        _cleanup_free_ char *text = NULL;
        json_t *array = json_array();

        for (size_t i = 0; i < pids->n; i++)
                if (json_array_append_new(array, json_integer(pids->items[i])) < 0)
                        return report_oom(report) < 0;
        text = json_dumps(array, JSON_COMPACT);
        json_decref(array);
        if (!text)
                return report_oom(report) < 0;
        puts(text);
        return flush_output(report) < 0;
}

static int print_pids(const Pids *pids, Report *report) {
        puts("PID");
        for (size_t i = 0; i < pids->n; i++)
                printf("%d\n", pids->items[i]);
        return flush_output(report) < 0;
}

/* The word of the line with this index; its length is in *ret_size. */
static const char *find_word(const char *line, size_t index, size_t *ret_size) {
        for (;; index--) {
                line += strspn(line, " ");
                *ret_size = strcspn(line, " \n");
                if (index == 0 || *ret_size == 0)
                        return line;
                line += *ret_size;
        }
}

/* Returns the index of the column PID, or -ENODATA. */
static int find_column(const char *header) {
        size_t size;

        for (int i = 0; i < 100; i++) {
                const char *word = find_word(header, (size_t) i, &size);

                if (size == 0)
                        break;
                if (size == 3 && strncmp(word, "PID", size) == 0)
                        return i;
        }
        return -ENODATA;
}

/* Of the table of all processes, prints the header and the lines of the container. own: the first column is one of this
 * program, which is not printed. Returns 1, 0 if no column of the caller's is named PID, or -errno, reported. */
static int print_lines(const Pids *pids, FILE *table, bool own, Report *report) {
        _cleanup_free_ char *line = NULL;
        const size_t hidden = own ? OWN_WIDTH : 0;
        size_t room = 0, size;
        ssize_t n = getline(&line, &room, table);
        int column = n <= (ssize_t) hidden || strspn(line, " ") < hidden ? -ENODATA : find_column(line + hidden);

        if (column < 0)
                return 0;
        fputs(line + hidden, stdout);
        while ((n = getline(&line, &room, table)) > (ssize_t) hidden) {
                const char *word = find_word(line, own ? 0 : (size_t) column, &size);

                if (has_pid(pids, word, size))
                        fputs(line + hidden, stdout);
        }
        return flush_output(report) < 0 ? -EIO : 1;
}

/* Returns the pid of ps(1), which writes to *ret, or -errno. own: with a column of its own, and without messages. */
static pid_t start_ps(char *const *options, bool own, FILE **ret) {
        _cleanup_strv_free_ char **arguments = NULL;
        posix_spawn_file_actions_t actions;
        int fds[2], r = strv_push(&arguments, "ps");
        pid_t pid = 0;

        if (r >= 0 && own)
                r = strv_push(&arguments, OWN_COLUMN);
        for (; r >= 0 && *options; options++)
                r = strv_push(&arguments, *options);
        if (r >= 0 && !arguments[1])
                r = strv_push(&arguments, "-ef");
        if (r < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return r < 0 ? r : -errno;
        r = posix_spawn_file_actions_init(&actions);
        if (r == 0) {
                r = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
                if (r == 0 && own)
                        r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
                if (r == 0)
                        r = posix_spawnp(&pid, "ps", &actions, NULL, arguments, environ);
                posix_spawn_file_actions_destroy(&actions);
        }
        fd_close(fds[1]);
        *ret = r == 0 ? fdopen(fds[0], "re") : NULL;
        if (!*ret)
                fd_close(fds[0]);
        return r == 0 ? pid : -r;
}

/* Returns 1, 0 if there is no such table, or -errno, reported. */
static int print_one(const Pids *pids, char *const *options, bool own, Report *report) {
        FILE *table = NULL;
        pid_t pid = start_ps(options, own, &table);
        int r, status = 0;

        if (pid == -ENOENT && !*options)
                return print_pids(pids, report) == 0 ? 1 : -EIO;
        if (pid < 0)
                return report_error(report, -pid, "cannot execute ps(1): %s", strerror(-pid));
        r = table ? print_lines(pids, table, own, report) : report_oom(report);
        if (table)
                fclose(table);
        if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
                return report_error(report, errno, "cannot wait for ps(1): %s", strerror(errno));
        return r;
}

/* Whether the caller may have chosen the columns: -o, axo, --format. */
static bool may_name_columns(char *const *options) {
        for (; *options; options++)
                if (strchr(*options, 'o'))
                        return true;
        return false;
}

/* A name of a process may have spaces and numbers. So where names may come before the pid, a column before both says
 * which process it is. With options that name no columns, ps(1) prints only that one then, or refuses it. */
static int print_table(const Pids *pids, char *const *options, Report *report) {
        int r = may_name_columns(options) ? print_one(pids, options, true, report) : 0;

        if (r == 0)
                r = print_one(pids, options, false, report);
        if (r == 0)
                r = report_error(report, ENODATA, "ps(1) printed no table with a column PID (see --format json)");
        return r < 0;
}

int oci_ps(const OciCall *call) {
        const char *form = command_line_get(call->line, 'f');
        const bool json = form && streq(form, "json");
        _cleanup_state_ State state = { .directory = -1 };
        _cleanup_free_ pid_t *items = NULL;
        Pids pids = {};

        if (json && call->line->rest[0])
                return report_error(call->report, EINVAL, "--format json cannot be combined with options of ps(1)") < 0;
        if (state_load(call->root, call->id, &state, call->report) < 0 ||
            container_cgroup_pids(&state, &items, &pids.n, call->report) < 0)
                return 1;
        pids.items = items;
        return json ? print_json(&pids, call->report) : print_table(&pids, call->line->rest, call->report);
}
