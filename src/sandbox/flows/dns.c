/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/dns.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "plan/network/flows.h"

enum {
        HEADER = 12,
        LABEL_MAX = 63,
        NAME_MAX_BYTES = 255, /* with the lengths of the labels and the last 0 */
        TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_ANY = 255, CLASS_IN = 1,
        OPT_SIZE = 11,        /* without options */
        TTL = 60,             /* an address is valid as long as the instance */
        NO_ERROR = 0, FORMAT_ERROR = 1, NAME_ERROR = 3, NOT_IMPLEMENTED = 4, REFUSED = 5,
};

typedef struct Question {
        char name[NAME_MAX_BYTES]; /* lower case, without the last dot */
        size_t end;                /* of the question, in the message */
        unsigned type, class;
        bool extended;             /* it has an OPT record */
} Question;

static unsigned get16(const uint8_t *p) {
        return (unsigned) p[0] << 8 | p[1];
}

static uint8_t *put16(uint8_t *p, unsigned n) {
        p[0] = (uint8_t) (n >> 8);
        p[1] = (uint8_t) n;
        return p + 2;
}

/* Reads the name at *position, and moves *position past it. A question has no compressed names. A byte that is no
 * letter, digit, "-" or "_" becomes "?", which no peer has. Returns whether it is a name. */
static bool read_name(const uint8_t *m, size_t size, size_t *position, char name[static NAME_MAX_BYTES]) {
        size_t n = 0, i = *position;

        for (size_t length; i < size && (length = m[i]) > 0; i += length + 1) {
                if (length > LABEL_MAX || i + length >= size || n + length + 1 >= NAME_MAX_BYTES)
                        return false;
                if (n > 0)
                        name[n++] = '.';
                for (size_t k = 1; k <= length; k++) {
                        int c = tolower(m[i + k]);

                        name[n++] = (char) ((c >= 'a' && c <= 'z') || isdigit(c) || c == '-' || c == '_' ? c : '?');
                }
        }
        if (i >= size)
                return false;
        name[n] = '\0';
        *position = i + 1;
        return true;
}

/* Reads an OPT record that ends with the message: the root's name, type, class, TTL, length, options. */
static bool is_opt(const uint8_t *m, size_t size, size_t position) {
        return size - position >= OPT_SIZE && m[position] == 0 && get16(m + position + 1) == TYPE_OPT &&
               get16(m + position + 9) == size - position - OPT_SIZE;
}

/* Reads a message with one question, as resolvers send it. */
static bool read_question(const uint8_t *m, size_t size, Question *ret) {
        size_t position = HEADER;

        if (get16(m + 4) != 1 || get16(m + 6) != 0 || get16(m + 8) != 0 || get16(m + 10) > 1 ||
            !read_name(m, size, &position, ret->name) || size - position < 4)
                return false;
        ret->type = get16(m + position);
        ret->class = get16(m + position + 2);
        ret->end = position + 4;
        ret->extended = get16(m + 10) == 1;
        return ret->extended ? is_opt(m, size, ret->end) : ret->end == size;
}

/* Reads the twin of an address, which has a label for each half of a byte: RFC 3596, 2.5. */
static bool read_reverse_twin(const char *name, uint32_t *ret) {
        static const char digits[] = "0123456789abcdef";
        uint8_t twin[16] = {};

        for (size_t i = 0; i < 2 * sizeof(twin); i++, name += 2) {
                const char *digit = *name ? strchr(digits, *name) : NULL;

                if (!digit || name[1] != '.')
                        return false;
                twin[sizeof(twin) - 1 - i / 2] |= (uint8_t) ((digit - digits) << (i % 2 * 4));
        }
        return streq(name, "ip6.arpa") && flows_read_twin(twin, ret);
}

/* Reads "2.0.18.198.in-addr.arpa". Returns whether it is such a name. */
static bool read_reverse(const char *name, uint32_t *ret) {
        uint8_t a[4];
        char text[64];

        if (sscanf(name, "%hhu.%hhu.%hhu.%hhu.", &a[3], &a[2], &a[1], &a[0]) != 4)
                return false;
        snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1], a[0]);
        *ret = (uint32_t) a[0] << 24 | (uint32_t) a[1] << 16 | (uint32_t) a[2] << 8 | a[3];
        return streq(name, text);
}

static const char *find_reverse(const Hosts *hosts, const char *name) {
        uint32_t address;

        return read_reverse(name, &address) || (hosts->ipv6 && read_reverse_twin(name, &address))
                       ? hosts_find_name(hosts, address) : NULL;
}

