/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A parsed policy: for each directive the values that hold, each with where it was written. Pure: nothing here
 * looks at the machine that the policy is for. */

#include "policy/directive.h"
#include "policy/value/choice.h"
#include "policy/value/value.h"
#include "util/report.h"

typedef struct Setting {
        Value value;
        Origin origin; /* its file is owned by the policy; NULL for what is built in */
} Setting;

typedef struct SettingList {
        Setting *items;
        size_t n;
} SettingList;

typedef struct Policy {
        SettingList settings[_DIRECTIVE_MAX];
        char **files; /* owns the names in the origins */
        Specifiers specifiers;
} Policy;

/* An empty policy. The strings of specifiers are borrowed for its life. NULL when memory runs out. */
Policy *policy_new(const Specifiers *specifiers);
Policy *policy_free(Policy *policy);
DEFINE_CLEANUP(Policy *, policy_free);

/* Reads an assignment over what the policy holds: a list grows, anything else is replaced, an empty value takes
 * away what was there. section NULL: any. Returns 0, or -EBADMSG or -ENOMEM, reported; the policy then lacks
 * this assignment. */
int policy_assign(Policy *policy, Origin origin, const char *section, const char *key, const char *value,
                  Report *report);

/* As policy_assign(), for "KEY=VALUE" from the command line. */
int policy_assign_argument(Policy *policy, const char *option, const char *argument, Report *report);

/* Reads a whole text of assignments; file is copied. Returns as unit_file_parse(). */
int policy_read(Policy *policy, const char *file, const char *text, size_t size, Report *report);

/* Gives each directive that the policy does not set its value from the table. Returns 0 or -ENOMEM, reported. */
int policy_complete(Policy *policy, Report *report);

/* What holds for a directive that is not a list; NULL where nothing is set. */
const Setting *policy_get(const Policy *policy, DirectiveId id);
bool policy_is_true(const Policy *policy, DirectiveId id);

/* Which of its choices holds for a directive that has a value, an enum of policy/value/choice.h. */
unsigned policy_choice(const Policy *policy, DirectiveId id);

/* The setting of Optional= that names the directive, or NULL. */
const Setting *policy_optional(const Policy *policy, DirectiveId id);

/* Whether some volume or root is asked for by a name instead of a path. */
bool policy_has_names(const Policy *policy);
