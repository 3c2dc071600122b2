/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/value.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "util/parse.h"
#include "util/path.h"
#include "util/similar.h"
#include "util/strv.h"
#include "util/word.h"

void value_deinit(Value *v) {
        free(v->text);
        strv_free(v->words);
        free(v->bitmap);
        *v = (Value) {};
}

int value_error(ValueParser *p, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = report_error_atv(p->report, p->origin, p->directive->name, EBADMSG, format, ap);
        va_end(ap);
        return r;
}

/* The most similar of the words that the type accepts, or NULL. *words is for the caller to free. type: NULL for the
 * line of a table of volumes. */
static const char *find_similar(const ValueType *type, const char *text, char ***words) {
        Similar similar = { .word = text };

        if (!type)
                return NULL;
        for (const char *const *c = type->choices; c && *c; c++)
                similar_try(&similar, *c);
        if (type->names && type->names(words) >= 0)
                for (char **w = *words; w && *w; w++)
                        similar_try(&similar, *w);
        return similar.found;
}

static int not(ValueParser *p, const char *what, const char *text, const char *similar) {
        return similar ? value_error(p, "not %s: \"%s\" (did you mean %s?)", what, text, similar)
                       : value_error(p, "not %s: \"%s\"", what, text);
}

int value_not(ValueParser *p, const char *what, const char *text) {
        _cleanup_strv_free_ char **words = NULL;

        return not(p, what, text, find_similar(p->directive->type, text, &words));
}

int value_port(ValueParser *p, const char *text, uint64_t *ret) {
        return parse_u64_range(text, 1, UINT16_MAX, ret) < 0 ? value_not(p, "a port", text) : 0;
}

int value_not_size(ValueParser *p, const char *what, const char *text) {
        _cleanup_free_ char *guess = size_guess(text);

        return not(p, what, text, guess);
}

int value_emit(ValueParser *p, const char *text, Value v) {
        v.text = strdup(text);
        if (!v.text) {
                value_deinit(&v);
                return -ENOMEM;
        }
        return p->emit(p->userdata, &v);
}

int value_expand(ValueParser *p, const char *text, char **ret) {
        char bad = '\0';
        int r;

        r = specifier_expand(p->specifiers, text, ret, &bad);
        if (r == -EINVAL && !bad)
                return value_error(p, "%% at the end of the value (write %%%% for a percent sign): \"%s\"", text);
        if (r == -EINVAL)
                return value_error(p, "the specifier %%%c is unknown or has no value here: \"%s\"", bad, text);
        return r;
}

/* Takes over words. */
static int expand_words(ValueParser *p, char **words, char ***ret) {
        _cleanup_strv_free_ char **owned = words;

        for (char **w = words; w && *w; w++) {
                char *expanded;
                int r = value_expand(p, *w, &expanded);

                if (r < 0)
                        return r;
                free(*w);
                *w = expanded;
        }

        *ret = TAKE_PTR(owned);
        return 0;
}

int value_words(ValueParser *p, const char *text, char ***ret) {
        char **words;
        int r;

        r = word_split(text, &words);
        if (r == -EINVAL)
                return value_error(p, "unbalanced quote or unknown escape sequence: \"%s\"", text);
        if (r == -E2BIG)
                return value_error(p, "too many words, or a word that is too long");
        return r < 0 ? r : expand_words(p, words, ret);
}

/* Whether to look at further words after a result: after bad ones, too, so that one run shows all mistakes. */
static bool goes_on(const ValueParser *p, int r) {
        return r == 0 || (r == -EBADMSG && !report_is_full(p->report));
}

int value_each(ValueParser *p, const char *text, int (*item)(ValueParser *p, const char *word)) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = value_words(p, text, &words);
        for (char **w = words; goes_on(p, r) && w && *w; w++) {
                int q = item(p, *w);

                if (r == 0 || q != 0)
                        r = q;
        }
        return r;
}

int value_path(ValueParser *p, const char *text, char **ret) {
        if (text[0] != '/')
                return value_not(p, "an absolute path", text);
        if (strlen(text) >= PATH_MAX)
                return value_error(p, "the path is longer than %d bytes: \"%s\"", PATH_MAX - 1, text);
        if (!path_is_safe(text))
                return value_error(p, "the path contains \"..\": \"%s\"", text);

        *ret = path_simplify(text);
        return *ret ? 0 : -ENOMEM;
}

int value_set(ValueParser *p, const char *text, int (*check)(ValueParser *p, const char *word, Value *v)) {
        _cleanup_strv_free_ char **words = NULL;
        bool inverted = text[0] == '~';
        int r;

        r = value_words(p, text + inverted, &words);
        if (r < 0)
                return r;
        if (!words)
                return value_emit(p, "", (Value) { .inverted = inverted });

        for (char **w = words; *w && goes_on(p, r); w++) {
                Value v = { .inverted = inverted };
                int q = check(p, *w, &v);

                if (q >= 0)
                        q = value_emit(p, *w, v);
                if (q < 0)
                        r = q;
        }
        return r;
}

