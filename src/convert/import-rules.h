/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import-model.h"
#include "policy/unit-line.h"

/* Imports a line. Returns 0 or -ENOMEM. */
typedef int (*ImportRule)(Import *import, const ImportLine *line, const char *argument);

/* The rule for a key of [Service], and its argument. NULL if the key has no rule. */
ImportRule import_rule(const char *key, const char **ret_argument);

/* Imports a line that a policy does not have as such. Returns 0 or -ENOMEM. */
int import_unit_line(Import *import, const ImportLine *line, const UnitLine *known);
