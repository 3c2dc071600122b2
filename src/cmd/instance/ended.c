/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks journalctl(1), which also knows which files of the journal the caller may read. */
#include "cmd/instance/ended.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/instance/select.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/strv.h"

#define RECORD(name, message_id, priority) static const char id_##name[] _unused_ = message_id;
#include "sandbox/systemd/journal-records.inc"
#undef RECORD

void ended_deinit(Ended *ended) {
        free(ended->name);
        free(ended->unit);
        free(ended->policy);
        free(ended->message);
        free(ended->command);
        *ended = (Ended) {};
}

static int add_match(char ***words, const char *name, const char *trusted) {
        static const char *const ids[] = { id_STARTED, id_ENDED, id_REFUSED };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(ids); i++)
                r = strv_pushf(words, "MESSAGE_ID=%s", ids[i]);
        if (r >= 0)
                r = strv_push(words, name);
        return r < 0 ? r : strv_push(words, trusted);
}

/* A service may have a user of its own (User=). journald itself says then which unit a record is from. */
static int add_matches(char ***words, const char *text) {
        bool is_unit = endswith(text, ".scope") || endswith(text, ".service");
        _cleanup_strv_free_ char **fields = NULL;
        uid_t uid = (uid_t) -1;
        const char *name = instance_split_user(text, &uid);

        if (strv_pushf(&fields, is_unit ? "ISORUN_UNIT=%s" : "ISORUN_INSTANCE=%s", name) < 0 ||
            strv_pushf(&fields, "_UID=%u", name == text ? geteuid() : uid) < 0 ||
            strv_pushf(&fields, "_SYSTEMD_UNIT=%s%s", name, is_unit ? "" : ".service") < 0 ||
            add_match(words, fields[0], fields[1]) < 0)
                return -ENOMEM;
        if (name != text)
                return 0;
        return strv_push(words, "+") < 0 ? -ENOMEM : add_match(words, fields[0], fields[2]);
}

_Noreturn static void run_journalctl(char *const *words, int output) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
            dup2(output, STDOUT_FILENO) >= 0)
                execvp(words[0], words);
        _exit(127);
}

/* Returns what journalctl prints, on the heap. */
static int ask(char *const *words, char **ret) {
        _cleanup_close_ int input = -1;
        int fds[2], status, r;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        input = fds[0];
        pid = fork();
        if (pid == 0)
                run_journalctl(words, fds[1]);
        r = pid < 0 ? -errno : 0;
        fd_close(fds[1]);
        if (r < 0)
                return r;
        r = fd_read_all(input, ret, NULL);
        if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
                return -errno;
        return r;
}

/* The text of a field, on the heap, or NULL. A field that is not text is an array. */
static char *field(const json_t *record, const char *name) {
        const char *text = json_string_value(json_object_get(record, name));

        return text ? strdup(text) : NULL;
}

static uint64_t number(const json_t *record, const char *name) {
        const char *text = json_string_value(json_object_get(record, name));
        uint64_t n;

        return text && parse_u64(text, &n) >= 0 ? n : 0;
}

static bool is_kind(const json_t *record, const char *id) {
        const char *text = json_string_value(json_object_get(record, "MESSAGE_ID"));

        return text && streq(text, id);
}

/* EXIT_CODE and EXIT_STATUS, as journal_ended() has written them. */
static int exit_status(const json_t *record) {
        const char *code = json_string_value(json_object_get(record, "EXIT_CODE"));
        uint64_t status = number(record, "EXIT_STATUS");

        if (!code || status > 255)
                return -1;
        return streq(code, "exited") ? (int) status : 128 + (int) status;
}

static void take_last(const json_t *record, Ended *ret) {
        ret->name = field(record, "ISORUN_INSTANCE");
        ret->unit = field(record, "ISORUN_UNIT");
        ret->policy = field(record, "ISORUN_POLICY");
        ret->message = field(record, "MESSAGE");
        ret->refused = is_kind(record, id_REFUSED);
        ret->status = is_kind(record, id_ENDED) ? exit_status(record) : -1;
        if (!is_kind(record, id_STARTED))
                ret->ended_usec = number(record, "__REALTIME_TIMESTAMP");
}

static void take_started(const json_t *record, Ended *ret) {
        ret->command = field(record, "COMMAND");
        ret->started_usec = number(record, "__REALTIME_TIMESTAMP");
}

/* Reads the records, one a line. The newest is first: that of the end, and then that of the start. */
static void take_records(char *lines, uint64_t since_usec, Ended *ret) {
        char *position = NULL;

        for (char *line = strtok_r(lines, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                json_t *record = json_loads(line, 0, NULL);

                if (record && number(record, "__REALTIME_TIMESTAMP") >= since_usec) {
                        if (!ret->name)
                                take_last(record, ret);
                        if (is_kind(record, id_STARTED) && !ret->refused && !ret->started_usec)
                                take_started(record, ret);
                }
                json_decref(record);
        }
}

int ended_find(const char *text, uint64_t since_usec, Ended *ret) {
        static const char *const options[] = { "journalctl", "--quiet", "--no-pager", "--all", "--boot",
                                               "--output=json", "--reverse", "--lines=2" };
        _cleanup_(ended_deinit) Ended found = { .status = -1 };
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *lines = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(options); i++)
                r = strv_push(&words, options[i]);
        if (r >= 0)
                r = add_matches(&words, text);
        if (r >= 0)
                r = ask(words, &lines);
        if (r < 0)
                return r;
        take_records(lines, since_usec, &found);
        if (!found.name || !found.unit || !found.message)
                return 0;
        *ret = found;
        found = (Ended) {};
        return 1;
}
