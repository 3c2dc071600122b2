/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/escape.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/text.h"

/* The length of the UTF-8 sequence at s, or 0 if the sequence is not valid (RFC 3629, section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
static size_t utf8_length(const unsigned char *s) {
        unsigned low = 0x80, high = 0xbf;
        size_t n;

        if (s[0] < 0x80)
                return 1;
        if (s[0] >= 0xc2 && s[0] <= 0xdf)
                n = 2;
        else if (s[0] >= 0xe0 && s[0] <= 0xef)
                n = 3;
        else if (s[0] >= 0xf0 && s[0] <= 0xf4)
                n = 4;
        else
                return 0;

        if (s[0] == 0xe0)
                low = 0xa0;
        else if (s[0] == 0xed)
                high = 0x9f;
        else if (s[0] == 0xf0)
                low = 0x90;
        else if (s[0] == 0xf4)
                high = 0x8f;

        if (s[1] < low || s[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

/* Characters that change the order of those around them (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069),
 * or end a line (U+2028, U+2029): a line would show something else than it says. */
static bool is_reordering(const unsigned char *s) {
        if (s[0] == 0xd8)
                return s[1] == 0x9c;
        if (s[0] != 0xe2)
                return false;
        if (s[1] == 0x80)
                return s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae);
        return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;
}

static bool is_control(const unsigned char *s) {
        return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0) || is_reordering(s);
}

/* Skips printable characters of ASCII, eight at once. Bit 7 of a byte becomes 1 in the first term if the byte is below
 * 0x20 (or follows such a byte), in the second one if it is 0x7f, and is 1 in word if it is not ASCII. */
static const unsigned char *skip_ascii(const unsigned char *s, const unsigned char *end) {
        const uint64_t ones = UINT64_C(0x0101010101010101);
        uint64_t word;

        for (; end - s >= (ptrdiff_t) sizeof(word); s += sizeof(word)) {
                memcpy(&word, s, sizeof(word));
                if (((word - ones * 0x20) | (word + ones) | word) & ones * 0x80)
                        break;
        }
        return s;
}

/* The number of bytes at the beginning that need no escape. */
static size_t plain_length(const char *text) {
        const unsigned char *s = (const unsigned char *) text, *end = s + strlen(text);
        size_t n;

        do {
                s = skip_ascii(s, end);
                while (*s >= 0x20 && *s < 0x7f)
                        s++;
                n = *s && !is_control(s) ? utf8_length(s) : 0;
                s += n;
        } while (n > 0);
        return (size_t) ((const char *) s - text);
}

void escape_write(FILE *f, const char *text) {
        for (;;) {
                size_t n = plain_length(text);

                fwrite(text, 1, n, f);
                if (!text[n])
                        return;
                fprintf(f, "\\x%02x", (unsigned char) text[n]);
                text += n + 1;
        }
}

void escape_add(Text *to, const char *text) {
        for (;;) {
                size_t n = plain_length(text);
                char code[5];

                text_add_bytes(to, text, n);
                if (!text[n])
                        return;
                snprintf(code, sizeof(code), "\\x%02x", (unsigned char) text[n]);
                text_add(to, code);
                text += n + 1;
        }
}

char *escape(const char *text) {
        _cleanup_text_ Text escaped = {};

        escape_add(&escaped, text);
        return text_finish(&escaped);
}

char *make_line(const char *text, size_t max) {
        const unsigned char *s = (const unsigned char *) text;
        char *line = malloc(max + 1), *out = line;

        while (line && *s) {
                size_t n = utf8_length(s);
                bool plain = n > 0 && !is_control(s) && *s != '\\';

                if ((size_t) (out - line) + (plain ? n : 1) > max)
                        break;
                if (plain)
                        out = mempcpy(out, s, n);
                else
                        *out++ = '?';
                s += n ?: 1;
        }
        if (line)
                *out = '\0';
        return line;
}
