/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/text.h"

#include <errno.h>

char *formatv(const char *fmt, va_list ap) {
        char *s;

        return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

char *format(const char *fmt, ...) {
        va_list ap;
        char *s;

        va_start(ap, fmt);
        s = formatv(fmt, ap);
        va_end(ap);
        return s;
}

char *text_trim(char *s) {
        static const char whitespace[] = " \t\r\n";
        size_t n;

        s += strspn(s, whitespace);
        for (n = strlen(s); n > 0 && strchr(whitespace, s[n - 1]); n--)
                s[n - 1] = '\0';
        return s;
}

static bool make_room(Text *text, size_t n) {
        size_t room = text->room;
        char *bytes;

        if (n < room - text->size)
                return true;
        while (n >= room - text->size)
                room = room ? room * 2 : 64;
        bytes = realloc(text->bytes, room);
        if (!bytes)
                return false;
        text->bytes = bytes;
        text->room = room;
        return true;
}

void text_add_bytes(Text *text, const char *bytes, size_t n) {
        text->failed = text->failed || !make_room(text, n);
        if (text->failed)
                return;
        memcpy(text->bytes + text->size, bytes, n);
        text->size += n;
        text->bytes[text->size] = '\0';
}

void text_add(Text *text, const char *s) {
        text_add_bytes(text, s, strlen(s));
}

void text_add_char(Text *text, char c) {
        text_add_bytes(text, &c, 1);
}

void text_add_hex(Text *text, uint64_t n) {
        char digits[18], *end = digits + sizeof(digits), *p = end;
        const bool prefix = n > 0;

        do
                *--p = "0123456789abcdef"[n & 15];
        while (n >>= 4);
        if (prefix) {
                *--p = 'x';
                *--p = '0';
        }
        text_add_bytes(text, p, (size_t) (end - p));
}

static ssize_t append(void *cookie, const char *bytes, size_t n) {
        Text *text = cookie;

        text_add_bytes(text, bytes, n);
        return text->failed ? 0 : (ssize_t) n;
}

/* open_memstream(3) cannot be used: if memory runs out, glibc drops text and still reports success. */
int text_open(Text *text) {
        *text = (Text) {};
        text->f = fopencookie(text, "w", (cookie_io_functions_t) { .write = append });
        return text->f ? 0 : -ENOMEM;
}

const char *text_so_far(Text *text) {
        if (text->f)
                fflush(text->f);
        text_add(text, ""); /* an empty text has bytes, too */
        return text->failed ? NULL : text->bytes;
}

char *text_finish(Text *text) {
        char *bytes = (char *) text_so_far(text);

        if (bytes)
                text->bytes = NULL;
        text_deinit(text);
        return bytes;
}

void text_deinit(Text *text) {
        if (text->f)
                fclose(text->f);
        free(text->bytes);
        text->f = NULL;
        text->bytes = NULL;
}

void hex_write(const uint8_t *bytes, size_t n, char *ret) {
        for (size_t i = 0; i < n; i++)
                snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}
