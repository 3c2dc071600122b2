/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program without a policy, in C++ if it is compiled so. */
#include <isorun/isorun.h>

static int without_policy(int argc, char *argv[]) {
        return isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL);
}

int main(int argc, char *argv[]) {
        return without_policy(argc, argv) < 0 ? 125 : 0;
}
