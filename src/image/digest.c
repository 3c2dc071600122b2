/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/digest.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "image/store.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/text.h"

enum { CHECK_EVERY = 1 << 20 }; /* bytes: small files are not worth a system call more */

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

bool digest_interrupted(void) {
        sigset_t pending;

        return sigpending(&pending) >= 0 && (sigismember(&pending, SIGINT) > 0 || sigismember(&pending, SIGTERM) > 0 ||
                                             sigismember(&pending, SIGHUP) > 0);
}

int digest_pump(const HashLibrary *lib, int from, int to, uint64_t size_max, Digest *ret) {
        char buffer[COPY_SIZE];
        struct sha256_ctx hash;
        uint64_t size = 0;
        ssize_t n;

        lib->nettle_sha256_init(&hash);
        while ((n = read(from, buffer, sizeof(buffer))) > 0) {
                const uint64_t before = size;
                int r;

                size += (uint64_t) n;
                if (size > size_max)
                        return -EFBIG;
                if (size / CHECK_EVERY != before / CHECK_EVERY && digest_interrupted())
                        return -EINTR;
                r = to >= 0 ? fd_write_all(to, buffer, (size_t) n) : 0;
                if (r < 0)
                        return r;
                lib->nettle_sha256_update(&hash, (size_t) n, (const uint8_t *) buffer);
        }
        if (n < 0)
                return -errno;
        digest_finish(lib, &hash, ret);
        return 0;
}

int digest_copy(const HashLibrary *lib, int from, int to, uint64_t size_max, Digest *ret) {
        return lseek(from, 0, SEEK_SET) < 0 ? -errno : digest_pump(lib, from, to, size_max, ret);
}

void digest_bytes(const HashLibrary *lib, const void *bytes, size_t n, Digest *ret) {
        struct sha256_ctx hash;

        lib->nettle_sha256_init(&hash);
        lib->nettle_sha256_update(&hash, n, bytes);
        digest_finish(lib, &hash, ret);
}
