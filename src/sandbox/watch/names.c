/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>

enum {
        HEADER = 12,
        NAME_MAX_SIZE = 254,
        TYPE_A = 1,
        TYPE_AAAA = 28,
        CLASS_IN = 1,
        RECORDS_MAX = 64,
};

typedef struct Reader {
        const uint8_t *bytes;
        size_t size, at;
} Reader;

static bool take_number(Reader *r, unsigned *ret) {
        if (r->size - r->at < 2)
                return false;
        *ret = (unsigned) r->bytes[r->at] << 8 | r->bytes[r->at + 1];
        r->at += 2;
        return true;
}

static bool skip(Reader *r, size_t n) {
        if (r->size - r->at < n)
                return false;
        r->at += n;
        return true;
}

/* The name of a question, which has no pointers. */
static bool take_name(Reader *r, char ret[static NAME_MAX_SIZE]) {
        size_t used = 0, n;

        while (r->at < r->size && (n = r->bytes[r->at++]) > 0) {
                if (n > 63 || n > r->size - r->at || used + n + 1 >= NAME_MAX_SIZE)
                        return false;
                if (used > 0)
                        ret[used++] = '.';
                for (size_t i = 0; i < n; i++) {
                        const uint8_t c = r->bytes[r->at + i];

                        if (!isalnum(c) && (c != '-' || i == 0))
                                return false;
                        ret[used++] = (char) c;
                }
                r->at += n;
        }
        ret[used] = '\0';
        return used > 0;
}

static bool skip_name(Reader *r) {
        while (r->at < r->size) {
                const uint8_t n = r->bytes[r->at++];

                if (n == 0)
                        return true;
                if (n >= 0xc0)
                        return skip(r, 1);
                if (n > 63 || !skip(r, n))
                        return false;
        }
        return false;
}

static bool take_record(Reader *r, char ret[static INET6_ADDRSTRLEN]) {
        unsigned type, class, size;

        ret[0] = '\0';
        if (!skip_name(r) || !take_number(r, &type) || !take_number(r, &class) || !skip(r, 4) ||
            !take_number(r, &size) || r->size - r->at < size)
                return false;
        if (class == CLASS_IN && type == TYPE_A && size == sizeof(struct in_addr))
                inet_ntop(AF_INET, r->bytes + r->at, ret, INET6_ADDRSTRLEN);
        if (class == CLASS_IN && type == TYPE_AAAA && size == sizeof(struct in6_addr))
                inet_ntop(AF_INET6, r->bytes + r->at, ret, INET6_ADDRSTRLEN);
        r->at += size;
        return true;
}

void names_of_answer(const uint8_t *answer, size_t size,
                     void (*f)(void *userdata, const char *name, const char *address), void *userdata) {
        Reader r = { answer, size, 2 };
        char name[NAME_MAX_SIZE], address[INET6_ADDRSTRLEN];
        unsigned flags, questions, answers, type, class;

        if (size < HEADER || !take_number(&r, &flags) || !take_number(&r, &questions) || !take_number(&r, &answers) ||
            (flags & 0xf80f) != 0x8000 || questions != 1)
                return;
        r.at = HEADER;
        if (!take_name(&r, name) || !take_number(&r, &type) || !take_number(&r, &class) || class != CLASS_IN)
                return;
        for (unsigned i = 0; i < answers && i < RECORDS_MAX && take_record(&r, address); i++)
                if (*address)
                        f(userdata, name, address);
}
