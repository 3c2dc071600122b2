/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/journal-entry.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/escape.h"
#include "util/fd.h"

int journal_entry_init(JournalEntry *e) {
        return text_open(&e->text);
}

void journal_entry_deinit(JournalEntry *e) {
        text_deinit(&e->text);
}

/* The length of the text, at most JOURNAL_VALUE_MAX bytes. Does not cut a UTF-8 character in two. */
static size_t cut_length(const char *text) {
        size_t n = strlen(text);

        if (n <= JOURNAL_VALUE_MAX)
                return n;
        for (n = JOURNAL_VALUE_MAX; n > 0 && (text[n] & 0xc0) == 0x80;)
                n--;
        return n;
}

void journal_entry_add(JournalEntry *e, const char *name, const char *fmt, ...) {
        _cleanup_free_ char *raw = NULL, *value = NULL;
        va_list ap;

        va_start(ap, fmt);
        raw = formatv(fmt, ap);
        va_end(ap);
        value = raw ? escape(raw) : NULL;
        if (value)
                fprintf(e->text.f, "%s=%.*s\n", name, (int) cut_length(value), value);
}

int journal_entry_send(JournalEntry *e, const char *path) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (fd < 0)
                return -errno;
        if (!text_so_far(&e->text))
                return -ENOMEM;
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        return sendto(fd, e->text.bytes, e->text.size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &address,
                      sizeof(address)) < 0
                       ? -errno
                       : 0;
}
