/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/proxy.h"

#include <string.h>

static uint8_t *put(uint8_t *out, const void *bytes, size_t n) {
        memcpy(out, bytes, n);
        return out + n;
}

size_t proxy_header(const Address *client, const Address *host, uint8_t header[static PROXY_SIZE]) {
        static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
        enum { VERSION_2_PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21, SIZE4 = 12, SIZE6 = 36 };
        uint8_t family = 0, size = 0, *out = put(header, signature, sizeof(signature) - 1);

        if (client->any.sa_family == AF_INET && host->any.sa_family == AF_INET) {
                family = TCP4;
                size = SIZE4;
        } else if (client->any.sa_family == AF_INET6 && host->any.sa_family == AF_INET6) {
                family = TCP6;
                size = SIZE6;
        }
        out = put(out, (uint8_t[]) { VERSION_2_PROXY, family, 0, size }, 4);
        if (family == TCP4) {
                out = put(put(out, &client->v4.sin_addr, 4), &host->v4.sin_addr, 4);
                out = put(put(out, &client->v4.sin_port, 2), &host->v4.sin_port, 2);
        } else if (family == TCP6) {
                out = put(put(out, &client->v6.sin6_addr, 16), &host->v6.sin6_addr, 16);
                out = put(put(out, &client->v6.sin6_port, 2), &host->v6.sin6_port, 2);
        }
        return (size_t) (out - header);
}
