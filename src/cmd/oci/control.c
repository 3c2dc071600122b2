/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <sys/param.h>
#include <sys/stat.h>

#include "cmd/oci/command.h"
#include "cmd/program.h"
#include "oci/interrupts.h"
#include "oci/outside/cgroup.h"
#include "oci/outside/container.h"
#include "oci/outside/ready.h"
#include "oci/state/state.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/strv.h"

int oci_print(json_t *json, Report *report) {
        int r = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

        json_decref(json);
        if (r < 0)
                report_oom(report);
        else
                putchar('\n');
        return r < 0 || flush_output(report) < 0;
}

/* The manager's socket first: what cannot be told of the container must not be started. */
int oci_start(const OciCall *call) {
        const char *address = oci_notify_address();
        _cleanup_state_ State state = { .directory = -1 };
        _cleanup_close_ int manager = -1, notify = -1;

        if (state_load(call->root, call->id, &state, call->report) < 0)
                return 1;
        if (address) {
                manager = ready_connect(address, call->report);
                if (manager < 0)
                        return 1;
        }
        if (interrupts_begin(NULL, call->report) < 0 || container_start(&state, &notify, call->report) < 0)
                return 1;
        return manager >= 0 && notify >= 0 &&
               ready_await(&state, TAKE_FD(manager), TAKE_FD(notify), call->report) < 0;
}

static const char *owner_of(const State *state) {
        const struct passwd *owner = NULL;
        struct stat st;

        if (fstat(state->directory, &st) >= 0)
                owner = getpwuid(st.st_uid);
        return owner ? owner->pw_name : "";
}

/* As the runtime specification has it (runtime.md, "State"), with what runc adds. */
static json_t *describe(const State *state, Status status) {
        const json_t *annotations = json_object_get(state->json, "annotations");

        return json_pack("{ss ss si ss ss ss ss ss sO*}", "ociVersion", state->version, "id", state->id, "pid",
                         status == STATUS_STOPPED ? 0 : (int) state->pid, "status", status_name(status), "bundle",
                         state->bundle, "rootfs", state->root_path, "created", state->created, "owner",
                         owner_of(state), "annotations", annotations);
}

int oci_state(const OciCall *call) {
        _cleanup_state_ State state = { .directory = -1 };
        Status status;

        if (state_load(call->root, call->id, &state, call->report) < 0 ||
            state_status(&state, &status, NULL, call->report) < 0)
                return 1;
        return oci_print(describe(&state, status), call->report);
}

int oci_kill(const OciCall *call) {
        const char *name = call->line->n_arguments > 1 ? call->line->arguments[1] : "TERM";
        _cleanup_state_ State state = { .directory = -1 };
        int sig;

        if (streq(name, "0"))
                sig = 0;
        else if (parse_signal(name, &sig) < 0)
                return report_error(call->report, EINVAL, "not a signal: \"%s\"", name) < 0;
        if (state_load(call->root, call->id, &state, call->report) < 0)
                return 1;
        if (command_line_has(call->line, 'a') && interrupts_begin(NULL, call->report) < 0)
                return 1;
        return container_kill(&state, sig, command_line_has(call->line, 'a'), call->report) < 0;
}

static int delete_by_force(const OciCall *call, bool matching) {
        _cleanup_state_ State state = { .root = strdup(call->root), .id = strdup(call->id), .directory = -1 };
        Report quiet = {};
        int r;

        state_deinit(&state);
        r = state_load(call->root, call->id, &state, &quiet);
        if (r == -ENOENT)
                return 0;
        if (r == -EBUSY && matching) {
                report_notice(call->report, "%s is not removed: it is being created, or was left half made", call->id);
                return 0;
        }
        if (r == -EBUSY)
                return container_delete_half(&state, call->report) < 0;
        return r < 0 ? state_load(call->root, call->id, &state, call->report) < 0
                     : container_delete(&state, NULL, true, call->report) < 0;
}

static int delete_one(const OciCall *call, bool matching) {
        _cleanup_state_ State state = { .directory = -1 };

        if (command_line_has(call->line, 'f'))
                return delete_by_force(call, matching);
        return state_load(call->root, call->id, &state, call->report) < 0 ||
               container_delete(&state, NULL, false, call->report) < 0;
}

