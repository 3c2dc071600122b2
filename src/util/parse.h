/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The scalar syntaxes of systemd.syntax(7), systemd.time(7) and their kin. Each takes the whole of text, returns
 * 0 and writes *ret, or returns -EINVAL (no such thing) or -ERANGE (one too large) and writes nothing. */

/* 1 yes y true t on, 0 no n false f off, in any case. */
int parse_boolean(const char *text, bool *ret);

/* Decimal digits only. */
int parse_u64(const char *text, uint64_t *ret);
int parse_u64_range(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
int parse_int(const char *text, int min, int max, int *ret);

/* An octal file mode up to 07777. */
int parse_mode(const char *text, uint32_t *ret);

/* Bytes with an optional suffix K M G T P E, to the given base (1024 or 1000), fractions allowed. */
int parse_size(const char *text, unsigned base, uint64_t *ret);

/* "12.5%" in units of 1/10000: 1250. No upper limit but the type's. */
int parse_percent(const char *text, uint64_t *ret);

/* A time span in microseconds; "infinity" is UINT64_MAX. A number without unit is seconds. */
int parse_timespan(const char *text, uint64_t *ret);

/* "SIGTERM", "TERM", "15", "RTMIN+3". */
int parse_signal(const char *text, int *ret);

enum { ERRNO_MAX = 4095 };

/* An errno by name ("EPERM") or number, 0 to ERRNO_MAX. */
int parse_errno(const char *text, int *ret);

/* A list of CPU or node numbers and ranges, "0-3,5 7", as a bitmap of n_bytes bytes, lowest bit first, which the
 * caller frees. */
int parse_bitmap(const char *text, uint8_t **ret, unsigned *ret_bytes);
