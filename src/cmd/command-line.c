/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/command-line.h"

#include <errno.h>
#include <getopt.h>

#include "util/array.h"
#include "util/similar.h"
#include "util/strv.h"
#include "util/text.h"

enum { OPTIONS_MAX = 64 };

/* The options in the form of getopt_long(3), which is to stop at each word that is not an option. */
typedef struct Getopt {
        struct option long_options[OPTIONS_MAX + 1];
        char short_options[2 * OPTIONS_MAX + 3];
        size_t n_long, n_short;
} Getopt;

static void add_options(Getopt *g, const Option *options) {
        for (const Option *o = options; o && o->name && g->n_long < OPTIONS_MAX; o++) {
                bool takes = option_takes_argument(o), optional = o->argument.flags & ARGUMENT_OPTIONAL;

                g->long_options[g->n_long++] = (struct option) {
                        .name = o->name, .val = o->value,
                        .has_arg = !takes ? no_argument : optional ? optional_argument : required_argument };
                if (option_is_short(o))
                        g->short_options[g->n_short++] = (char) o->value;
                if (option_is_short(o) && takes)
                        g->short_options[g->n_short++] = ':';
        }
}

void command_line_deinit(CommandLine *line) {
        free(line->options);
        free(line->arguments);
        *line = (CommandLine) {};
}

static const Option *find_option(const Syntax *syntax, int value) {
        const Option *const tables[] = { syntax->options, syntax->common };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Option *o = tables[i]; o && o->name; o++)
                        if (o->value == value)
                                return o;
        return NULL;
}

/* Writes which option was meant by word, "--name" or "--name=VALUE": those that begin with it, or the most similar. */
static void write_guess(const Syntax *syntax, const char *word, FILE *f) {
        const Option *const tables[] = { syntax->options, syntax->common };
        _cleanup_free_ char *name = strndup(word + 2, strcspn(word + 2, "="));
        Similar similar = { .word = name };
        const char *separator = "is ambiguous: --";

        for (size_t i = 0; name && i < ELEMENTSOF(tables); i++)
                for (const Option *o = tables[i]; o && o->name; o++) {
                        similar_try(&similar, o->name);
                        if (!startswith(o->name, name))
                                continue;
                        fprintf(f, "%s%s", separator, o->name);
                        separator = " or --";
                }
        if (streq(separator, " or --"))
                return;
        fputs("does not exist", f);
        if (similar.found)
                fprintf(f, " (did you mean --%s?)", similar.found);
}

/* Reports the mistake for which getopt_long(3) has returned c, '?' or ':'. word is the last one that it has taken. */
static int report_mistake(const Syntax *syntax, int c, const char *word, Report *report) {
        const Option *o = optopt ? find_option(syntax, optopt) : NULL;
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return report_oom(report);
        if (o)
                fprintf(text.f, "--%s %s", o->name, c == ':' ? "needs a value" : "takes no value");
        else if (optopt)
                fprintf(text.f, "-%c does not exist", optopt);
        else {
                fprintf(text.f, "%.*s ", (int) strcspn(word, "="), word);
                write_guess(syntax, word, text.f);
        }
        return report_error(report, EINVAL, "the option %s; see --help", text_so_far(&text) ?: word);
}

/* If an option's argument has choices but no name, it must be one of the choices. */
static int check_choice(const Option *o, const char *word, Report *report) {
        _cleanup_free_ char *choices = NULL;

        if (!o || !word || !o->argument.choices || o->argument.name ||
            strv_contains((char *const *) o->argument.choices, word))
                return 0;
        choices = strv_join((char *const *) o->argument.choices, " or ");
        return choices ? report_error(report, EINVAL, "--%s: not %s: \"%s\"", o->name, choices, word)
                       : report_oom(report);
}