/* The IDs of all containers. Returns 0 or -errno, reported. */
static int find_names(const OciCall *call, bool must_exist, char ***ret) {
        _cleanup_close_ int root = open(call->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = root >= 0 ? directory_list(root, ret) : errno == ENOENT && !must_exist ? 0 : -errno;

        return r < 0 ? report_error(call->report, -r, "cannot open %s: %s", call->root, strerror(-r)) : 0;
}

/* A failure does not save the others. */
static int delete_matching(const OciCall *call) {
        _cleanup_strv_free_ char **names = NULL;
        int r = find_names(call, false, &names), status = 0;
        regex_t pattern;

        if (r < 0)
                return 1;
        if (!*call->id)
                return report_error(call->report, EINVAL, "--regex: the expression is empty, and would match all "
                                    "containers (\".\" does)") < 0;
        if (regcomp(&pattern, call->id, REG_EXTENDED | REG_NOSUB) != 0)
                return report_error(call->report, EINVAL, "--regex: not a regular expression: \"%s\"", call->id) < 0;
        for (char **name = names; name && *name; name++) {
                OciCall one = *call;

                one.id = *name;
                if (regexec(&pattern, *name, 0, NULL, 0) == 0)
                        status |= delete_one(&one, true);
        }
        regfree(&pattern);
        return status;
}

int oci_delete(const OciCall *call) {
        if (interrupts_begin(NULL, call->report) < 0)
                return 1;
        return command_line_has(call->line, OCI_REGEX) ? delete_matching(call) : delete_one(call, false);
}

enum { CELL_MAX = 16 };

static const char *cell(const json_t *row, const char *key, char number[static CELL_MAX]) {
        const json_t *value = json_object_get(row, key);

        snprintf(number, CELL_MAX, "%d", (int) json_integer_value(value));
        return json_string_value(value) ?: number;
}

/* With columns as wide as those of runc. */
static void print_table(const json_t *rows) {
        static const struct {
                const char *key, *heading;
        } columns[] = { { "id", "ID" }, { "pid", "PID" }, { "status", "STATUS" }, { "bundle", "BUNDLE" },
                        { "created", "CREATED" }, { "owner", "OWNER" } };
        enum { LAST = ELEMENTSOF(columns) - 1, LEAST = 9, GAP = 3 };
        size_t widths[LAST + 1] = {}, i;
        char number[CELL_MAX];
        const json_t *row;

        for (size_t k = 0; k < LAST; k++) {
                widths[k] = LEAST;
                json_array_foreach(rows, i, row)
                        widths[k] = MAX(widths[k], strlen(cell(row, columns[k].key, number)));
                printf("%-*s", (int) widths[k] + GAP, columns[k].heading);
        }
        printf("%s\n", columns[LAST].heading);
        json_array_foreach(rows, i, row) {
                for (size_t k = 0; k < LAST; k++)
                        printf("%-*s", (int) widths[k] + GAP, cell(row, columns[k].key, number));
                printf("%s\n", cell(row, columns[LAST].key, number));
        }
}

/* As runc has it, in one line. */
static int print_array(const json_t *rows, Report *report) {
        _cleanup_free_ char *text = json_dumps(rows, JSON_COMPACT);

        if (!text)
                return report_oom(report);
        puts(text);
        return 0;
}

/* A container that is being created, or removed meanwhile, is not listed. */
static int describe_all(const OciCall *call, char *const *names, json_t *rows) {
        for (char *const *name = names; name && *name; name++) {
                _cleanup_state_ State state = { .directory = -1 };
                Report nobody = {};
                Status status;

                if (state_load(call->root, *name, &state, &nobody) < 0 ||
                    state_status(&state, &status, NULL, &nobody) < 0)
                        continue;
                if (json_array_append_new(rows, describe(&state, status)) < 0)
                        return report_oom(call->report);
        }
        return 0;
}

int oci_list(const OciCall *call) {
        const char *form = command_line_get(call->line, 'f');
        _cleanup_strv_free_ char **names = NULL;
        json_t *rows = json_array(), *row;
        int r = find_names(call, call->own_root, &names);
        size_t i;

        if (r >= 0)
                r = rows ? describe_all(call, names, rows) : report_oom(call->report);
        if (r >= 0 && command_line_has(call->line, 'q'))
                json_array_foreach(rows, i, row)
                        puts(json_string_value(json_object_get(row, "id")));
        else if (r >= 0 && form && streq(form, "json"))
                r = print_array(rows, call->report);
        else if (r >= 0)
                print_table(rows);
        json_decref(rows);
        return r < 0 || flush_output(call->report) < 0;
}

/* Only what runs can be paused, and only what is paused resumed. */
static int freeze(const OciCall *call, bool frozen) {
        _cleanup_state_ State state = { .directory = -1 };
        Status status;

        if (state_load(call->root, call->id, &state, call->report) < 0 ||
            state_status(&state, &status, NULL, call->report) < 0)
                return 1;
        if (interrupts_begin(NULL, call->report) < 0)
                return 1;
        if (frozen ? status != STATUS_RUNNING && status != STATUS_CREATED : status != STATUS_PAUSED)
                return report_error(call->report, EINVAL, "cannot %s %s: it is %s", frozen ? "pause" : "resume",
                                    call->id, status_name(status)) < 0;
        return container_cgroup_freeze(&state, frozen, call->report) < 0;
}

int oci_pause(const OciCall *call) {
        return freeze(call, true);
}

int oci_resume(const OciCall *call) {
        return freeze(call, false);
}
