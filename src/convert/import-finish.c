/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a unit's lines can be said only when all of them are known; and the specifiers. */
#include <errno.h>
#include <stdio.h>

#include "convert/import.h"
#include "policy/value/names.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

/* Specifiers of systemd.unit(5) that are paths for the system's manager. Those that a policy has stay. */
static const char *directory_specifier(char letter) {
        static const struct {
                char letter;
                const char *path;
        } table[] = { { 'S', "/var/lib" }, { 'C', "/var/cache" }, { 'L', "/var/log" },
                      { 'E', "/etc" },     { 'T', "/tmp" },       { 'V', "/var/tmp" } };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].letter == letter)
                        return table[i].path;
        return NULL;
}

/* As systemd-escape(1) --unescape has it. */
static void write_unescaped(const char *text, int n, FILE *f) {
        for (int i = 0; i < n; i++) {
                unsigned c;

                if (text[i] == '\\' && i + 3 < n && sscanf(text + i, "\\x%2x", &c) == 1 && c) {
                        fputc((int) c, f);
                        i += 3;
                } else
                        fputc(text[i] == '-' ? '/' : text[i], f);
        }
}

/* The parts of PREFIX@INSTANCE.service; false where there is none of that name. */
static bool write_name(const Import *import, char letter, FILE *f) {
        const char *unit = import->unit, *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
        int length = (int) (dot ? dot - unit : (ptrdiff_t) strlen(unit));
        bool is_template = at && dot == at + 1;

        switch (letter) {
        case 'p':
                fprintf(f, "%.*s", at ? (int) (at - unit) : length, unit);
                return true;
        case 'N':
        case 'n':
                fprintf(f, "%.*s", letter == 'n' ? (int) strlen(unit) : length, unit);
                return !is_template;
        case 'i':
                if (is_template)
                        fputs("%i", f); /* the name of isorun's instance */
                else if (at)
                        fprintf(f, "%.*s", length - (int) (at - unit) - 1, at + 1);
                return true;
        case 'I':
                if (!at || is_template)
                        return false;
                write_unescaped(at + 1, length - (int) (at - unit) - 1, f);
                return true;
        default:
                return false;
        }
}

static bool write_specifier(const Import *import, char letter, FILE *f) {
        const char *directory = import->user ? NULL : directory_specifier(letter);

        if (letter && strchr("htuU%", letter))
                fprintf(f, "%%%c", letter);
        else if (directory)
                fputs(directory, f);
        else
                return write_name(import, letter, f);
        return true;
}

int import_expand(Import *import, const ImportLine *line, const char *text, char **ret) {
        char *out = NULL;
        bool good = true;
        char bad = '\0';
        size_t size;
        FILE *f = open_memstream(&out, &size);

        if (!f)
                return -ENOMEM;
        for (const char *p = text; *p && good; p++) {
                if (*p != '%') {
                        fputc(*p, f);
                        continue;
                }
                bad = *++p;
                good = write_specifier(import, bad, f);
                if (!bad)
                        break;
        }
        if (fclose(f) != 0) {
                free(out);
                return -ENOMEM;
        }
        if (!good) {
                free(out);
                return bad ? import_note(import, line, false, "there is no %%%c in a policy", bad)
                           : import_note(import, line, false, "a lone %% at the end");
        }
        *ret = out;
        return 1;
}

/* The destination of an item of BindPaths=, on the heap. */
static char *destination_of(const ImportItem *item) {
        _cleanup_strv_free_ char **fields = NULL;
        const char *text = item->text + (item->text[0] == '-');

        if (word_split_colons(text, &fields) < 0)
                return NULL;
        return strdup(fields[1] && *fields[1] ? fields[1] : fields[0]);
}

static bool is_in_writable(const Import *import, const char *path) {
        for (size_t i = 0; i < import->n_items; i++) {
                _cleanup_free_ char *destination = NULL;

                if (import->items[i].id != D_BindPaths || import->items[i].dropped)
                        continue;
                destination = destination_of(&import->items[i]);
                if (destination && (streq(path, destination) || path_is_below(path, destination)))
                        return true;
        }
        return false;
}

static const ImportLine *line_of(const Import *import, const ImportItem *item) {
        for (size_t i = 0; i < import->n_lines; i++)
                if (import->lines[i].key && origin_equal(import->lines[i].origin, item->origin))
                        return &import->lines[i];
        return NULL;
}

