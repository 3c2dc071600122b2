/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/option-table.h"

#include "util/macro.h"

static bool is_short(const Option *o) {
        return o->value < 0x100;
}

void options_prepare(const Option *table, Getopt *ret) {
        struct option *l = ret->long_options;
        char *s = ret->short_options;

        *s++ = '+';
        for (const Option *o = table; o->name; o++) {
                *l++ = (struct option) { .name = o->name, .has_arg = o->argument ? required_argument : no_argument,
                                         .val = o->value };
                if (is_short(o))
                        *s++ = (char) o->value;
                if (is_short(o) && o->argument)
                        *s++ = ':';
        }
        *l = (struct option) {};
        *s = '\0';
}

void options_print(const Option *table, FILE *f) {
        enum { COLUMN = 32 }; /* where the help begins */

        for (const Option *o = table; o->name; o++) {
                int n = is_short(o) ? fprintf(f, "  -%c, ", o->value) : fprintf(f, "      ");

                n += fprintf(f, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ?: "");
                fprintf(f, "%*s%s\n", n < COLUMN ? COLUMN - n : 1, "", o->help);
        }
}
