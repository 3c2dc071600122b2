/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cmd/oci/command.h"
#include "oci/spec/load.h"
#include "util/parse.h"

/* Those that are not open are not passed: init.c closes the fds of isorun-oci that took their numbers. */
int oci_read_preserved(const char *text, unsigned *ret, Report *report) {
        uint64_t n = 0;

        if (text && parse_u64_range(text, 0, 200, &n) < 0)
                return report_error(report, EINVAL, "--preserve-fds: not a number from 0 to 200: \"%s\"", text);
        *ret = (unsigned) n;
        return 0;
}

/* create has printed the notices. */
int oci_load_spec(const OciCall *call, const State *state, Spec *ret) {
        Report quiet = {};

        return spec_load_copy(state->directory, state->bundle, ret, &quiet) >= 0
                       ? 0 : spec_load_copy(state->directory, state->bundle, ret, call->report);
}
