/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SHA-256 of short texts: FIPS 180-4. For files, image/digest.h uses libnettle, which takes a fraction of the time. */

#include <stddef.h>

enum { SHA256_HEX_SIZE = 65 };

/* Writes the digest of n bytes as hexadecimal digits in lower case. */
void sha256_hex(const void *bytes, size_t n, char ret[static SHA256_HEX_SIZE]);
