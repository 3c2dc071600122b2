/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import.h"

#include <errno.h>

#include "convert/import-finish.h"
#include "convert/import-line.h"
#include "convert/import-rules.h"
#include "convert/systemd.h"
#include "convert/wrap.h"
#include "policy/unit-file.h"
#include "policy/value/value.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* An empty value removes the earlier lines of its key. So does a new value, unless the key is a list, is not isorun's,
 * or is ExecStart=, which a service may have several times. */
static void forget(Import *import, const char *key, const char *value) {
        const Directive *d = directive_find(key);
        size_t kept = 0;

        if (*value && (!d || d->list || directive_id(d) == D_ExecStart))
                return;
        for (size_t i = 0; i < import->n_lines; i++) {
                if (import->lines[i].key && streq(import->lines[i].key, key)) {
                        free(import->lines[i].key);
                        free(import->lines[i].value);
                } else
                        import->lines[kept++] = import->lines[i];
        }
        /* Keeps n_lines, because ARRAY_APPEND derives the capacity from it. */
        while (kept < import->n_lines)
                import->lines[kept++] = (ImportLine) {};
}

/* Far more than any real unit has. Each line is compared with those before it, and some words with all others. */
enum { LINES_MAX = 2000, WORDS_MAX = 10000 };

static size_t count_words(const char *value) {
        size_t n = 0;

        for (value += strspn(value, " \t\n\r"); *value; value += strspn(value, " \t\n\r")) {
                value += strcspn(value, " \t\n\r");
                n++;
        }
        return n;
}

static int take_line(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Import *import = userdata;
        ImportLine *line;

        if (!streq(section, "Service") && !(streq(section, "Unit") && streq(key, "Description")))
                return 0;
        import->n_words += count_words(value);
        if (import->n_lines >= LINES_MAX || import->n_words > WORDS_MAX)
                return -E2BIG;
        forget(import, key, value);
        line = ARRAY_APPEND(import->lines, import->n_lines);
        if (!line)
                return -ENOMEM;
        *line = (ImportLine) { .origin = origin, .key = strdup(key), .value = strdup(value) };
        return line->key && line->value ? 0 : -ENOMEM;
}

int import_read(Import *import, const char *file, const char *text, size_t size, Report *report) {
        int r;

        if (strv_push(&import->files, file) < 0)
                return report_oom(report);
        file = import->files[strv_length(import->files) - 1];
        r = unit_file_parse(file, text, size, take_line, import, report);
        if (r == -E2BIG)
                return report_error_at(report, (Origin) { .file = file }, NULL, E2BIG,
                                       "the unit has more than %d lines or %d words in [Service]", LINES_MAX,
                                       WORDS_MAX);
        return r;
}

static int convert_line(Import *import, const ImportLine *line) {
        const Directive *d = directive_find(line->key);
        const char *argument = NULL;
        ImportRule rule = import_rule(line->key, &argument);
        const UnitLine *known = unit_line_find(line->key);

        if (import->wraps && wrap_keeps(line, known))
                return 0;
        if (rule)
                return rule(import, line, argument);
        if (known)
                return import_unit_line(import, line, known);
        if (d && systemd_table[directive_id(d)].page &&
            (d->section != SECTION_SCOPE || !streq(systemd_table[directive_id(d)].page, "systemd.unit(5)")))
                return import_same(import, line, d->name);
        if (!*line->value)
                return 0;
        return startswith(line->key, "X-") ? 0 : import_note(import, line, false,
                                                             "isoctl import does not support this directive");
}

/* Whether the unit's value of the directive is isorun's default. */
static bool is_fallback(const Import *import, DirectiveId id) {
        _cleanup_strv_free_ char **words = NULL;
        const char *fallback = directive_table[id].fallback;
        size_t n = 0, found = 0;

        if (!fallback || word_split(fallback, &words) < 0)
                return false;
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id != id || item->dropped)
                        continue;
                n++;
                found += !item->inverted && (strv_contains(words, item->text) ||
                                             (id == D_ProtectHome && streq(item->text, "tmpfs")) ||
                                             (id == D_PrivateUsers && streq(item->text, "yes")));
        }
        return n > 0 && n == found && (!directive_table[id].list || n == strv_length(words));
}

/* Replaces the items of the directive with notes, one for each line of the unit. */
static int note_fallback(Import *import, DirectiveId id) {
        Origin last = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                const ImportLine line = { .origin = item->origin, .key = (char *) directive_table[id].name,
                                          .value = item->text };

                if (item->id != id || item->dropped)
                        continue;
                item->dropped = true;
                if (!origin_equal(item->origin, last))
                        r = import_note(import, &line, true, "this is isorun's default");
                last = item->origin;
        }
        return r;
}

/* The capabilities that a service of root usually needs. They are used if the unit does not limit capabilities. */
#define USUAL_CAPABILITIES \
        "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_NET_BIND_SERVICE"

static int open_what_is_needed(Import *import) {
        int r = 0;

        if (!import->seen[D_PrivateNetwork])
                r = import_open(import, D_PrivateNetwork, "no",
                                "the unit does not set PrivateNetwork=, so the service has the host's network");
        if (r >= 0 && !import->user && !import->seen[D_CapabilityBoundingSet] && !import_has(import, D_User) &&
            !import_has(import, D_AmbientCapabilities))
                r = import_open(import, D_CapabilityBoundingSet, USUAL_CAPABILITIES,
                                "the unit does not limit the capabilities; services usually need only these");
        if (r >= 0 && !import->seen[D_SystemCallFilter])
                r = import_open_calls(import, "@system-service",
                                      "the unit does not limit the system calls; services usually need only these");
        return r;
}

