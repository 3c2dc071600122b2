/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of directives, and the types that parse them. */

#include <stdint.h>

#include "policy/directive.h"
#include "policy/value/specifier.h"
#include "util/report.h"

/* One value, or one item of a list. What the fields beyond text hold is said at each type. */
typedef struct Value {
        char *text;             /* as it could stand in a policy; what is printed */
        char **words;
        uint64_t number;
        uint64_t number2;
        uint8_t *bitmap;        /* lowest bit first */
        unsigned n_bitmap;      /* its bytes */
        bool relative;          /* number is a share, in 1/10000 */
        bool inverted;          /* stood in a list that began with ~ */
        bool optional;          /* stood behind a -: ignored where it does not exist */
        bool whole;             /* says all of the list, so that what stood before it is void */
} Value;

void value_deinit(Value *v);

typedef struct ValueParser {
        const Directive *directive;
        Origin origin;
        Report *report;
        const Specifiers *specifiers;
        /* Gets each value, which it takes over, also on failure. Returns 0 or -ENOMEM. */
        int (*emit)(void *userdata, const Value *value);
        void *userdata;
} ValueParser;

/* Parses the right-hand side of an assignment, text not being empty, and emits a value, for a list as many as
 * there are items. Returns 0, -ENOMEM, or -EBADMSG after having reported why. */
typedef int (*ValueParse)(ValueParser *p, const char *text);

struct ValueType {
        const char *syntax;         /* for the manual */
        ValueParse parse;
        const char *const *choices; /* words that may stand here, for enumerations and completion; may be NULL */
        int (*names)(char ***words); /* likewise, those that are the kernel's: appends them; 0 or -ENOMEM */
};

extern const ValueType type_addresses, type_architectures, type_bind, type_bitmap, type_boolean, type_capabilities,
        type_command, type_cpu_quota, type_cpu_weight, type_delegate, type_device_allow, type_device_bytes,
        type_device_count, type_device_policy, type_device_weight, type_directive_names, type_environment,
        type_error_number, type_families, type_file, type_grant, type_kill_mode, type_load_credential, type_memory,
        type_mode, type_namespaces, type_nice, type_oom_policy, type_paths, type_private_users, type_proc_subset,
        type_protect_home, type_protect_proc, type_resource_limit, type_root, type_set_credential, type_signal,
        type_slice, type_standard_input, type_standard_output, type_string, type_symlink, type_system_calls,
        type_tasks, type_terminal, type_timespan, type_tmpfs, type_unit_names, type_unset_environment, type_user,
        type_variable_names, type_volume, type_weight, type_working_directory;

/* Value.number of type_bind and type_volume, whose words are source, destination, and the options that have a value
 * ("hide=*.key", "size=16M"); a volume's source is an absolute path or a name. And of type_grant, whose text is the
 * path. */
enum {
        BIND_READ_ONLY = 1 << 0,
        BIND_NO_RECURSE = 1 << 1,
        BIND_NO_EXEC = 1 << 2,
        BIND_OVERLAY = 1 << 3,
        BIND_IDMAP = 1 << 4,
};

/* Value.number of type_root. */
enum {
        ROOT_LAYERS, /* words: a path or name for each layer, the lowest first */
        ROOT_NONE,   /* nothing but what the policy puts there */
};

/* Value.number of type_working_directory. */
enum {
        WORKING_DIRECTORY_PATH,
        WORKING_DIRECTORY_HOME, /* "~" */
};

/* Whether s can be the name of a volume or root: letters, digits, "_", "-" and ".", the first no "-" or ".". */
bool volume_name_is_valid(const char *s);

/* For the types' own files. */

/* Reports at the parser's origin and key; returns -EBADMSG. */
int value_error(ValueParser *p, const char *format, ...) _printf_(2, 3);

/* As value_error(), the message being "not REASON: "TEXT"". */
int value_not(ValueParser *p, const char *what, const char *text);

/* Emits v with a copy of text. Takes over v->words. */
int value_emit(ValueParser *p, const char *text, Value v);

/* Splits into words and expands the specifiers of each. Returns 0, or reports and returns -EBADMSG or -ENOMEM. */
int value_words(ValueParser *p, const char *text, char ***ret);
int value_expand(ValueParser *p, const char *text, char **ret);

/* Calls item for each word of text, going on after a bad one. Returns the first failure. */
int value_each(ValueParser *p, const char *text, int (*item)(ValueParser *p, const char *word));

/* An absolute path without "..", simplified. Returns 0 with *ret on the heap, or reports. */
int value_path(ValueParser *p, const char *text, char **ret);

/* Emits a path that a "-" may precede. */
int value_path_item(ValueParser *p, const char *word);

/* Takes the options of a volume, with commas between, into *flags (BIND_*), those with a value appended to *words.
 * Returns 0, or reports. */
int value_volume_options(ValueParser *p, const char *options, uint64_t *flags, char ***words);

/* Parses text, a list that may begin with ~ which inverts it, and emits each of its words that check accepts.
 * A lone ~ emits one inverted item without text. */
int value_set(ValueParser *p, const char *text, int (*check)(ValueParser *p, const char *word, Value *v));
