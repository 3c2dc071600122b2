/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that knows nothing of the library that isolates it, apart from its policy. It is linked with
 * libisorun-auto. */
#include <isorun/policy.h>
#include <stdio.h>
#include <sys/prctl.h>

ISORUN_POLICY("[Sandbox]\n"
              "MemoryDenyWriteExecute=yes\n")

int main(int argc, char *argv[]) {
        printf("%d %s\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), argv[argc - 1]);
        return 7;
}
