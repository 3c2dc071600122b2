/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/option-table.h"

#include "util/macro.h"

bool option_is_short(const Option *o) {
        return o->value < 0x100;
}

bool option_takes_argument(const Option *o) {
        return o->argument.name || o->argument.choices;
}

bool argument_takes_rest(const Argument *a) {
        return a->flags & (ARGUMENT_COMMAND | ARGUMENT_DASHES | ARGUMENT_WORDS);
}

const Argument *argument_behind_dashes(const Argument *next) {
        for (const Argument *a = next; a->name; a++)
                if (a->flags & ARGUMENT_DASHES)
                        return a;
        return next;
}

int argument_print(const Argument *a, FILE *f) {
        int n = a->name && !(a->flags & ARGUMENT_CHOICE) ? fprintf(f, "%s", a->name) : 0;

        for (const char *const *c = a->choices; c && *c; c++)
                n += fprintf(f, "%s%s", n > 0 ? "|" : "", *c);
        return n;
}

/* Prints "--name KEY=VALUE", or "--here[=ro|rw]". Returns the number of bytes. */
static int print_long(const Option *o, FILE *f) {
        bool optional = o->argument.flags & ARGUMENT_OPTIONAL;
        int n = fprintf(f, "--%s%s", o->name, !option_takes_argument(o) ? "" : optional ? "[=" : " ");

        n += argument_print(&o->argument, f);
        return n + (optional ? fprintf(f, "]") : 0);
}

static void print_option(const Option *o, FILE *f) {
        fputs(o->required ? " " : " [", f);
        if (option_is_short(o))
                fprintf(f, "-%c|", o->value);
        print_long(o, f);
        if (!o->required)
                fputc(']', f);
}

static void print_options(const Option *options, FILE *f) {
        enum { MAX = 3 }; /* if a command has more, the usage says "[OPTION...]", and only --help lists them */
        size_t n = 0;

        for (const Option *o = options; o && o->name; o++) {
                if (o->required)
                        print_option(o, f);
                n += !o->required;
        }
        if (n > MAX)
                fputs(" [OPTION...]", f);
        for (const Option *o = options; n <= MAX && o && o->name; o++)
                if (!o->required)
                        print_option(o, f);
}

void syntax_print(const Syntax *syntax, FILE *f) {
        fputs(syntax->name, f);
        print_options(syntax->options, f);
        for (const Argument *a = syntax->arguments; a->name; a++) {
                fprintf(f, " %s%s", a->flags & ARGUMENT_OPTIONAL ? "[" : "", a->flags & ARGUMENT_DASHES ? "-- " : "");
                argument_print(a, f);
                fprintf(f, "%s%s", a->flags & ARGUMENT_REPEATED ? "..." : "", a->flags & ARGUMENT_OPTIONAL ? "]" : "");
        }
}

void options_print(const Option *options, FILE *f) {
        enum { COLUMN = 36 }; /* the column of the help text */

        for (const Option *o = options; o && o->name; o++) {
                int n = option_is_short(o) ? fprintf(f, "  -%c, ", o->value) : fprintf(f, "      ");

                n += print_long(o, f);
                fprintf(f, "%*s%s\n", n < COLUMN ? COLUMN - n : 1, "", o->help);
        }
}
