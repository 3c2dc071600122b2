/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* Prints value and a newline. Returns 0 or -errno. */
int json_print(const json_t *value, FILE *f);

/* Makes a JSON string of any bytes. If they are not UTF-8, they are written as \xHH. */
json_t *json_text(const char *s);