static int parse_string_value(ValueParser *p, const char *text) {
        _cleanup_free_ char *expanded = NULL;
        int r;

        r = value_expand(p, text, &expanded);
        return r < 0 ? r : value_emit(p, expanded, (Value) {});
}

static int parse_boolean_value(ValueParser *p, const char *text) {
        bool b;

        if (parse_boolean(text, &b) < 0)
                return value_not(p, "a boolean (yes or no)", text);
        return value_emit(p, b ? "yes" : "no", (Value) { .number = b });
}

static int parse_timespan_value(ValueParser *p, const char *text) {
        Value v = {};

        if (parse_timespan(text, &v.number) < 0) {
                _cleanup_free_ char *guess = timespan_guess(text);

                return not(p, "a time span (such as 5min)", text, guess);
        }
        return value_emit(p, text, v);
}

static int parse_signal_value(ValueParser *p, const char *text) {
        int signal;

        if (parse_signal(text, &signal) < 0)
                return value_not(p, "a signal (such as SIGTERM)", text);
        return value_emit(p, text, (Value) { .number = (uint64_t) signal });
}

static int check_directive_name(ValueParser *p, const char *word) {
        const Directive *d = directive_find(word);

        if (!d)
                d = directive_suggest(word);
        else
                return value_emit(p, word, (Value) { .number = directive_id(d) });

        return d ? value_error(p, "no such directive: \"%s\" (did you mean %s?)", word, d->name)
                 : value_error(p, "no such directive: \"%s\"", word);
}

static int parse_directive_names(ValueParser *p, const char *text) {
        return value_each(p, text, check_directive_name);
}

static int command_words(ValueParser *p, const char *text, char ***ret) {
        const char *rest = text;
        char **words;
        int r;

        r = word_split_command(&rest, &words);
        if (r == -EINVAL)
                return value_error(p, "unbalanced quote: \"%s\"", text);
        if (r == -E2BIG)
                return value_error(p, "too many words, or a word that is too long");
        if (r < 0)
                return r;
        if (*rest) {
                strv_free(words);
                return value_error(p, "only one command is allowed: \"%s\"", text);
        }
        return expand_words(p, words, ret);
}

/* systemd would expand ${VARIABLE} here. A policy's command is started without a shell, in an environment that the
 * policy sets, so this is an error. */
static int parse_command(ValueParser *p, const char *text) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = command_words(p, text, &words);
        if (r < 0)
                return r;
        if (!words || strchr("@-:+!|", words[0][0]))
                return value_error(p,
                                   "the command is missing or has a prefix (@, -, :, +, ! or |), which isorun does not "
                                   "support: \"%s\"", text);

        for (char **w = words; *w; w++)
                if (word_resolve_dollars(*w) < 0)
                        return value_error(p, "variables are not expanded (write $$ for a dollar sign): \"%s\"", text);

        return value_emit(p, text, (Value) { .words = TAKE_PTR(words) });
}

static int parse_mode_value(ValueParser *p, const char *text) {
        uint32_t mode;

        if (parse_mode(text, &mode) < 0)
                return value_not(p, "an octal file mode (such as 0755)", text);
        return value_emit(p, text, (Value) { .number = mode });
}

static int parse_nice(ValueParser *p, const char *text) {
        int nice;

        if (parse_int(text, -20, 19, &nice) < 0)
                return value_not(p, "a number from -20 to 19", text);
        return value_emit(p, text, (Value) { .number = (uint64_t) (int64_t) nice });
}

static int signal_names(char ***words) {
        int r = 0;

        for (int n = 1; r >= 0 && n < NSIG; n++)
                if (sigabbrev_np(n))
                        r = strv_pushf(words, "SIG%s", sigabbrev_np(n));
        return r;
}

static int directive_names(char ***words) {
        int r = 0;

        for (const Directive *d = directive_table; r >= 0 && d < directive_table + _DIRECTIVE_MAX; d++)
                r = strv_push(words, d->name);
        return r;
}

static const char *const boolean_choices[] = { "yes", "no", NULL };

const ValueType type_string = { "TEXT", parse_string_value, NULL };
const ValueType type_boolean = { "BOOLEAN", parse_boolean_value, boolean_choices };
const ValueType type_timespan = { "TIMESPAN", parse_timespan_value, NULL };
const ValueType type_signal = { "SIGNAL", parse_signal_value, NULL, signal_names };
const ValueType type_directive_names = { "DIRECTIVE…", parse_directive_names, NULL, directive_names };
const ValueType type_command = { "COMMAND [ARGUMENT…]", parse_command, NULL };
const ValueType type_mode = { "OCTAL MODE", parse_mode_value, NULL };
const ValueType type_nice = { "NUMBER", parse_nice, NULL };
