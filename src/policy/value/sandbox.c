/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of [Sandbox] for variables, users, limits, and standard input and output, with the values of
 * systemd.exec(5). */
#include <ctype.h>
#include <errno.h>
#include <sys/resource.h>

#include "policy/value/standard-io.h"
#include "policy/value/value.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

/* "~", or a path, which may be preceded by "-". number: WORKING_DIRECTORY_*. */
static int parse_working_directory(ValueParser *p, const char *text) {
        _cleanup_free_ char *expanded = NULL;
        int r;

        if (streq(text, "~"))
                return value_emit(p, text, (Value) { .number = WORKING_DIRECTORY_HOME });
        r = value_expand(p, text, &expanded);
        return r < 0 ? r : value_path_item(p, expanded);
}

static size_t variable_name_length(const char *s) {
        size_t n = 0;

        if (isdigit((unsigned char) s[0]))
                return 0;
        while (isalnum((unsigned char) s[n]) || s[n] == '_')
                n++;
        return n;
}

static int check_variable(ValueParser *p, const char *word) {
        size_t n = variable_name_length(word);

        return n > 0 && word[n] == '=' ? value_emit(p, word, (Value) {}) : value_not(p, "NAME=VALUE", word);
}

static int check_variable_name(ValueParser *p, const char *word) {
        size_t n = variable_name_length(word);

        return n > 0 && !word[n] ? value_emit(p, word, (Value) {}) : value_not(p, "the name of a variable", word);
}

static int check_unset(ValueParser *p, const char *word) {
        return strchr(word, '=') ? check_variable(p, word) : check_variable_name(p, word);
}

static int parse_environment(ValueParser *p, const char *text) {
        return value_each(p, text, check_variable);
}

static int check_passed(ValueParser *p, const char *word) {
        return streq(word, "*") ? value_emit(p, word, (Value) {}) : check_variable_name(p, word);
}

static int parse_variable_names(ValueParser *p, const char *text) {
        return value_each(p, text, check_passed);
}

static int parse_unset_environment(ValueParser *p, const char *text) {
        return value_each(p, text, check_unset);
}

/* A name or number. The plan resolves it, because reading a policy must not depend on the machine. */
static int parse_user(ValueParser *p, const char *text) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = value_expand(p, text, &name);
        if (r < 0)
                return r;
        for (const char *c = name; *c; c++)
                if (isspace((unsigned char) *c) || iscntrl((unsigned char) *c) || strchr(":/", *c))
                        return value_not(p, "the name or number of a user or group", name);
        return value_emit(p, name, (Value) {});
}

/* LimitNICE= takes a nice level with a sign, -20 to +19, or the kernel's value, 0 to 40 (20 minus the nice level). */
static int limit_nice(const char *text, uint64_t *ret) {
        int nice;

        if (text[0] != '+' && text[0] != '-')
                return parse_u64_range(text, 0, 40, ret);
        if (parse_int(text, -20, 19, &nice) < 0)
                return -EINVAL;
        *ret = (uint64_t) (20 - nice);
        return 0;
}

static int limit_value(int resource, const char *text, uint64_t *ret) {
        int r;

        if (streq(text, "infinity")) {
                *ret = RLIM_INFINITY;
                return 0;
        }

        switch (resource) {
        case RLIMIT_CPU:
                r = parse_timespan(text, ret);
                if (r >= 0) /* setrlimit(2) counts in seconds; rounds up, because 0 would kill the process at once */
                        *ret = *ret / 1000000 + (*ret % 1000000 != 0);
                return r;
        case RLIMIT_RTTIME: { /* a number without a unit is in microseconds */
                return parse_u64(text, ret) >= 0 ? 0 : parse_timespan(text, ret);
        }
        case RLIMIT_NICE:
                return limit_nice(text, ret);
        case RLIMIT_NOFILE:
        case RLIMIT_NPROC:
        case RLIMIT_LOCKS:
        case RLIMIT_SIGPENDING:
        case RLIMIT_RTPRIO:
                return parse_u64(text, ret);
        default:
                return parse_size(text, 1024, ret);
        }
}

/* number: the soft limit; number2: the hard one. */
static int parse_resource_limit(ValueParser *p, const char *text) {
        _cleanup_strv_free_ char **fields = NULL;
        Value v = {};

        if (word_split_colons(text, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) > 2 || limit_value(p->directive->resource, fields[0], &v.number) < 0 ||
            limit_value(p->directive->resource, fields[1] ?: fields[0], &v.number2) < 0)
                return value_not(p, "a limit or two limits SOFT:HARD", text);
        if (v.number > v.number2)
                return value_error(p, "the soft limit is higher than the hard limit: \"%s\"", text);
        return value_emit(p, text, v);
}

/* number: STANDARD_IO_*; words: the path of a file. */
static int emit_standard_io(ValueParser *p, const char *text, unsigned allowed) {
        static const struct {
                const char *name;
                StandardIO kind;
        } table[] = {
                { "inherit", STANDARD_IO_INHERIT }, { "null", STANDARD_IO_NULL },
                { "journal", STANDARD_IO_JOURNAL }, { "file:", STANDARD_IO_FILE },
                { "append:", STANDARD_IO_APPEND },  { "truncate:", STANDARD_IO_TRUNCATE },
        };
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *expanded = NULL;
        char *path;
        int r;

        r = value_expand(p, text, &expanded);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *rest = startswith(expanded, table[i].name);
                Value v = { .number = table[i].kind };

                if (!rest || !(allowed & 1u << table[i].kind))
                        continue;
                if (!endswith(table[i].name, ":")) {
                        if (!*rest)
                                return value_emit(p, expanded, v);
                        continue;
                }

                r = value_path(p, rest, &path);
                if (r < 0)
                        return r;
                if (strv_consume(&words, path) < 0)
                        return -ENOMEM;
                v.words = TAKE_PTR(words);
                return value_emit(p, expanded, v);
        }
        return value_not(p, p->directive->type->syntax, text);
}

static int parse_standard_input(ValueParser *p, const char *text) {
        return emit_standard_io(p, text, 1u << STANDARD_IO_INHERIT | 1u << STANDARD_IO_NULL | 1u << STANDARD_IO_FILE);
}

static int parse_standard_output(ValueParser *p, const char *text) {
        return emit_standard_io(p, text, ~0u);
}

const ValueType type_working_directory = { "[-]PATH|~", parse_working_directory, NULL };
const ValueType type_environment = { "NAME=VALUE…", parse_environment, NULL };
const ValueType type_variable_names = { "NAME…", parse_variable_names, NULL };
const ValueType type_unset_environment = { "NAME[=VALUE]…", parse_unset_environment, NULL };
const ValueType type_user = { "NAME|NUMBER", parse_user, NULL };
const ValueType type_resource_limit = { "SOFT[:HARD]", parse_resource_limit, NULL };
const ValueType type_standard_input = { "inherit, null or file:PATH", parse_standard_input,
                                        (const char *const[]) { "inherit", "null", "file:", NULL } };
const ValueType type_standard_output = {
        "inherit, null, journal, file:PATH, append:PATH or truncate:PATH", parse_standard_output,
        (const char *const[]) { "inherit", "null", "journal", "file:", "append:", "truncate:", NULL }
};
