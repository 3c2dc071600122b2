/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program whose start tests/bench/run measures: it isolates itself, unless it is compiled with BARE. */
#include <isorun/isorun.h>

ISORUN_POLICY("[Policy]\n"
              "Description=A program that isolates itself\n")

int main(int argc, char *argv[]) {
#ifndef BARE
        if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
                return 125;
#endif
        return argc > 1 && puts(argv[1]) < 0;
}
