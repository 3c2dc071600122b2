/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "policy/policy.h"

/* The file name of the lines that isorun --permissive adds to the policy of a run: cmd/start/permissive.h. They are in
 * no record, which says instead what of that was used. */
#define SETTING_PERMISSIVE "--permissive"
bool setting_is_permissive(const Setting *setting);

/* Whether the policy has such lines. */
bool policy_is_permissive(const Policy *policy);

/* Writes a value as a line of a policy, which has the same value when it is read; its specifiers are replaced already.
 * optional: with "-", so that a path need not exist. */
void setting_write(FILE *f, DirectiveId id, const Setting *setting, bool optional);

/* Whether a line can have the path. */
bool setting_can_have_path(const char *path);

/* Writes the path as a word of a line, for directives that separate paths by colons. */
void setting_write_path(FILE *f, const char *path);

/* Whether the line of an earlier value says this value, too: a word such as "any" may have two values, and the command
 * line often repeats what the policy says. */
bool setting_is_repeated(DirectiveId id, const SettingList *list, size_t n);
