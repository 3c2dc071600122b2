/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/show/json-library.h"

/* Makes an object of what plan_write_summary() has written: a member for each line. The text may be from another user,
 * and is changed. Returns 0 with *ret, which the caller frees, or -errno: -EPROTO for any other text. */
int json_summary(const JsonLibrary *lib, char *text, json_t **ret);

/* Makes the object of an origin. Returns NULL if memory is short. */
json_t *json_origin(const JsonLibrary *lib, const char *file, unsigned line);