static bool is_read_only_line(const ImportLine *line) {
        return line && (streq(line->key, "ReadOnlyPaths") || streq(line->key, "ReadOnlyDirectories"));
}

/* All is read-only but what is bound writable. And PrivateTmp=no shows /var/tmp. */
static int drop_read_only(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                const ImportLine *line = line_of(import, item);
                const char *path = item->text + (item->text[0] == '-');
                bool shown = streq(path, "/var/tmp") && import->seen[D_PrivateTmp];

                if (item->id != D_BindReadOnlyPaths || item->dropped)
                        continue;
                if (!shown && !(is_read_only_line(line) && !is_in_writable(import, path)))
                        continue;
                item->dropped = true;
                r = import_note(import, line, true, "%s is read-only", path);
        }
        return r;
}

static int add_noexec(Import *import, const ImportLine *line, const char *path) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                _cleanup_free_ char *destination = NULL, *text = NULL;
                _cleanup_strv_free_ char **fields = NULL;

                if (item->id != D_BindPaths && item->id != D_BindReadOnlyPaths)
                        continue;
                destination = destination_of(item);
                if (!destination || word_split_colons(item->text, &fields) < 0)
                        return -ENOMEM;
                if (!streq(destination, path))
                        continue;
                if (asprintf(&text, "%s:%s:%s%snoexec", fields[0], destination, fields[1] && fields[2] ? fields[2] : "",
                             fields[1] && fields[2] ? "," : "") < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                free(item->text);
                item->text = TAKE_PTR(text);
                return 0;
        }
        return import_note(import, line, false, "a volume can be \"noexec\", and nothing else");
}

static int take_noexec(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                const ImportLine *line = &import->lines[i];
                _cleanup_strv_free_ char **words = NULL;

                if (!line->key || !streq(line->key, "NoExecPaths") || !*line->value)
                        continue;
                r = import_words(import, line, line->value, &words);
                for (char **w = words; r >= 0 && w && *w; w++)
                        r = add_noexec(import, line, *w + strspn(*w, "-+"));
        }
        return r < 0 ? r : 0;
}

static bool has(const Import *import, DirectiveId id, const char *text, bool inverted) {
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id == id && !item->dropped && item->inverted == inverted && streq(item->text, text))
                        return true;
        }
        return false;
}

/* Whatever errno is behind it. */
static bool is_call(const char *text, const char *name) {
        size_t n = strlen(name);

        return strncmp(text, name, n) == 0 && (!text[n] || text[n] == ':');
}

/* Whether a policy denies the call, whatever the list says of it. */
static bool is_denied_anyway(const Import *import, const char *call) {
        const SyscallGroup *keyring = syscall_group_find("@keyring");

        if (is_call(call, "io_uring_setup") || is_call(call, "openat2"))
                return !has(import, D_RestrictSUIDSGID, "no", false);
        if (is_call(call, "sched_setattr"))
                return !has(import, D_RestrictRealtime, "no", false);
        for (const char *const *m = keyring->members; *m; m++)
                if (streq(*m, call))
                        return !has(import, D_SystemCallFilter, call, false) &&
                               !has(import, D_SystemCallFilter, "@keyring", false);
        return false;
}

/* A line that says nothing else can go: what is denied is denied. As the first, it would say that the rest is allowed. */
static int drop_denied(Import *import) {
        const ImportItem *first = NULL;
        Origin last = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id != D_SystemCallFilter || item->dropped)
                        continue;
                first = first ?: item;
                if (!item->inverted || origin_equal(item->origin, first->origin) ||
                    !is_denied_anyway(import, item->text))
                        continue;
                item->dropped = true;
                if (!origin_equal(item->origin, last))
                        r = import_note(import, line_of(import, item), true, "isorun denies these by itself");
                last = item->origin;
        }
        return r;
}

/* What is ambient is in the bounding set. */
static void drop_ambient(Import *import) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id == D_CapabilityBoundingSet && !item->inverted &&
                    has(import, D_AmbientCapabilities, item->text, false))
                        item->dropped = true;
        }
}

int import_finish(Import *import) {
        int r;

        drop_ambient(import);
        r = drop_read_only(import);
        if (r >= 0)
                r = take_noexec(import);
        return r < 0 ? r : drop_denied(import);
}