static uint8_t *put_name(uint8_t *out, const char *name) {
        while (*name) {
                size_t n = strcspn(name, ".");

                *out++ = (uint8_t) n;
                out = (uint8_t *) mempcpy(out, name, n);
                name += n + (name[n] == '.');
        }
        *out++ = 0;
        return out;
}

/* The name of a record is that of the question: a pointer to it. */
static uint8_t *put_record(uint8_t *out, unsigned type) {
        out = put16(out, 0xc000 | HEADER);
        out = put16(put16(out, type), CLASS_IN);
        return put16(put16(out, 0), TTL);
}

static uint8_t *put_name_of_address(uint8_t *out, const char *name) {
        uint8_t *length = put_record(out, TYPE_PTR);

        out = put_name(length + 2, name);
        put16(length, (unsigned) (out - length - 2));
        return out;
}

static uint8_t *put_address(uint8_t *out, uint32_t address) {
        out = put16(put_record(out, TYPE_A), 4);
        return put16(put16(out, address >> 16), address & UINT16_MAX);
}

static uint8_t *put_twin(uint8_t *out, uint32_t address) {
        out = put16(put_record(out, TYPE_AAAA), 16);
        flows_write_twin(address, out);
        return out + 16;
}

/* Writes the records that the question asks for. Returns the response code. */
static unsigned put_records(Hosts *hosts, const Question *q, uint8_t **out, unsigned *n) {
        const bool any = q->type == TYPE_ANY, wants_ipv4 = q->type == TYPE_A || any;
        const bool wants_ipv6 = hosts->ipv6 && (q->type == TYPE_AAAA || any);
        const char *name = find_reverse(hosts, q->name);
        uint32_t address = INADDR_LOOPBACK;
        int r = 0;

        if (!name && !streq(q->name, "localhost"))
                r = hosts_find(hosts, q->name, wants_ipv4 || wants_ipv6, &address);
        if (q->class != CLASS_IN || r == -ENOENT)
                return NAME_ERROR;
        if (r < 0)
                return REFUSED;
        if (name && (q->type == TYPE_PTR || any)) {
                *out = put_name_of_address(*out, name);
                *n = 1;
        }
        if (!name && wants_ipv4) {
                *out = put_address(*out, address);
                *n = 1;
        }
        if (!name && wants_ipv6 && address != INADDR_LOOPBACK) {
                *out = put_twin(*out, address);
                *n += 1;
        }
        return NO_ERROR;
}

/* Completes the header, which is a copy of the question's, and cuts the counts to what follows. */
static void put_header(uint8_t *answer, unsigned code, bool has_question, unsigned n_records, bool extended) {
        enum { RESPONSE = 0x80, AUTHORITATIVE = 0x04, TRUNCATED = 0x02, RECURSION_AVAILABLE = 0x80 };

        answer[2] = (uint8_t) ((answer[2] & ~TRUNCATED) | RESPONSE | AUTHORITATIVE);
        answer[3] = (uint8_t) (RECURSION_AVAILABLE | code);
        put16(put16(put16(put16(answer + 4, has_question), n_records), 0), extended);
}

/* Whether the payload wants to connect to the name: it asks for addresses, or for all that there is. */
static bool asks_for_address(const Question *q) {
        return q->class == CLASS_IN && (q->type == TYPE_A || q->type == TYPE_AAAA || q->type == TYPE_ANY);
}

size_t dns_answer(Hosts *hosts, const uint8_t *question, size_t size, uint8_t answer[static DNS_SIZE],
                  char unknown[static DNS_NAME_SIZE]) {
        uint8_t *out = answer + HEADER;
        unsigned code, n = 0;
        Question q = {};

        *unknown = '\0';

        if (size < HEADER || question[2] & 0x80 || size > DNS_QUESTION_MAX)
                return 0; /* no question: an answer to an answer could go on for ever */
        memcpy(answer, question, HEADER);
        if (question[2] & 0x78 || !read_question(question, size, &q)) {
                put_header(answer, question[2] & 0x78 ? NOT_IMPLEMENTED : FORMAT_ERROR, false, 0, false);
                return HEADER;
        }
        out = (uint8_t *) mempcpy(out, question + HEADER, q.end - HEADER);
        code = put_records(hosts, &q, &out, &n);
        if (code == NAME_ERROR && asks_for_address(&q))
                memcpy(unknown, q.name, sizeof(q.name));
        if (q.extended) {
                *out++ = 0;
                out = put16(put16(out, TYPE_OPT), DNS_SIZE);
                memset(out, 0, 6);
                out += 6;
        }
        put_header(answer, code, true, n, q.extended);
        return (size_t) (out - answer);
}
