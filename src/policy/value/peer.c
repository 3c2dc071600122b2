/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers of ConnectTo=: HOST:PORT[/udp][,PORT[/udp]…][=TARGET]. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "policy/value/value.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum { NAME_MAX_LENGTH = 253, LABEL_MAX = 63 }; /* RFC 1035, 2.3.4 */

/* Whether the text is a domain name as programs ask for it. */
static bool is_name(const char *s) {
        size_t label = 0, n = strlen(s);

        for (const char *c = s; *c; c++) {
                if (*c == '.' ? label == 0 : !isalnum((unsigned char) *c) && *c != '-' && *c != '_')
                        return false;
                label = *c == '.' ? 0 : label + 1;
                if (label > LABEL_MAX)
                        return false;
        }
        return label > 0 && n <= NAME_MAX_LENGTH;
}

static bool is_address(const char *s) {
        struct in6_addr a;

        return inet_pton(AF_INET, s, &a) == 1 || inet_pton(AF_INET6, s, &a) == 1;
}

/* Checks a host, and makes it lower case, as names in answers of DNS are compared. */
static int check_host(ValueParser *p, char *host) {
        const char *name = startswith(host, "*.") ? host + strlen("*.") : host;
        struct in_addr odd;

        if (is_address(host))
                return 0;
        for (char *c = host; *c; c++)
                *c = (char) tolower((unsigned char) *c);
        if (!is_name(name))
                return value_not(p, "a host name or an address", host);
        /* Resolvers take "127.1" and "0x7f000001" for addresses. */
        return inet_aton(name, &odd) ? value_not(p, "an address with four decimal numbers", host) : 0;
}

/* Splits HOST:REST or [ADDRESS]:REST, in place. Returns -EBADMSG, reported, if there is no port. */
static int split_host(ValueParser *p, char *word, char **ret_host, char **ret_rest) {
        bool bracket = *word == '[';
        char *end = bracket ? strchr(word, ']') : strchr(word, ':');

        if (!end || (bracket && end[1] != ':'))
                return value_not(p, "HOST:PORT", word);
        if (!bracket && strchr(end + 1, ':'))
                return value_not(p, "HOST:PORT (an IPv6 address is written in brackets)", word);
        *end = '\0';
        *ret_host = word + bracket;
        *ret_rest = end + 1 + bracket;
        if (bracket && !strchr(*ret_host, ':'))
                return value_not(p, "an IPv6 address", *ret_host);
        return check_host(p, *ret_host);
}

/* What a peer leads to, if not to itself. */
typedef struct Target {
        const char *place; /* a host or a path; NULL: the peer itself */
        uint64_t flags;    /* PEER_*, and the port */
} Target;

/* Parses [user:|system:]NAME.socket[#NUMBER], in place. */
static int parse_unit(ValueParser *p, char *text, Target *ret) {
        const bool user = startswith(text, "user:"), system = startswith(text, "system:");
        char *name = text + (user ? strlen("user:") : system ? strlen("system:") : 0), *number = strchr(name, '#');
        uint64_t n = 0;

        if (number)
                *number++ = '\0';
        if (!value_is_unit_name(name) || !endswith(name, ".socket") || strstr(name, "@."))
                return value_not(p, "the name of a socket unit", name);
        if (number && parse_u64_range(number, 1, PEER_PORT_MASK, &n) < 0)
                return value_not(p, "the number of a line ListenStream=, from 1 on", number);
        *ret = (Target) { name, PEER_UNIT | n | (user ? PEER_OF_USER : system ? PEER_OF_SYSTEM : 0) };
        return 0;
}

/* Parses what is after "=", in place. */
static int parse_target(ValueParser *p, char *text, Target *ret) {
        char *host, *port_text;
        uint64_t port;
        int r;

        if (streq(text, "private")) {
                ret->flags = PEER_PRIVATE;
                return 0;
        }
        if (startswith(text, "unix:")) {
                ret->place = text + strlen("unix:");
                ret->flags = PEER_UNIX;
                return path_is_safe(ret->place) ? 0 : value_not(p, "the absolute path of a socket", ret->place);
        }
        if (startswith(text, "unit:"))
                return parse_unit(p, text + strlen("unit:"), ret);
        r = split_host(p, text, &host, &port_text);
        if (r >= 0 && *host == '*')
                r = value_error(p, "a peer cannot lead to the pattern %s", host);
        if (r >= 0)
                r = value_port(p, port_text, &port);
        if (r < 0)
                return r;
        *ret = (Target) { host, port };
        return 0;
}

/* port_text: PORT or PORT/udp; target_text: with its "=", or empty. */
static int emit_peer(ValueParser *p, const char *host, char *port_text, const Target *target, const char *target_text) {
        _cleanup_free_ char *text = format(strchr(host, ':') ? "[%s]:%s%s" : "%s:%s%s", host, port_text, target_text);
        bool udp = endswith(port_text, "/udp");
        uint64_t port;
        int r;
        _cleanup_strv_free_ char **words = NULL;

        if (udp)
                port_text[strlen(port_text) - strlen("/udp")] = '\0';
        r = value_port(p, port_text, &port);
        if (r < 0)
                return r;
        if (udp && *host == '*')
                return value_error(p, "the names of a pattern are reached by TCP, not by UDP");
        if (udp && target->flags & (PEER_UNIX | PEER_UNIT))
                return value_error(p, "a socket is reached by TCP, not by UDP");
        if (!text || strv_push(&words, host) < 0 || (target->place && strv_push(&words, target->place) < 0))
                return -ENOMEM;
        return value_emit(p, text, (Value) { .words = TAKE_PTR(words), .number = port,
                                             .number2 = target->flags | (udp ? PEER_UDP : 0) });
}

/* Emits a value for each port. */
static int check_peer(ValueParser *p, const char *word) {
        const char *target_begin = strchrnul(word, '=');
        _cleanup_free_ char *copy = strdup(word);
        char *host, *ports, *target_text, *position = NULL;
        Target target = {};
        int r;

        if (!copy)
                return -ENOMEM;
        target_text = strchr(copy, '=');
        if (target_text)
                *target_text++ = '\0';
        r = split_host(p, copy, &host, &ports);
        if (r >= 0 && target_text)
                r = parse_target(p, target_text, &target);
        if (r >= 0 && (!*ports || *ports == ',' || strstr(ports, ",,") || endswith(ports, ",")))
                r = value_not(p, "HOST:PORT[/udp][,PORT[/udp]…]", word);
        for (char *text = r < 0 ? NULL : strtok_r(ports, ",", &position); text && r >= 0;
             text = strtok_r(NULL, ",", &position))
                r = emit_peer(p, host, text, &target, target_begin);
        return r;
}

static int parse_peers(ValueParser *p, const char *text) {
        return value_each(p, text, check_peer);
}

/* Each flow needs two sockets, and a process can have a million files at most (fs.nr_open). */
static int parse_flows_max(ValueParser *p, const char *text) {
        Value v = {};

        if (parse_u64_range(text, 1, 100000, &v.number) < 0)
                return value_not(p, "a number from 1 to 100000", text);
        return value_emit(p, text, v);
}

const ValueType type_flows_max = { "1…100000", parse_flows_max, NULL };
const ValueType type_peers = { "HOST:PORT[/udp][,PORT[/udp]…][=TARGET]…", parse_peers, NULL };
