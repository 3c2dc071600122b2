/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/notify/text.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/parse.h"

int notify_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size) {
        size_t size = strlen(text);
        bool abstract = text[0] == '@';

        if (text[0] != '/' && !abstract)
                return -EINVAL;
        /* A path is terminated, an abstract name is not: unix(7). */
        if (size + !abstract > sizeof(ret->sun_path))
                return -ENAMETOOLONG;
        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        memcpy(ret->sun_path, text, size);
        if (abstract)
                ret->sun_path[0] = '\0';
        *ret_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + size + !abstract);
        return 0;
}

bool notify_text_is_whole(const char *text, size_t size) {
        const char *nul = memchr(text, '\0', size);

        return !nul || nul == text + size - 1;
}

static bool is_end(char c) {
        return c == '\n' || c == '\r' || c == '\0';
}

/* Returns the length of the first line, without its end. */
static size_t line_length(const char *text, size_t size) {
        size_t n = 0;

        while (n < size && !is_end(text[n]))
                n++;
        return n;
}

static bool begins(const char *line, size_t size, const char *key) {
        size_t n = strlen(key);

        return size >= n && memcmp(line, key, n) == 0;
}

static pid_t parse_main_pid(const char *line, size_t size) {
        static const char key[] = "MAINPID=";
        size_t n = sizeof(key) - 1;
        char number[16];
        uint64_t pid;

        if (!begins(line, size, key) || size - n >= sizeof(number))
                return 0;
        memcpy(number, line + n, size - n);
        number[size - n] = '\0';
        return parse_u64_range(number, 1, INT32_MAX, &pid) < 0 ? 0 : (pid_t) pid;
}

size_t notify_text_strip(char *text, size_t size, pid_t *ret_pid) {
        bool taken = false, left = false;
        size_t kept = 0;

        *ret_pid = 0;
        for (size_t i = 0, n; i < size; i += n) {
                size_t length = line_length(text + i, size - i);

                n = length + (i + length < size);
                if (begins(text + i, length, "MAINPID")) {
                        *ret_pid = parse_main_pid(text + i, length) ?: *ret_pid;
                        taken = true;
                        continue;
                }
                left = left || length > 0;
                memmove(text + kept, text + i, n);
                kept += n;
        }
        return taken && !left ? 0 : kept;
}

static bool is_line(const char *line, size_t size, const char *expected) {
        return size == strlen(expected) && memcmp(line, expected, size) == 0;
}

bool notify_text_has(const char *text, size_t size, const char *line) {
        for (size_t i = 0; i < size;) {
                size_t length = line_length(text + i, size - i);

                if (is_line(text + i, length, line))
                        return true;
                i += length + 1;
        }
        return false;
}

bool notify_text_denies(const char *text, size_t size, const char *key, const char *line) {
        for (size_t i = 0; i < size;) {
                size_t length = line_length(text + i, size - i);

                if (begins(text + i, length, key) && !is_line(text + i, length, line))
                        return true;
                i += length + 1;
        }
        return false;
}
