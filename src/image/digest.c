/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/digest.h"

#include <errno.h>
#include <unistd.h>

#include "image/store.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/text.h"

LIBRARY_NOTE(nettle, "images", "Digests of container images", "suggested", "libnettle.so.8");

int hash_library_load(HashLibrary *lib, Report *report) {
        static const char *const names[] = { HASH_FUNCTIONS(LIBRARY_NAME) };
        int r = library_load("libnettle.so.8", names, ELEMENTSOF(names), lib);

        return r < 0 ? report_error(report, -r, "container images need libnettle.so.8%s", library_advice()) : 0;
}

int digest_parse(const char *text, Digest *ret) {
        const char *hex = startswith(text, "sha256:");

        if (!hex || !digest_is_hex(hex))
                return -EINVAL;
        memcpy(ret->hex, hex, sizeof(ret->hex));
        return 0;
}

void digest_finish(const HashLibrary *lib, struct sha256_ctx *hash, Digest *ret) {
        uint8_t bytes[SHA256_DIGEST_SIZE];

        lib->nettle_sha256_digest(hash, sizeof(bytes), bytes);
        hex_write(bytes, sizeof(bytes), ret->hex);
}

int digest_copy(const HashLibrary *lib, int from, int to, Digest *ret) {
        char buffer[COPY_SIZE];
        struct sha256_ctx hash;
        ssize_t n;

        if (lseek(from, 0, SEEK_SET) < 0 && errno != ESPIPE)
                return -errno;
        lib->nettle_sha256_init(&hash);
        while ((n = read(from, buffer, sizeof(buffer))) > 0) {
                int r = to >= 0 ? fd_write_all(to, buffer, (size_t) n) : 0;

                if (r < 0)
                        return r;
                lib->nettle_sha256_update(&hash, (size_t) n, (const uint8_t *) buffer);
        }
        if (n < 0)
                return -errno;
        digest_finish(lib, &hash, ret);
        return 0;
}

void digest_bytes(const HashLibrary *lib, const void *bytes, size_t n, Digest *ret) {
        struct sha256_ctx hash;

        lib->nettle_sha256_init(&hash);
        lib->nettle_sha256_update(&hash, n, bytes);
        digest_finish(lib, &hash, ret);
}
