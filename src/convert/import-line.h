/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What stands in a line of a unit. */

#include "convert/import-model.h"

/* text with the specifiers that isorun does not have replaced, a % of theirs being doubled. Returns 1 with *ret; 0 where
 * one cannot be, noted; -ENOMEM. */
int import_expand(Import *import, const ImportLine *line, const char *text, char **ret);

/* The same, split into words. */
int import_words(Import *import, const ImportLine *line, const char *text, char ***ret);

/* Takes the line over into the directive of that name: each word of a list, or the value. Returns 0 or -ENOMEM. */
int import_same(Import *import, const ImportLine *line, const char *name);
