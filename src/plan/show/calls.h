/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/text.h"

/* Adds the words of a filter, each after a space but the first. Of a long row of single calls, as in a policy that two
 * others have narrowed, it adds the groups that the row has whole, and the number of the other calls:
 * "@file-system @process and 12 calls". */
void calls_add_brief(char *const *words, Text *text);
