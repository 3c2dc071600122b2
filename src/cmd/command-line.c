/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/command-line.h"

#include <errno.h>
#include <getopt.h>

#include "util/array.h"
#include "util/strv.h"
#include "util/text.h"

enum { OPTIONS_MAX = 64 };

/* The options in the form of getopt_long(3), which is to stop at each word that is not an option. */
typedef struct Getopt {
        struct option long_options[OPTIONS_MAX + 1];
        char short_options[2 * OPTIONS_MAX + 2];
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

static const Option *find_option(const Option *options, int value) {
        for (const Option *o = options; o && o->name; o++)
                if (o->value == value)
                        return o;
        return NULL;
}

/* If an option's argument has choices but no name, it must be one of the choices. */
static int check_choice(const Option *o, const char *word, Report *report) {
        _cleanup_free_ char *choices = NULL;

        if (!o || !word || !o->argument.choices || o->argument.name || strv_contains((char *const *) o->argument.choices, word))
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
                if (c == '?')
                        return -EINVAL;
                r = check_choice(find_option(syntax->options, c), optarg, report);
                if (r < 0)
                        return r;
                given = ARRAY_APPEND(line->options, line->n_options);
                if (!given)
                        return report_oom(report);
                *given = (GivenOption) { .value = c, .argument = optarg };
        }
}

/* Finds the argument that comes after "--". Returns next if the command has no such argument. */
static const Argument *find_behind_dashes(const Argument *next) {
        for (const Argument *a = next; a->name; a++)
                if (a->flags & ARGUMENT_DASHES)
                        return a;
        return next;
}

static int take_words(CommandLine *line, const Syntax *syntax, const Getopt *g, int argc, char *argv[], Report *report) {
        const Argument *next = syntax->arguments;
        int dashes = 0;

        for (;;) {
                if (!dashes) {
                        dashes = take_options(line, syntax, g, argc, argv, report);
                        if (dashes < 0)
                                return dashes;
                        if (dashes)
                                next = find_behind_dashes(next);
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
        Getopt getopt = { .short_options = "+", .n_short = 1 };

        *ret = (CommandLine) { .arguments = calloc((size_t) argc + 1, sizeof(char *)) };
        if (!ret->arguments)
                return report_oom(report);
        argv[0] = program_invocation_short_name; /* getopt_long(3) begins its messages with it */
        add_options(&getopt, syntax->options);
        add_options(&getopt, syntax->common);
        optind = 0; /* makes getopt_long(3) start again */
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