/* Reads options until a word that is not an option. Returns 1 if "--" has ended the options, 0 if not, or -errno. */
static int take_options(CommandLine *line, const Syntax *syntax, const Getopt *g, int argc, char *argv[],
                        Report *report) {
        for (;;) {
                int before = optind ?: 1;
                int c = getopt_long(argc, argv, g->short_options, g->long_options, NULL);
                GivenOption *given;
                int r;

                if (c < 0)
                        return optind > before;
                if (c == '?' || c == ':')
                        return report_mistake(syntax, c, argv[optind - 1], report);
                r = check_choice(find_option(syntax, c), optarg, report);
                if (r < 0)
                        return r;
                given = ARRAY_APPEND(line->options, line->n_options);
                if (!given)
                        return report_oom(report);
                *given = (GivenOption) { .value = c, .argument = optarg };
        }
}

static int take_words(CommandLine *line, const Syntax *syntax, const Getopt *g, int argc, char *argv[],
                      Report *report) {
        const Argument *next = syntax->arguments;
        int dashes = 0;

        for (;;) {
                if (!dashes && !(next->flags & ARGUMENT_WORDS)) {
                        dashes = take_options(line, syntax, g, argc, argv, report);
                        if (dashes < 0)
                                return dashes;
                        if (dashes)
                                next = argument_behind_dashes(next);
                }
                if (optind >= argc || !next->name || argument_takes_rest(next))
                        break;
                line->arguments[line->n_arguments++] = argv[optind++];
                next += !(next->flags & ARGUMENT_REPEATED);
        }
        line->rest = argv + optind;
        return 0;
}

int command_line_parse(CommandLine *ret, const Syntax *syntax, int argc, char *argv[], Report *report) {
        Getopt getopt = { .short_options = "+:", .n_short = 2 }; /* ":": tells a missing value from other mistakes */

        *ret = (CommandLine) { .arguments = calloc((size_t) argc + 1, sizeof(char *)) };
        if (!ret->arguments)
                return report_oom(report);
        add_options(&getopt, syntax->options);
        add_options(&getopt, syntax->common);
        optind = 0; /* makes getopt_long(3) start again */
        opterr = 0; /* report_mistake() does better */
        return take_words(ret, syntax, &getopt, argc, argv, report);
}

bool command_line_has(const CommandLine *line, int value) {
        for (size_t i = 0; i < line->n_options; i++)
                if (line->options[i].value == value)
                        return true;
        return false;
}

const char *command_line_get(const CommandLine *line, int value) {
        for (size_t i = line->n_options; i > 0; i--)
                if (line->options[i - 1].value == value)
                        return line->options[i - 1].argument;
        return NULL;
}

static const Option *find_missing_option(const CommandLine *line, const Syntax *syntax) {
        for (const Option *o = syntax->options; o && o->name; o++)
                if (o->required && !command_line_has(line, o->value))
                        return o;
        return NULL;
}

static const Argument *find_missing_argument(const CommandLine *line, const Syntax *syntax) {
        size_t i = 0;

        for (const Argument *a = syntax->arguments; a->name; a++, i++) {
                bool given = argument_takes_rest(a) ? *line->rest != NULL : i < line->n_arguments;

                if (!given && !(a->flags & ARGUMENT_OPTIONAL))
                        return a;
        }
        return NULL;
}

static bool takes_rest(const Syntax *syntax) {
        const Argument *a = syntax->arguments;

        while (a->name && !argument_takes_rest(a))
                a++;
        return a->name;
}

/* Writes the first mistake. Returns whether there is one. */
static bool write_mistake(const CommandLine *line, const Syntax *syntax, FILE *f) {
        const Option *option = find_missing_option(line, syntax);
        const Argument *argument = find_missing_argument(line, syntax);

        if (option)
                fprintf(f, "--%s ", option->name);
        if (option || argument) {
                argument_print(option ? &option->argument : argument, f);
                fputs(" is missing", f);
        } else if (*line->rest && !takes_rest(syntax))
                fprintf(f, "\"%s\" is one argument too many", *line->rest);
        else
                return false;
        return true;
}

int command_line_check(const CommandLine *line, const Syntax *syntax, Report *report) {
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *mistake = NULL;

        if (text_open(&text) < 0)
                return report_oom(report);
        if (!write_mistake(line, syntax, text.f))
                return 0;
        fprintf(text.f, "; usage: %s ", program_invocation_short_name);
        syntax_print(syntax, text.f);
        mistake = text_finish(&text);
        return mistake ? report_error(report, EINVAL, "%s: %s", syntax->name, mistake) : report_oom(report);
}
