/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entrances of ListenOn=: [ADDRESS:]PORT[=PORT] or unix:PATH=PORT, and ",proxy". */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>

#include "policy/value/value.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

#define DEFAULT_ADDRESS "127.0.0.1"

/* Where the host's programs connect to. */
typedef struct Outside {
        char *place; /* an address or a path */
        uint64_t port, flags;
} Outside;

/* Parses an address of the host, which is its shortest form then. */
static int parse_address(ValueParser *p, const char *text, bool bracket, char **ret) {
        char shortest[INET6_ADDRSTRLEN];
        struct in6_addr a;
        int family = bracket ? AF_INET6 : AF_INET;

        if (inet_pton(family, text, &a) != 1)
                return value_not(p, bracket ? "an IPv6 address" : "an address of this host", text);
        *ret = strdup(inet_ntop(family, &a, shortest, sizeof(shortest)));
        return *ret ? 0 : -ENOMEM;
}

/* Parses [ADDRESS:]PORT or unix:PATH, in place. */
static int parse_outside(ValueParser *p, char *text, Outside *ret) {
        bool bracket = *text == '[';
        char *colon = strrchr(text, ':'), *end = bracket ? strchr(text, ']') : colon;

        if (startswith(text, "unix:")) {
                ret->flags = LISTEN_UNIX;
                if (!path_is_safe(text + strlen("unix:")))
                        return value_not(p, "the absolute path of a socket", text + strlen("unix:"));
                ret->place = path_simplify(text + strlen("unix:"));
                return ret->place ? 0 : -ENOMEM;
        }
        if (!colon) {
                ret->place = strdup(DEFAULT_ADDRESS);
                return ret->place ? value_port(p, text, &ret->port) : -ENOMEM;
        }
        if (!end || (bracket && end + 1 != colon))
                return value_not(p, "ADDRESS:PORT", text);
        *end = *colon = '\0';
        if (value_port(p, colon + 1, &ret->port) < 0)
                return -EBADMSG;
        return parse_address(p, text + bracket, bracket, &ret->place);
}

static int emit_entrance(ValueParser *p, const Outside *o, uint64_t inside) {
        bool ipv6 = !(o->flags & LISTEN_UNIX) && strchr(o->place, ':');
        const char *proxy = o->flags & LISTEN_PROXY ? ",proxy" : "";
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *text = NULL;

        if (o->flags & LISTEN_UNIX)
                text = format("unix:%s=%" PRIu64 "%s", o->place, inside, proxy);
        else
                text = format("%s%s%s:%" PRIu64 "=%" PRIu64 "%s", ipv6 ? "[" : "", o->place, ipv6 ? "]" : "", o->port,
                              inside, proxy);
        if (!text || strv_push(&words, o->place) < 0)
                return -ENOMEM;
        return value_emit(p, text, (Value) { .words = TAKE_PTR(words), .number = o->port,
                                             .number2 = inside | o->flags });
}

static int check_entrance(ValueParser *p, const char *word) {
        _cleanup_free_ char *copy = strdup(word);
        char *option, *inside_text;
        Outside o = {};
        uint64_t inside = 0;
        int r;

        if (!copy)
                return -ENOMEM;
        option = strrchr(copy, ',');
        if (option && streq(option, ",proxy"))
                *option = '\0';
        else
                option = NULL;
        inside_text = strrchr(copy, '=');
        if (inside_text)
                *inside_text++ = '\0';
        r = parse_outside(p, copy, &o);
        o.flags |= option ? LISTEN_PROXY : 0;
        if (r >= 0 && !inside_text && o.flags & LISTEN_UNIX)
                r = value_not(p, "unix:PATH=PORT", word);
        if (r >= 0)
                r = inside_text ? value_port(p, inside_text, &inside) : 0;
        if (r >= 0)
                r = emit_entrance(p, &o, inside_text ? inside : o.port);
        free(o.place);
        return r;
}

static int parse_listen(ValueParser *p, const char *text) {
        return value_each(p, text, check_entrance);
}

const ValueType type_listen = { "[ADDRESS:]PORT[=PORT][,proxy]…, unix:PATH=PORT…", parse_listen, NULL };
