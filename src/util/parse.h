/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The scalar syntaxes of systemd.syntax(7), systemd.time(7) and similar. Each function parses the whole of text and
 * returns 0. On failure it returns -EINVAL (wrong syntax) or -ERANGE (out of range), and does not write *ret. */

/* Yes: 1, yes, y, true, t, on. No: 0, no, n, false, f, off. Upper and lower case are the same. */
int parse_boolean(const char *text, bool *ret);

/* parse_u64() and parse_u64_range() accept only decimal digits; parse_int() also accepts a sign. */
int parse_u64(const char *text, uint64_t *ret);
int parse_u64_range(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
int parse_int(const char *text, int min, int max, int *ret);

/* An octal file mode up to 07777. */
int parse_mode(const char *text, uint32_t *ret);

/* Bytes, with an optional suffix K, M, G, T, P or E to the given base (1024 or 1000), or the suffix B. Accepts
 * fractions. */
int parse_size(const char *text, unsigned base, uint64_t *ret);

/* A percentage in units of 1/10000: "12.5%" is 1250. It may be above 100%. */
int parse_percent(const char *text, uint64_t *ret);

/* A time span in microseconds. "infinity" is UINT64_MAX. A number without a unit is seconds. */
int parse_timespan(const char *text, uint64_t *ret);

/* For a text that parse_timespan() refuses: returns the time span that was probably meant ("5min" for "5minuts"), on
 * the heap, or NULL. */
char *timespan_guess(const char *text);

/* For example "SIGTERM", "TERM", "15", "RTMIN+3". */
int parse_signal(const char *text, int *ret);

enum { ERRNO_MAX = 4095 };

/* An errno by name ("EPERM") or number, 0 to ERRNO_MAX. */
int parse_errno(const char *text, int *ret);

/* A list of CPU or node numbers and ranges ("0-3,5 7") as a bitmap of *ret_bytes bytes, lowest bit first. The caller
 * frees it. May also return -ENOMEM. */
int parse_bitmap(const char *text, uint8_t **ret, unsigned *ret_bytes);
