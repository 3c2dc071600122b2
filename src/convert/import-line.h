/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Converts the values of a unit's lines. */

#include "convert/import-model.h"

/* Replaces the specifiers that a policy does not have. Those that it has, and %%, stay; a % from the unit's name is
 * doubled. Returns 1 with *ret on the heap, 0 with a note if a specifier cannot be replaced, or -ENOMEM. */
int import_expand(Import *import, const ImportLine *line, const char *text, char **ret);

/* Replaces each word by the result of import_expand(). Returns 1, 0 or -ENOMEM, like import_expand(). */
int import_expand_words(Import *import, const ImportLine *line, char **words);

/* Splits text into words as systemd does for this directive, and expands each. Returns like import_expand(). */
int import_words(Import *import, const ImportLine *line, const char *text, char ***ret);

/* Adds the line to the directive of this name, with the same meaning. Returns 0 or -ENOMEM. */
int import_same(Import *import, const ImportLine *line, const char *name);
