/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/note.h"

#include <errno.h>
#include <unistd.h>

#include "policy/unit-file.h"
#include "util/array.h"
#include "util/elf-note.h"
#include "util/fd.h"
#include "util/text.h"

/* The comments of a script are at its beginning. */
enum { SCRIPT_MAX = 64 << 10 };

void notes_deinit(Notes *notes) {
        for (size_t i = 0; i < notes->n; i++) {
                free(notes->items[i].name);
                free(notes->items[i].text);
        }
        free(notes->items);
        *notes = (Notes) {};
}

typedef struct Reading {
        Notes notes;
        const char *file;
} Reading;

static char *make_name(const char *file, size_t n) {
        return n == 0 ? format("%s (note)", file) : format("%s (note %zu)", file, n + 1);
}

/* Takes over text. */
static int add(Reading *reading, char *name, char *text, size_t size) {
        Note *note = name && text ? ARRAY_APPEND(reading->notes.items, reading->notes.n) : NULL;

        if (!note) {
                free(name);
                free(text);
                return -ENOMEM;
        }
        *note = (Note) { .name = name, .text = text, .size = size };
        return 0;
}

/* An ElfNoteTake. A compiler may end the text with NULs. */
static int take_note(void *userdata, char *text, size_t size) {
        Reading *reading = userdata;

        while (size > 0 && text[size - 1] == '\0')
                size--;
        return add(reading, make_name(reading->file, reading->notes.n), text, size);
}

static int cannot_read(const Reading *reading, int error, Report *report) {
        return report_error(report, error, "cannot read %s: %s", reading->file, strerror(error));
}

static int read_elf(Reading *reading, int fd, Report *report) {
        static const ElfNoteKind kind = { .section = NOTE_SECTION, .owner = NOTE_OWNER, .type = NOTE_TYPE_POLICY,
                                          .size_max = TEXT_FILE_MAX };
        const char *why = "";
        int r = elf_notes_read(fd, &kind, take_note, reading, &why);

        if (r == -EBADMSG)
                return report_error(report, EBADMSG, "%s: cannot look for a policy in it: %s", reading->file, why);
        return r < 0 && r != -ENOMEM ? cannot_read(reading, -r, report) : r;
}

/* The text after "isorun:" in a comment of a shell, of C or of SQL, or NULL. *ret_comment says whether the line is a
 * comment. */
static const char *policy_of_comment(const char *line, const char *end, bool *ret_comment) {
        static const char *const marks[] = { "#", "//", "--" };
        const size_t length = strlen(NOTE_OWNER ":");

        *ret_comment = false;
        for (size_t i = 0; i < ELEMENTSOF(marks) && !*ret_comment; i++) {
                size_t n = strlen(marks[i]);

                if ((size_t) (end - line) < n || memcmp(line, marks[i], n) != 0)
                        continue;
                *ret_comment = true;
                line += n;
        }
        while (line < end && (*line == ' ' || *line == '\t'))
                line++;
        if (!*ret_comment || (size_t) (end - line) < length || memcmp(line, NOTE_OWNER ":", length) != 0)
                return NULL;
        return line + length;
}

static bool is_blank(const char *line, const char *end) {
        return line == end || (end - line == 1 && *line == '\r');
}

/* Copies the policy's lines, and an empty line for each other comment. Returns the number of the policy's lines.
 * *ret_ends says whether another line follows the comments. */
static unsigned copy_comments(const char *text, size_t size, Text *copy, bool *ret_ends) {
        bool is_comment = true;
        unsigned n = 0;

        for (const char *line = text, *end = text + size; is_comment && line < end;) {
                const char *newline = memchr(line, '\n', (size_t) (end - line)) ?: end;
                const char *policy = policy_of_comment(line, newline, &is_comment);

                is_comment = is_comment || is_blank(line, newline);
                if (policy)
                        text_add_bytes(copy, policy, (size_t) (newline - policy));
                text_add_char(copy, '\n');
                n += policy != NULL;
                line = newline + 1;
        }
        *ret_ends = !is_comment;
        return n;
}

static int read_script(Reading *reading, int fd, Report *report) {
        _cleanup_free_ char *bytes = malloc(SCRIPT_MAX);
        _cleanup_text_ Text copy = {};
        unsigned n_lines;
        ssize_t n;
        size_t size;
        bool ends;
        char *text;

        if (!bytes)
                return -ENOMEM;
        n = TEMP_FAILURE_RETRY(pread(fd, bytes, SCRIPT_MAX, 0));
        if (n < 0)
                return cannot_read(reading, errno, report);
        n_lines = copy_comments(bytes, (size_t) n, &copy, &ends);
        if (n_lines > 0 && !ends && n == SCRIPT_MAX)
                return report_error(report, EFBIG,
                                    "%s: the comments at the beginning are too long for a policy (the limit is 64 KiB)",
                                    reading->file);
        size = copy.size;
        text = n_lines > 0 ? text_finish(&copy) : NULL;
        return n_lines > 0 ? add(reading, text ? strdup(reading->file) : NULL, text, size) : 0;
}

typedef struct Check {
        Report *report;
        int result;
} Check;

/* A UnitFileAssignment. The program is the command. It has no directory of policies that its Base= could begin at: the
 * file may be moved anywhere. */
static int check_line(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Check *check = userdata;
        const char *why = NULL;

        if (!streq(section, "Policy"))
                return 0;
        if (streq(key, "ExecStart"))
                why = "a program's own policy has no command: the program is the command";
        else if (streq(key, "Program"))
                why = "a program's own policy cannot say whether it is read: the administrator's policy can";
        else if (streq(key, "Base") && (strchr(value, '/') || endswith(value, ".conf")))
                why = "a program's own policy can be based only on a policy with a name, and not on a file";
        if (why)
                check->result = report_error_at(check->report, origin, key, EBADMSG, "%s", why);
        return 0;
}

static int check_notes(const Notes *notes, Report *report) {
        Check check = { .report = report };
        Report silent = {}; /* policy_read() reports the same errors later */
        int r = 0;

        for (size_t i = 0; i < notes->n && r != -ENOMEM; i++) {
                const Note *note = &notes->items[i];

                r = unit_file_parse(note->name, note->text, note->size, check_line, &check, &silent);
        }
        return r == -ENOMEM ? r : check.result;
}

static int finish(Reading *reading, int r, Notes *ret, Report *report) {
        if (r >= 0 && reading->notes.n > 0)
                r = check_notes(&reading->notes, report);
        if (r < 0 || reading->notes.n == 0) {
                notes_deinit(&reading->notes);
                return r < 0 ? report_if_oom(report, r) : -ENODATA;
        }
        *ret = reading->notes;
        return 0;
}

int notes_read(int fd, const char *file, Notes *ret, Report *report) {
        Reading reading = { .file = file };
        char magic[2] = {};
        int r;

        if (TEMP_FAILURE_RETRY(pread(fd, magic, sizeof(magic), 0)) < 0)
                return cannot_read(&reading, errno, report);
        r = memcmp(magic, "#!", sizeof(magic)) == 0 ? read_script(&reading, fd, report)
                                                    : read_elf(&reading, fd, report);
        return finish(&reading, r, ret, report);
}

int notes_from_text(const char *name, char *text, size_t size, Notes *ret, Report *report) {
        Reading reading = { .file = name };

        return finish(&reading, add(&reading, strdup(name), text, size), ret, report);
}
