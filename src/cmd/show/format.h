/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Numbers for people to read. */

enum { FORMAT_MAX = 32 };

/* "12.5M" */
void format_bytes(char ret[static FORMAT_MAX], uint64_t bytes);

/* "350ms", "12.3s", "4min", "7h", "12d" */
void format_span(char ret[static FORMAT_MAX], uint64_t usec);

/* The time since started_usec, a time of CLOCK_REALTIME, as format_span() writes it. */
void format_age(char ret[static FORMAT_MAX], uint64_t started_usec);
