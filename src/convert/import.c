/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import.h"

#include <errno.h>

#include "convert/systemd.h"
#include "policy/unit-file.h"
#include "policy/value/value.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

void import_deinit(Import *import) {
        for (size_t i = 0; i < import->n_lines; i++) {
                free(import->lines[i].key);
                free(import->lines[i].value);
        }
        for (size_t i = 0; i < import->n_items; i++)
                free(import->items[i].text);
        for (size_t i = 0; i < import->n_notes; i++) {
                free(import->notes[i].key);
                free(import->notes[i].value);
                free(import->notes[i].reason);
        }
        free(import->lines);
        free(import->items);
        free(import->notes);
        strv_free(import->files);
        *import = (Import) {};
}

/* An empty value takes away the lines before it, as a later one does where there can be but one; of commands there can
 * be several. */
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
        /* The array grows at powers of two, going by the number. */
        while (kept < import->n_lines)
                import->lines[kept++] = (ImportLine) {};
}

static int take_line(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Import *import = userdata;
        ImportLine *line;

        if (!streq(section, "Service") && !(streq(section, "Unit") && streq(key, "Description")))
                return 0;
        forget(import, key, value);
        line = ARRAY_APPEND(import->lines, import->n_lines);
        if (!line)
                return -ENOMEM;
        *line = (ImportLine) { .origin = origin, .key = strdup(key), .value = strdup(value) };
        return line->key && line->value ? 0 : -ENOMEM;
}

int import_read(Import *import, const char *file, const char *text, size_t size, Report *report) {
        if (strv_push(&import->files, file) < 0)
                return -ENOMEM;
        return unit_file_parse(import->files[strv_length(import->files) - 1], text, size, take_line, import, report);
}

int import_note(Import *import, const ImportLine *line, bool met, const char *format, ...) {
        ImportNote *note = ARRAY_APPEND(import->notes, import->n_notes);
        va_list ap;
        int n;

        if (!note)
                return -ENOMEM;
        va_start(ap, format);
        n = vasprintf(&note->reason, format, ap);
        va_end(ap);
        if (n < 0)
                note->reason = NULL;
        note->origin = line->origin;
        note->met = met;
        note->key = strdup(line->key);
        note->value = strdup(line->value);
        return note->reason && note->key && note->value ? 0 : -ENOMEM;
}

/* Lists whose lines are not words. */
static bool is_whole(const Directive *d) {
        return !d->list || systemd_is_pair(d) || d->type == &type_set_credential;
}

/* Whether it is one line, and the last of it, for who reads the policy, on a terminal or off it: a unit's name can put
 * anything into a value (%I), and the blank behind a backslash is not read. */
static int is_one_line(const char *text) {
        _cleanup_free_ char *plain = strdup(text), *escaped = NULL;

        for (char *tab = plain; tab && (tab = strchr(tab, '\t'));)
                *tab = ' ';
        escaped = plain ? escape(plain) : NULL;
        if (!escaped)
                return -ENOMEM;
        return streq(plain, escaped) && !endswith(text, "\\");
}

int import_add(Import *import, DirectiveId id, const ImportLine *line, const char *text, bool inverted) {
        ImportItem *item;
        int r;

        r = is_whole(&directive_table[id]) ? is_one_line(text) : 1;
        if (r <= 0)
                return r < 0 ? r : import_note(import, line, false, "control characters, or a backslash at the end");
        /* Two directives can ask for the same directory. */
        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == id && streq(import->items[i].text, text) &&
                    import->items[i].inverted == inverted && directive_table[id].type == &type_bind)
                        return 0;
        item = ARRAY_APPEND(import->items, import->n_items);
        if (!item)
                return -ENOMEM;
        *item = (ImportItem) { .id = id, .text = strdup(text), .inverted = inverted, .origin = line->origin };
        return item->text ? 0 : -ENOMEM;
}

int import_open(Import *import, DirectiveId id, const char *words, const char *why) {
        _cleanup_strv_free_ char **split = NULL;
        const ImportLine nowhere = {};
        int r;

        r = word_split(words, &split);
        for (char **w = split; r >= 0 && w && *w; w++) {
                r = import_add(import, id, &nowhere, *w, false);
                if (r >= 0)
                        import->items[import->n_items - 1].opened = why;
        }
        return r;
}

int import_drop(Import *import, ImportItem *item, const char *reason) {
        const ImportLine line = { .origin = item->origin, .key = (char *) directive_table[item->id].name,
                                  .value = item->text };

        item->dropped = true;
        return item->opened ? 0 : import_note(import, &line, false, "%s", reason);
}

/* How booleans are written in a policy, however the unit has it. */
static const char *canonical(const Directive *d, const char *text) {
        bool b;

        if ((d->type == &type_boolean || d->type == &type_namespaces ||
             (d->type->choices && strv_contains((char *const *) d->type->choices, "no"))) &&
            parse_boolean(text, &b) >= 0)
                return b ? "yes" : "no";
        return text;
}

int import_words(Import *import, const ImportLine *line, const char *text, char ***ret) {
        _cleanup_free_ char *expanded = NULL;
        int r;

        r = import_expand(import, line, text, &expanded);
        if (r <= 0)
                return r;
        r = word_split(expanded, ret);
        if (r == -EINVAL)
                return import_note(import, line, false, "unbalanced quote or unknown escape");
        return r < 0 ? r : 1;
}

static int same_words(Import *import, const ImportLine *line, const Directive *d) {
        _cleanup_strv_free_ char **words = NULL;
        bool inverted = line->value[0] == '~';
        int r;

        r = import_words(import, line, line->value + inverted, &words);
        if (r > 0 && !words && inverted)
                r = import_add(import, directive_id(d), line, "", true);
        for (char **w = words; r >= 0 && w && *w; w++)
                r = import_add(import, directive_id(d), line, canonical(d, *w), inverted);
        return r < 0 ? r : 0;
}

