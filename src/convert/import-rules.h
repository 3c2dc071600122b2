/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import-model.h"

/* What is done with the lines of a key. Returns 0 or -ENOMEM. */
typedef int (*ImportRule)(Import *import, const ImportLine *line, const char *argument);

/* The rule for a key of [Service], with its argument; NULL if the key has none. */
ImportRule import_rule(const char *key, const char **ret_argument);
