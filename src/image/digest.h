/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SHA-256, by libnettle. Debian's libarchive needs it, too. The kernel may have no AF_ALG. */

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/library.h"
#include "util/report.h"

enum { COPY_SIZE = 128 * 1024 }; /* of a buffer for whole files */

/* 64 hexadecimal digits in lower case. All other digests of OCI are refused. */
typedef struct Digest {
        char hex[2 * SHA256_DIGEST_SIZE + 1];
} Digest;

/* What an image says of a file before that is read: OCI's descriptor. */
typedef struct Descriptor {
        Digest digest;
        int64_t size; /* in bytes; negative: not known */
} Descriptor;

#define HASH_FUNCTIONS(X)      \
        X(nettle_sha256_init)  \
        X(nettle_sha256_update)\
        X(nettle_sha256_digest)

typedef struct HashLibrary {
        HASH_FUNCTIONS(LIBRARY_POINTER)
} HashLibrary;

/* Returns 0 or -errno, reported. */
int hash_library_load(HashLibrary *lib, Report *report);

/* Parses "sha256:…". Returns 0 or -EINVAL. */
int digest_parse(const char *text, Digest *ret);

/* Ends the computation. */
void digest_finish(const HashLibrary *lib, struct sha256_ctx *hash, Digest *ret);

/* Whether SIGINT, SIGTERM or SIGHUP waits: image_add() blocks them, and cleans up before one ends the process. */
bool digest_interrupted(void);

/* Copies the rest of a file or pipe, and computes the digest of the bytes. to may be -1. Returns 0; -EFBIG for more
 * than size_max bytes; -EINTR if digest_interrupted(); or another -errno, such as -EPIPE. */
int digest_pump(const HashLibrary *lib, int from, int to, uint64_t size_max, Digest *ret);

/* The same from the beginning of a file. */
int digest_copy(const HashLibrary *lib, int from, int to, uint64_t size_max, Digest *ret);

/* The digest of some bytes. */
void digest_bytes(const HashLibrary *lib, const void *bytes, size_t n, Digest *ret);