int import_same(Import *import, const ImportLine *line, const char *name) {
        const Directive *d = directive_find(name);
        _cleanup_free_ char *text = NULL;
        int r;

        import->seen[directive_id(d)] = true;
        if (!*line->value)
                return 0;
        if (!is_whole(d))
                return same_words(import, line, d);
        if (systemd_is_share(d))
                return import_add(import, directive_id(d), line, line->value, false);
        r = import_expand(import, line, line->value, &text);
        return r > 0 ? import_add(import, directive_id(d), line, canonical(d, text), false) : r;
}

static int convert_line(Import *import, const ImportLine *line) {
        const Directive *d = directive_find(line->key);
        const char *argument = NULL;
        ImportRule rule = import_rule(line->key, &argument);

        if (rule)
                return rule(import, line, argument);
        if (d && systemd_table[directive_id(d)].page &&
            (d->section != SECTION_SCOPE || !streq(systemd_table[directive_id(d)].page, "systemd.unit(5)")))
                return import_same(import, line, d->name);
        if (!*line->value)
                return 0;
        return startswith(line->key, "X-") ? 0 : import_note(import, line, false, "isorun has nothing like it");
}

/* Whether what the unit says of a directive is what a policy that is silent has. */
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

/* One note a line. */
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
                        r = import_note(import, &line, true, "so it is without being asked");
                last = item->origin;
        }
        return r;
}

static bool has_item(const Import *import, DirectiveId id) {
        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == id && !import->items[i].dropped)
                        return true;
        return false;
}

/* What a service of root's usually needs, of what the unit leaves it all. */
#define USUAL_CAPABILITIES \
        "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_NET_BIND_SERVICE"

static int open_what_is_needed(Import *import) {
        int r = 0;

        if (!import->seen[D_PrivateNetwork])
                r = import_open(import, D_PrivateNetwork, "no", "the unit leaves the service the host's network");
        if (r >= 0 && !import->user && !import->seen[D_CapabilityBoundingSet] && !has_item(import, D_User) &&
            !has_item(import, D_AmbientCapabilities))
                r = import_open(import, D_CapabilityBoundingSet, USUAL_CAPABILITIES,
                                "the unit leaves the service all capabilities; these are the usual ones");
        return r;
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
        return r < 0 ? r : open_what_is_needed(import);
}

static void print_comment(FILE *f, const char *format, ...) _printf_(2, 3);
static void print_comment(FILE *f, const char *format, ...) {
        _cleanup_free_ char *text = NULL, *line = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        line = text ? escape(text) : NULL;
        fprintf(f, "# %s\n", line ?: "?");
}

/* Whether the word goes on the line of the one before it. */
static bool joins(const ImportItem *before, const ImportItem *item) {
        return before && item && before->inverted == item->inverted && origin_equal(before->origin, item->origin) &&
               before->opened == item->opened &&
               !is_whole(&directive_table[item->id]) && directive_table[item->id].type != &type_bind &&
               directive_table[item->id].type != &type_tmpfs;
}

char *import_item_value(const ImportItem *item) {
        char *text = NULL;
        size_t size;
        FILE *f;

        if (is_whole(&directive_table[item->id]))
                return strdup(item->text);
        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        if (*item->text)
                word_write(f, item->text, 0);
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

static void print_item(FILE *f, const ImportItem *item, const ImportItem *before) {
        const Directive *d = &directive_table[item->id];
        _cleanup_free_ char *value = import_item_value(item);

        if (joins(before, item))
                fputc(' ', f);
        else {
                if (before)
                        fputc('\n', f);
                if (item->opened)
                        print_comment(f, "%s:", item->opened);
                fprintf(f, "%s=%s", d->name, item->inverted ? "~" : "");
        }
        fputs(value ?: "", f);
}

static void print_directive(const Import *import, FILE *f, DirectiveId id) {
        const ImportItem *before = NULL;

        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id != id || item->dropped)
                        continue;
                print_item(f, item, before);
                before = item;
        }
        if (before)
                fputc('\n', f);
}

static void print_optional(const Import *import, FILE *f) {
        const char *separator = "# The host that this was imported on cannot hold them:\nOptional=";

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (import->optional[id] && has_item(import, id)) {
                        fprintf(f, "%s%s", separator, directive_table[id].name);
                        separator = " ";
                }
        if (*separator == ' ')
                fputc('\n', f);
}

/* What is left out, or needs no line, stands in the section that it would be in. */
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

static void print_notes(const Import *import, FILE *f, Section section) {
        for (size_t i = 0; i < import->n_notes; i++) {
                const ImportNote *n = &import->notes[i];

                if (section_of(n) == section)
                        print_comment(f, "%s:%u: %s=%s: %s: %s", n->origin.file, n->origin.line, n->key, n->value,
                                      n->met ? "not needed" : "left out", n->reason);
        }
}

void import_print(const Import *import, FILE *f) {
        print_comment(f, "Made by isoctl import from %s. What it does not carry is said in isoctl(1).",
                      import->files ? import->files[0] : import->unit);
        for (Section section = 0; section < _SECTION_MAX; section++) {
                fprintf(f, "%s[%s]\n", section ? "\n" : "", section_names[section]);
                if (section == SECTION_POLICY)
                        print_optional(import, f);
                for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                        if (directive_table[id].section == section)
                                print_directive(import, f, id);
                print_notes(import, f, section);
        }
}
