/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/word.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "util/strv.h"
#include "util/text.h"

enum {
        WORDS_MAX = 10000,
        WORD_LENGTH_MAX = 128 << 10, /* no argument of execve(2) may be longer */
};

#define WHITESPACE " \t\n\r"

static void add(Text *out, uint32_t byte) {
        text_add_char(out, (char) byte);
}

static int put_utf8(Text *out, uint32_t c) {
        if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return -EINVAL;

        if (c < 0x80)
                add(out, c);
        else if (c < 0x800)
                add(out, 0xc0 | c >> 6);
        else if (c < 0x10000)
                add(out, 0xe0 | c >> 12);
        else
                add(out, 0xf0 | c >> 18);
        if (c >= 0x10000)
                add(out, 0x80 | (c >> 12 & 0x3f));
        if (c >= 0x800)
                add(out, 0x80 | (c >> 6 & 0x3f));
        if (c >= 0x80)
                add(out, 0x80 | (c & 0x3f));
        return 0;
}

/* Parses exactly n digits in this base. */
static int take_number(const char **p, size_t n, int base, uint32_t *ret) {
        char digits[9] = "", *end;

        for (size_t i = 0; i < n; i++) {
                if (!isxdigit((unsigned char) (*p)[i]))
                        return -EINVAL;
                digits[i] = (*p)[i];
        }

        *ret = (uint32_t) strtoul(digits, &end, base);
        if (*end)
                return -EINVAL;
        *p += n;
        return 0;
}

/* *p is the character after the backslash. Writes nothing if it fails. */
static int take_c_escape(const char **p, Text *out) {
        static const char plain[][2] = { { 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' },  { 'n', '\n' },
                                         { 'r', '\r' }, { 't', '\t' }, { 'v', '\v' },  { 's', ' ' },
                                         { '"', '"' },  { '\'', '\'' }, { '\\', '\\' } };
        uint32_t c;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(plain); i++)
                if (**p == plain[i][0]) {
                        (*p)++;
                        text_add_char(out, plain[i][1]);
                        return 0;
                }

        switch (**p) {
        case 'x':
                (*p)++;
                r = take_number(p, 2, 16, &c);
                break;
        case 'u':
                (*p)++;
                r = take_number(p, 4, 16, &c);
                return r < 0 ? r : put_utf8(out, c);
        case 'U':
                (*p)++;
                r = take_number(p, 8, 16, &c);
                return r < 0 ? r : put_utf8(out, c);
        default:
                r = take_number(p, 3, 8, &c);
        }

        /* A NUL would silently end the word. */
        if (r < 0 || c == 0 || c > 255)
                return -EINVAL;
        text_add_char(out, (char) c);
        return 0;
}

/* Does the same, but keeps the backslash of an escape that C does not have. */
static int take_lenient_escape(const char **p, Text *out) {
        const char *start = *p;
        int r = take_c_escape(p, out);

        if (r != -EINVAL)
                return r;
        *p = start;
        text_add_char(out, '\\');
        if (**p)
                text_add_char(out, *(*p)++);
        return 0;
}

static int take_plain_escape(const char **p, Text *out) {
        if (!**p)
                return -EINVAL;
        text_add_char(out, *(*p)++);
        return 0;
}

/* *p is the character after the backslash. */
static int take_escape(const char **p, WordEscapes escapes, Text *out) {
        if (**p == ':' && escapes != WORD_PLAIN) { /* C has no such escape, word_split_colons() needs it */
                text_add(out, "\\:");
                (*p)++;
                return 0;
        }
        return escapes == WORD_STRICT ? take_c_escape(p, out)
               : escapes == WORD_C    ? take_lenient_escape(p, out)
                                      : take_plain_escape(p, out);
}

static int take_word(const char **text, WordEscapes escapes, Text *out) {
        const char *p = *text;
        char quote = 0;
        int r;

        for (; *p && (quote || !strchr(WHITESPACE, *p));) {
                size_t plain = strcspn(p, WHITESPACE "\\\"':");

                if (plain > 0) {
                        text_add_bytes(out, p, plain);
                        p += plain;
                } else if (*p == '\\') {
                        p++;
                        r = take_escape(&p, escapes, out);
                        if (r < 0)
                                return r;
                } else if (quote ? *p == quote : *p == '"' || *p == '\'') {
                        quote = quote ? 0 : *p;
                        p++;
                } else {
                        if (*p == ':' && quote && escapes == WORD_COLONS)
                                text_add_char(out, '\\');
                        text_add_char(out, *p++);
                }
        }

        *text = p;
        return quote ? -EINVAL : 0;
}

static int next_as(const char **text, WordEscapes escapes, char **ret) {
        _cleanup_text_ Text word = {};
        int r;

        *text += strspn(*text, WHITESPACE);
        if (!**text)
                return 0;

        r = take_word(text, escapes, &word);
        if (r < 0)
                return r;
        *ret = text_finish(&word);
        return *ret ? 1 : -ENOMEM;
}

int word_unescape(const char *text, char **ret) {
        _cleanup_text_ Text out = {};
        int r = 0;

        while (*text && r >= 0)
                if (text[0] == '\\' && text[1] != ':') {
                        text++;
                        r = take_c_escape(&text, &out);
                } else
                        text_add_char(&out, *text++);
        if (r < 0)
                return r;
        *ret = text_finish(&out);
        return *ret ? 0 : -ENOMEM;
}

