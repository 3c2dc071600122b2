/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/show/json-library.h"

/* Parses a text of plan_write_summary() into an object with a member for each line. The text may be from another user.
 * The function changes it. Returns 0 with *ret, which the caller frees, or -errno: -EPROTO for any other text. */
int json_summary(const JsonLibrary *lib, char *text, json_t **ret);

/* Makes the object of an origin. Returns NULL if memory is short. */
json_t *json_origin(const JsonLibrary *lib, const char *file, unsigned line);
