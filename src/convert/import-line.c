/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-line.h"

#include <errno.h>
#include <stdio.h>

#include "convert/systemd.h"
#include "policy/value/value.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* The path of a specifier of systemd.unit(5) that is a fixed directory for the system's manager, or NULL. */
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

/* Unescapes like systemd-escape(1) --unescape. */
static void write_unescaped(const char *text, int n, FILE *f) {
        for (int i = 0; i < n; i++) {
                unsigned c;

                if (text[i] == '\\' && i + 3 < n && sscanf(text + i, "\\x%2x", &c) == 1 && c) {
                        fputs(c == '%' ? "%" : "", f); /* doubled, so that it does not begin a specifier */
                        fputc((int) c, f);
                        i += 3;
                } else
                        fputc(text[i] == '-' ? '/' : text[i], f);
        }
}

/* Writes the prefix of a unit's name or, for 'j' and 'J', the part of it after the last dash. */
static void write_prefix(const char *prefix, int length, char letter, FILE *f) {
        const char *dash = memrchr(prefix, '-', (size_t) length);

        if (dash && (letter == 'j' || letter == 'J')) {
                length -= (int) (dash + 1 - prefix);
                prefix = dash + 1;
        }
        if (letter == 'p' || letter == 'j')
                fprintf(f, "%.*s", length, prefix);
        else
                write_unescaped(prefix, length, f);
}

/* Writes the part of the unit's name (PREFIX@INSTANCE.service) that the specifier means. Returns false if it means
 * none, or if the name lacks that part. */
static bool write_name(const Import *import, char letter, FILE *f) {
        const char *unit = import->unit, *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
        const int length = (int) (dot ? dot - unit : (ptrdiff_t) strlen(unit));
        const bool is_template = at && dot == at + 1;

        switch (letter) {
        case 'j':
        case 'J':
        case 'P':
        case 'p':
                write_prefix(unit, at ? (int) (at - unit) : length, letter, f);
                return true;
        case 'N':
        case 'n':
                fprintf(f, "%.*s", letter == 'n' ? (int) strlen(unit) : length, unit);
                return !is_template;
        case 'i':
                if (is_template)
                        fputs("%i", f); /* isorun replaces it with the name of the instance */
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

        if (letter && strchr("htuUgGHvb%", letter))
                fprintf(f, "%%%c", letter);
        else if (directory)
                fputs(directory, f);
        else
                return write_name(import, letter, f);
        return true;
}

int import_expand(Import *import, const ImportLine *line, const char *text, char **ret) {
        _cleanup_text_ Text out = {};
        bool good = true;
        char bad = '\0';

        if (text_open(&out) < 0)
                return -ENOMEM;
        for (const char *p = text; *p && good; p++) {
                if (*p != '%') {
                        fputc(*p, out.f);
                        continue;
                }
                bad = *++p;
                good = write_specifier(import, bad, out.f);
                if (!bad)
                        break;
        }
        if (!good)
                return bad ? import_note(import, line, false, "a policy cannot use the specifier %%%c", bad)
                           : import_note(import, line, false, "%% at the end of the value");
        *ret = text_finish(&out);
        return *ret ? 1 : -ENOMEM;
}

/* A policy's spelling of a boolean, whatever the unit's spelling. */
static const char *canonical(const Directive *d, const char *text) {
        bool b;

        if ((d->type == &type_boolean || d->type == &type_namespaces ||
             (d->type->choices && strv_contains((char *const *) d->type->choices, "no"))) &&
            parse_boolean(text, &b) >= 0)
                return b ? "yes" : "no";
        return text;
}

/* The escapes that systemd replaces in words of this line. Its extract_first_word() has other flags for each
 * directive. */
static WordEscapes escapes_of(const ImportLine *line) {
        const Directive *d = directive_find(line->key);

        if (d && d->type == &type_environment)
                return WORD_C;
        return d && d->type == &type_bind ? WORD_COLONS : WORD_PLAIN;
}

int import_expand_words(Import *import, const ImportLine *line, char **words) {
        int r = 1;

        for (char **w = words; w && *w && r > 0; w++) {
                char *expanded;

                r = import_expand(import, line, *w, &expanded);
                if (r > 0) {
                        free(*w);
                        *w = expanded;
                }
        }
        return r;
}

int import_words(Import *import, const ImportLine *line, const char *text, char ***ret) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = word_split_as(text, escapes_of(line), &words);
        if (r == -EINVAL)
                return import_note(import, line, false, "unbalanced quote or backslash at the end of the value");
        if (r == -E2BIG)
                return import_note(import, line, false, "too many words, or a word that is too long");
        if (r >= 0)
                r = import_expand_words(import, line, words);
        if (r > 0)
                *ret = TAKE_PTR(words);
        return r;
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
        if (!import_is_whole(d))
                return same_words(import, line, d);
        if (systemd_is_share(d))
                return import_add(import, directive_id(d), line, line->value, false);
        r = import_expand(import, line, line->value, &text);
        return r > 0 ? import_add(import, directive_id(d), line, canonical(d, text), false) : r;
}
