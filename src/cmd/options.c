/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/options.h"

#include "util/macro.h"

Whose arg_whose = WHOSE_ANY;
bool arg_pager = true;

int options_take(int *argc, char *argv[], bool leading) {
        bool help = false, over = false;
        int n = 1;

        for (int i = 1; i < *argc; i++) {
                char *word = argv[i];

                over = over || streq(word, "--") || (leading && word[0] != '-');
                if (over)
                        argv[n++] = word;
                else if (streq(word, "--user"))
                        arg_whose = WHOSE_USER;
                else if (streq(word, "--system"))
                        arg_whose = WHOSE_SYSTEM;
                else if (streq(word, "--no-pager"))
                        arg_pager = false;
                else if (streq(word, "--help") || streq(word, "-h"))
                        help = true;
                else
                        argv[n++] = word;
        }
        argv[n] = NULL;
        *argc = n;
        return help;
}
