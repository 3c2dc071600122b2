/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import-model.h"

/* Imports a line. Returns 0 or -ENOMEM. */
typedef int (*ImportRule)(Import *import, const ImportLine *line, const char *argument);

/* The rule for a key of [Service], and its argument. NULL if the key has no rule. */
ImportRule import_rule(const char *key, const char **ret_argument);
