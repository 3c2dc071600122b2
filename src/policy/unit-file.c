/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/unit-file.h"

#include <errno.h>

#include "util/text.h"

#define WHITESPACE " \t\r\n"

typedef struct Reader {
        const char *next, *end;
        unsigned line; /* number of the last physical line, from 1 */
        unsigned start; /* where the last logical line began */
} Reader;

static bool is_comment(const char *s, size_t n) {
        size_t blank = 0;

        while (blank < n && strchr(WHITESPACE, s[blank]))
                blank++;
        return blank < n && (s[blank] == '#' || s[blank] == ';');
}

/* Takes one physical line, without its newline. Returns false at the end of the text. */
static bool take_physical(Reader *r, const char **ret, size_t *ret_length) {
        const char *newline;

        if (r->next >= r->end)
                return false;

        newline = memchr(r->next, '\n', (size_t) (r->end - r->next)) ?: r->end;
        *ret = r->next;
        *ret_length = (size_t) (newline - r->next);
        r->next = newline + 1;
        r->line++;
        return true;
}

/* Takes one logical line: joins continuation lines with a space, and skips comments between them. Returns 1, 0 at the
 * end of the text, or -ENOMEM. */
static int take_logical(Reader *r, char **ret) {
        bool more = false, any = false;
        _cleanup_text_ Text text = {};
        const char *line;
        size_t n;

        while (take_physical(r, &line, &n)) {
                if (!any)
                        r->start = r->line;
                any = true;

                if (is_comment(line, n)) {
                        if (more)
                                continue;
                        break;
                }

                while (n > 0 && line[n - 1] == '\r')
                        n--;
                if (more)
                        text_add_char(&text, ' ');
                more = n > 0 && line[n - 1] == '\\';
                text_add_bytes(&text, line, more ? n - 1 : n);
                if (!more)
                        break;
        }

        if (!any)
                return 0;
        *ret = text_finish(&text);
        return *ret ? 1 : -ENOMEM;
}

/* The name of a "[Name]" line, which is changed, or NULL if the line is not a section. */
static char *section_name(char *line) {
        size_t n = strlen(line);

        if (n < 3 || line[0] != '[' || line[n - 1] != ']')
                return NULL;
        line[n - 1] = '\0';
        return line + 1;
}

static int take_assignment(char *line, Origin origin, const char *section, UnitFileAssignment callback,
                           void *userdata, Report *report) {
        char *equals = strchr(line, '=');

        if (!equals || equals == line)
                return report_error_at(report, origin, NULL, EBADMSG,
                                       "neither a [Section] nor a KEY=VALUE line: \"%s\"", line);
        if (!section)
                return report_error_at(report, origin, NULL, EBADMSG,
                                       "this line comes before the first [Section]: \"%s\"",
                                       line);

        *equals = '\0';
        return callback(userdata, origin, section, text_trim(line), text_trim(equals + 1));
}

int unit_file_parse(const char *file, const char *text, size_t size, UnitFileAssignment callback, void *userdata,
                    Report *report) {
        Reader reader = { .next = text, .end = text + size };
        _cleanup_free_ char *section = NULL;
        int result = 0, r;

        if (memchr(text, '\0', size))
                return report_error_at(report, (Origin) { .file = file }, NULL, EBADMSG,
                                       "not a text file: it contains a NUL byte");
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                reader.next += 3;

        for (;;) {
                _cleanup_free_ char *logical = NULL;
                char *line, *name;

                r = take_logical(&reader, &logical);
                if (r <= 0)
                        return r < 0 ? report_if_oom(report, r) : result;

                line = text_trim(logical);
                if (!*line)
                        continue;

                name = section_name(line);
                if (name) {
                        free(section);
                        section = strdup(name);
                        if (!section)
                                return report_oom(report);
                        continue;
                }

                r = take_assignment(line, (Origin) { .file = file, .line = reader.start }, section, callback, userdata,
                                    report);
                if (r == -EBADMSG && report_is_full(report))
                        return r;
                if (r == -EBADMSG)
                        result = r;
                else if (r < 0)
                        return report_if_oom(report, r);
        }
}
