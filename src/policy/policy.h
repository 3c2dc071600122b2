/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A parsed policy: the values of each directive, each with the file and line that it comes from. Nothing here looks at
 * the machine. */

#include "policy/directive.h"
#include "policy/unit-line.h"
#include "policy/value/choice.h"
#include "policy/value/value.h"
#include "util/report.h"

typedef struct Setting {
        Value value;
        Origin origin; /* the policy owns origin.file; NULL: built-in */
} Setting;

typedef struct SettingList {
        Setting *items;
        size_t n;
        Origin emptied; /* the last line that removed all values; file is NULL: no line did */
} SettingList;

/* A line of a unit file in the policy. isorun has no directive for it, because every instance is as strict. */
typedef struct Claim {
        const UnitLine *line;
        Origin origin;
} Claim;

/* Whose word counts. */
typedef enum PolicySide {
        SIDE_ADMINISTRATOR, /* also the only policy */
        SIDE_PROGRAM,
        SIDE_AROUND,        /* the sandbox in which isorun runs */
} PolicySide;

/* What one of two policies allows, where the policy that is made of both allows less: lib/effective.h. Or
 * what a policy allows, and the sandbox around does not: lib/surroundings.h. */
typedef struct Decision {
        const char *directive;
        char *key;         /* a path, a device and so on; "" for a directive with one value */
        char *value;       /* what decides, in words; NULL: the other policy does not have the names in lost_value */
        char *lost_value;
        Origin origin, lost; /* their lines; without a file: a default */
        PolicySide decides, loses;
} Decision;

/* The lines of one section [Stage.NAME]: policy/stage.h. */
typedef struct PolicyStage {
        char *name;
        Origin origin; /* of its first line */
        SettingList settings[_DIRECTIVE_MAX];
        SettingList writable; /* ReadWritePaths=, which only stages have */
        Origin given[_DIRECTIVE_MAX]; /* the last line of each directive, also an empty one; file is NULL: no line */
} PolicyStage;

typedef struct Policy {
        SettingList settings[_DIRECTIVE_MAX];
        PolicyStage *stages;
        size_t n_stages;
        Claim *claims;
        size_t n_claims;
        char **files; /* owns the file names of the origins */
        char **program_files; /* those of the program's policy that has narrowed this one; NULL: none has */
        bool is_in_sandbox; /* a sandbox around isorun may allow less than the policy */
        Decision *decisions;
        size_t n_decisions;
        size_t n_values; /* assigned so far */
        Specifiers specifiers;
} Policy;

/* Returns an empty policy, which borrows the strings of specifiers. NULL when memory runs out. */
Policy *policy_new(const Specifiers *specifiers);
Policy *policy_free(Policy *policy);
DEFINE_CLEANUP(Policy *, policy_free);

/* Adds an assignment to the policy. It extends a list, and replaces the value of any other directive. An empty value
 * removes all earlier values. A line of a unit file that every instance satisfies becomes a claim. If section is NULL,
 * the directive may belong to any section. Returns 0, or -EBADMSG, -E2BIG (too many values) or -ENOMEM, reported; the
 * assignment is then not in the policy. */
int policy_assign(Policy *policy, Origin origin, const char *section, const char *key, const char *value,
                  Report *report);

/* Does the same with "KEY=VALUE" from the command line. Rejects Base=. Messages name the option, which must live as
 * long as the policy. */
int policy_assign_argument(Policy *policy, const char *option, const char *argument, Report *report);

/* The policy's own copy of a file name for origins. NULL when memory runs out. */
const char *policy_file(Policy *policy, const char *file);

/* Adds all assignments of a text; copies the string file. Returns the errors of unit_file_parse(). */
int policy_read(Policy *policy, const char *file, const char *text, size_t size, Report *report);

/* Returns a copy of the settings and specifiers, without claims and stages. Its origins are borrowed from the policy,
 * which must live as long. NULL when memory runs out. */
Policy *policy_copy(const Policy *policy);

void setting_list_clear(SettingList *list);

/* Replaces a list by copies of the settings of another one, or appends them. Returns 0 or -ENOMEM. */
int setting_list_copy(SettingList *list, const SettingList *from, bool append);

/* Gives each directive that is not set its default from the table, and hides the paths of the claims. Call it once.
 * Returns 0 or -ENOMEM, reported. */
int policy_complete(Policy *policy, Report *report);

/* The stage of this name, or NULL. */
const PolicyStage *policy_find_stage(const Policy *policy, const char *name);

/* Whether a stage may have lines of the directive. */
bool stage_may_set(DirectiveId id);

/* The value of a directive that is not a list, or NULL if it is not set. */
const Setting *policy_get(const Policy *policy, DirectiveId id);
bool policy_is_true(const Policy *policy, DirectiveId id);

/* The choice of a directive, a value of its enum in policy/value/choice.h. The directive must be set. */
unsigned policy_choice(const Policy *policy, DirectiveId id);

/* The item of Optional= that names the directive, or NULL. If the directive is set on the command line, only an
 * Optional= of the command line counts. */
const Setting *policy_optional(const Policy *policy, DirectiveId id);

/* Whether the policy uses names of volumes or roots, which need bindings. */
bool policy_has_names(const Policy *policy);
