/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the host's network is reached. tests/adversary/services.py runs what these attempts look for: servers that greet,
 * one of them in another sandbox, and the host's name server. */
#include "adversary.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define GREETING "host\n"
enum { SERVER = 9798, ENTRANCE = 9799 };

/* Connects, and reads the greeting: connect(2) alone may reach isorun, which then resets the connection. */
static int greet(const struct addrinfo *place) {
        int fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char text[sizeof(GREETING)] = "";

        if (fd < 0 || connect(fd, place->ai_addr, place->ai_addrlen) < 0 ||
            recv(fd, text, strlen(GREETING), MSG_WAITALL) < 0)
                return -errno;
        (void) close(fd);
        return strcmp(text, GREETING) == 0 ? 0 : -ENOMSG;
}

static int greet_host(const char *host, int port) {
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        struct addrinfo *found;
        char service[16];
        int r = -ENXIO;

        (void) snprintf(service, sizeof(service), "%d", port);
        if (getaddrinfo(host, service, &hints, &found) != 0)
                return -EADDRNOTAVAIL;
        for (const struct addrinfo *i = found; i && r < 0; i = i->ai_next)
                r = greet(i);
        return r;
}

static int try_server(const Facts *facts, const Attempt *a) {
        return greet_host(a->path, (int) a->args[0]);
}

/* The first time that the host's name server is asked for a name below rebind.test, it answers with an address of the
 * internet, and then with one of this host. For names below loopback.rebind.test, always with that. */
static int try_rebinding(const Facts *facts, const Attempt *a) {
        char name[128];
        int r = -ENXIO;

        (void) snprintf(name, sizeof(name), "%s.%s", facts->name, a->path);
        for (int i = 0; i < 3 && r < 0; i++)
                r = greet_host(name, SERVER);
        return r;
}

/* The host's name server knows all names below tunnel.test, as one of an adversary would. */
static int try_name(const Facts *facts, const Attempt *a) {
        struct addrinfo *found;

        return getaddrinfo("data.tunnel.test", NULL, NULL, &found) == 0 ? 0 : -EADDRNOTAVAIL;
}

static int ask(const char *server) {
        static const char question[] = "ab\1\0\0\1\0\0\0\0\0\0\4data\6tunnel\4test\0\0\1\0\1";
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct timeval second = { .tv_sec = 1 };
        unsigned char answer[512];

        if (fd < 0 || inet_pton(AF_INET, server, &address.sin_addr) != 1 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0 ||
            connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            send(fd, question, sizeof(question) - 1, 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 12)
                return -errno;
        (void) close(fd);
        return (answer[3] & 15) == 0 && answer[7] > 0 ? 0 : -ENOMSG; /* an answer, and no error */
}

static int try_question(const Facts *facts, const Attempt *a) {
        return ask("127.0.0.53") == 0 ? 0 : ask("127.0.0.1");
}

static const Attempt attempts[] = {
        { "server-loopback", "get an answer from a server of the host's loopback", try_server, { SERVER }, .path = "127.0.0.1" },
        { "server-loopback6", "the same by IPv6", try_server, { SERVER }, .path = "::1" },
        { "server-metadata", "get an answer from the metadata service of a cloud", try_server, { SERVER },
          .path = "169.254.169.254" },
        { "server-entrance", "get an answer from a server in another sandbox, by its port of the host", try_server,
          { ENTRANCE }, .path = "127.0.0.1", .needs = "another sandbox" },
        { "name-loopback", "reach the host by a name that leads there", try_rebinding, .path = "loopback.rebind.test" },
        { "name-rebinds", "reach the host by a name that changes its address between two lookups", try_rebinding,
          .path = "rebind.test" },
        { "name-tunnel", "send data out in a name that is looked up", try_name },
        { "name-question", "send a question to the host's name server", try_question },
};
AREA(area_network, "Network");
