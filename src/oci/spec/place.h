/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A value in a JSON text, with the way to it, which messages show as a JSON pointer. */

#include <jansson.h>

#include "util/report.h"

typedef struct Place {
        const struct Place *parent; /* NULL: the whole text */
        const char *key;            /* in the parent, or NULL: */
        size_t index;
        json_t *value; /* borrowed; NULL: the parent has no such value, or null */
        const char *file;
        const char *text; /* of the file, for the lines in messages; NULL: it is not known */
        Report *report;
} Place;

/* Parses an object; a key that is there twice is an error. Returns NULL if it cannot be parsed, reported. */
json_t *place_parse(const char *text, size_t size, const char *file, Report *report);

/* Whether a value is an integer that is known exactly. Engines written in Go have 2^64-1 for "no limit", which
 * libjansson reads as a real number only; it counts as -1. If a file has such a number, libjansson reads all integers
 * of the file as reals, and those from 2^53 on are refused. */
bool place_is_integer(const json_t *value);

/* Such an integer, which json_integer_value() would read as 0 in a file like that; 0 for other values. */
int64_t place_integer(const json_t *value);

Place place_member(const Place *parent, const char *key);
Place place_item(const Place *parent, size_t index);

/* The JSON pointer of a place, on the heap. NULL when memory runs out. */
char *place_pointer(const Place *place);

/* Report an error or a notice about the value. place_error() returns -error. */
int place_error(const Place *place, int error, const char *format, ...) _printf_(3, 4);
void place_notice(const Place *place, const char *format, ...) _printf_(2, 3);

/* Read a member, whose kind fields_check() has checked. If the parent has no such member, a number stays, and texts are
 * NULL. Return 0, or -errno, reported. */
int place_number(const Place *parent, const char *key, int64_t min, int64_t max, int64_t *ret);
int place_texts(const Place *parent, const char *key, char ***ret);
