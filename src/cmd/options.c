/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/options.h"

Whose arg_whose = WHOSE_ANY;
bool arg_pager = true;

void options_take(const CommandLine *line) {
        for (size_t i = 0; i < line->n_options; i++)
                switch (line->options[i].value) {
                case ARG_USER:
                        arg_whose = WHOSE_USER;
                        break;
                case ARG_SYSTEM:
                        arg_whose = WHOSE_SYSTEM;
                        break;
                case ARG_NO_PAGER:
                        arg_pager = false;
                        break;
                }
}