/* Takes over word, also on failure. Unlike strv_consume(), it does not count the words each time. */
static int add_word(char ***words, size_t *n, char *word) {
        char **w = *words;

        if ((*n & (*n + 1)) == 0) /* room for twice as many, and for NULL */
                w = word ? reallocarray(w, 2 * (*n + 1), sizeof(char *)) : NULL;
        if (!w || !word) {
                free(word);
                return -ENOMEM;
        }
        *words = w;
        w[*n] = word;
        w[*n + 1] = NULL;
        return ++*n > WORDS_MAX || strlen(word) > WORD_LENGTH_MAX ? -E2BIG : 0;
}

int word_split_as(const char *text, WordEscapes escapes, char ***ret) {
        _cleanup_strv_free_ char **words = NULL;
        size_t n = 0;
        char *word;
        int r;

        while ((r = next_as(&text, escapes, &word)) > 0) {
                r = add_word(&words, &n, word);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(words);
        return 0;
}

int word_split(const char *text, char ***ret) {
        return word_split_as(text, WORD_STRICT, ret);
}

/* Whether text begins with token, followed by white space or the end. */
static bool stands_alone(const char *text, const char *token) {
        const char *rest = startswith(text, token);

        return rest && (!*rest || strchr(WHITESPACE, *rest));
}

/* Skips white space and each ";" before a command. */
static const char *skip_separators(const char *text) {
        text += strspn(text, WHITESPACE);
        while (stands_alone(text, ";")) {
                text++;
                text += strspn(text, WHITESPACE);
        }
        return text;
}

int word_split_command(const char **text, char ***ret) {
        _cleanup_strv_free_ char **words = NULL;
        const char *p = skip_separators(*text);
        size_t n = 0;
        int r = 1;

        while (r > 0 && !stands_alone(p, ";")) {
                char *word = NULL;

                /* A ";" in quotes, "\\;" and "\073" are ordinary words. */
                if (words && stands_alone(p, "\\;")) {
                        p += 2;
                        word = strdup(";");
                        r = 1;
                } else
                        r = next_as(&p, WORD_C, &word);
                if (r > 0) {
                        int q = add_word(&words, &n, word);

                        if (q < 0)
                                return q;
                }
                p += strspn(p, WHITESPACE);
        }
        if (r < 0)
                return r;

        *text = skip_separators(p);
        *ret = TAKE_PTR(words);
        return 0;
}

int word_resolve_dollars(char *word) {
        char *out = word;

        if (word[0] == '$' && word[1] != '$')
                return -EINVAL;
        for (const char *in = word; *in; in++) {
                if (in[0] == '$' && in[1] == '{')
                        return -EINVAL;
                if (in[0] == '$' && in[1] == '$')
                        in++;
                *out++ = *in;
        }
        *out = '\0';
        return 0;
}

int word_split_colons(const char *word, char ***ret) {
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *field = malloc(strlen(word) + 1);
        char *out = field, **next;
        size_t n = 1;

        for (const char *p = word; *p; p++)
                n += *p == ':';
        fields = next = calloc(n + 1, sizeof(char *));
        if (!field || !fields)
                return -ENOMEM;

        for (const char *p = word;; p++) {
                if (p[0] == '\\' && p[1] == ':') {
                        *out++ = *++p;
                        continue;
                }
                if (*p && *p != ':') {
                        *out++ = *p;
                        continue;
                }
                *out = '\0';
                *next = strdup(field);
                if (!*next++)
                        return -ENOMEM;
                out = field;
                if (!*p)
                        break;
        }

        *ret = TAKE_PTR(fields);
        return 0;
}

void percent_write(FILE *f, const char *text) {
        for (; *text; text++) {
                if (*text == '%')
                        fputc('%', f);
                fputc(*text, f);
        }
}

/* Whether the word is empty or contains a character that has a special meaning at its place. */
static bool needs_quotes(const char *word) {
        return !*word || strpbrk(word, " \t\n\r'\"") || strchr("#;", word[0]) || endswith(word, "\\");
}

void word_write(FILE *f, const char *word, unsigned flags) {
        const char *quote = needs_quotes(word) ? "\"" : "";

        fputs(quote, f);
        for (const char *p = word; *p; p++) {
                if (p[0] == '\\' && p[1] == ':')
                        fputc(*p++, f);
                else if (*p == '\\' || *p == '"')
                        fputc('\\', f);
                else if (iscntrl((unsigned char) *p)) {
                        fprintf(f, "\\x%02x", (unsigned char) *p);
                        continue;
                } else if ((*p == '%' && flags & WORD_PERCENT) || (*p == '$' && flags & WORD_DOLLAR))
                        fputc(*p, f);
                fputc(*p, f);
        }
        fputs(quote, f);
}

void literal_write(FILE *f, const char *text, bool colons) {
        for (const char *c = text; *c; c++)
                if ((unsigned char) *c < ' ' || *c == 0x7f)
                        fprintf(f, "\\x%02x", (unsigned char) *c);
                else if (*c == '\\' || (*c == ':' && colons))
                        fprintf(f, "\\%c", *c);
                else
                        fprintf(f, "%s%c", *c == '%' ? "%" : "", *c);
}