/* systemd kills by default; SystemCallErrorNumber= may be anywhere in the unit. */
static int say_no_kill(Import *import) {
        const ImportLine *filter = NULL;

        for (size_t i = 0; i < import->n_lines; i++)
                if (import->lines[i].key && streq(import->lines[i].key, "SystemCallFilter"))
                        filter = &import->lines[i];
        if (!filter || !import_has(import, D_SystemCallFilter) || import->seen[D_SystemCallErrorNumber])
                return 0;
        return import_note_replaced(import, filter, "the unit does not set SystemCallErrorNumber=, so systemd kills a "
                                    "process at a denied call; isorun returns EPERM");
}

int import_convert(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++)
                if (import->lines[i].key)
                        r = convert_line(import, &import->lines[i]);
        if (r >= 0)
                r = import_finish(import);
        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                if (is_fallback(import, id))
                        r = note_fallback(import, id);
        if (r >= 0)
                r = say_no_kill(import);
        if (r >= 0 && import->wraps)
                r = wrap_open(import, import->own_paths);
        return r < 0 ? r : open_what_is_needed(import);
}

/* Writes a piece of the policy. It is NULL if memory ran out. */
static void print_piece(Text *out, const char *piece) {
        if (piece)
                fputs(piece, out->f);
        else
                out->failed = true;
}

static void print_comment(Text *out, const char *fmt, ...) _printf_(2, 3);
static void print_comment(Text *out, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL, *line = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = formatv(fmt, ap);
        va_end(ap);
        line = text ? escape(text) : NULL;
        fputs("# ", out->f);
        print_piece(out, line);
        fputc('\n', out->f);
}

/* Whether the item continues the line of the item before it. */
static bool joins(const ImportItem *before, const ImportItem *item) {
        return before && item && before->inverted == item->inverted && origin_equal(before->origin, item->origin) &&
               before->opened == item->opened &&
               !import_is_whole(&directive_table[item->id]) && directive_table[item->id].type != &type_bind &&
               directive_table[item->id].type != &type_tmpfs;
}

static void print_item(Text *out, const ImportItem *item, const ImportItem *before) {
        const Directive *d = &directive_table[item->id];
        _cleanup_free_ char *value = import_item_value(item);

        if (joins(before, item))
                fputc(' ', out->f);
        else {
                if (before)
                        fputc('\n', out->f);
                if (item->opened)
                        print_comment(out, "%s:", item->opened);
                fprintf(out->f, "%s=%s", d->name, item->inverted ? "~" : "");
        }
        print_piece(out, value);
}

static void print_directive(const Import *import, Text *out, DirectiveId id) {
        const ImportItem *before = NULL;

        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id != id || item->dropped)
                        continue;
                print_item(out, item, before);
                before = item;
        }
        if (before)
                fputc('\n', out->f);
}

static void print_optional(const Import *import, Text *out) {
        const char *separator = "# The host that ran isoctl import cannot enforce these:\nOptional=";

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (import->optional[id] && import_has(import, id)) {
                        fprintf(out->f, "%s%s", separator, directive_table[id].name);
                        separator = " ";
                }
        if (*separator == ' ')
                fputc('\n', out->f);
}

/* The section that a note is printed in: that of its directive. */
static Section section_of(const ImportNote *note) {
        const Directive *d = directive_find(note->key);

        return d ? d->section : SECTION_SANDBOX;
}

static size_t file_index(const Import *import, const char *file) {
        size_t i = 0;

        while (import->files && import->files[i] && import->files[i] != file)
                i++;
        return i;
}

void import_sort(Import *import) {
        for (size_t i = 1; i < import->n_notes; i++)
                for (size_t k = i; k > 0; k--) {
                        ImportNote *a = &import->notes[k - 1], *b = &import->notes[k], swap = *a;
                        size_t m = file_index(import, a->origin.file), n = file_index(import, b->origin.file);

                        if (m < n || (m == n && a->origin.line <= b->origin.line))
                                break;
                        *a = *b;
                        *b = swap;
                }
}

static const char *const outcomes[] = {
        [IMPORT_LEFT_OUT] = "left out",
        [IMPORT_MET] = "not needed",
        [IMPORT_REPLACED] = "replaced",
        [IMPORT_REFUSED] = "refused", /* isoctl prints no policy then */
};

static void print_notes(const Import *import, Text *out, Section section) {
        for (size_t i = 0; i < import->n_notes; i++) {
                const ImportNote *n = &import->notes[i];

                if (section_of(n) == section)
                        print_comment(out, "%s:%u: %s=%s: %s: %s", n->origin.file, n->origin.line, n->key, n->value,
                                      outcomes[n->outcome], n->reason);
        }
}

char *import_compose(const Import *import) {
        _cleanup_text_ Text out = {};

        if (text_open(&out) < 0)
                return NULL;
        print_comment(&out,
                      "Made by isoctl import from %s. isoctl(1) lists the parts of a unit that isoctl does not import.",
                      import->files ? import->files[0] : import->unit);
        for (Section section = 0; section < _SECTION_MAX; section++) {
                fprintf(out.f, "%s[%s]\n", section ? "\n" : "", section_names[section]);
                if (section == SECTION_POLICY)
                        print_optional(import, &out);
                for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                        if (directive_table[id].section == section)
                                print_directive(import, &out, id);
                print_notes(import, &out, section);
        }
        return text_finish(&out);
}
