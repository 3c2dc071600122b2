/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose terminal the payload has: the caller's, or one of the instance's own that isorun relays. */
#include "plan/payload/terminal.h"

#include <errno.h>


/* Those of fds 0 to 2 that are the caller's terminals, and stay with the payload. */
static unsigned find_terminals(const Builder *b) {
        unsigned mask = 0;

        for (unsigned fd = 0; fd < ELEMENTSOF(b->plan->standard_io); fd++)
                if (b->plan->standard_io[fd].kind == STANDARD_IO_INHERIT)
                        mask |= 1U << fd;
        return mask & b->host->terminals;
}

int build_terminal(Builder *b) {
        const unsigned input_and_output = 1U << 0 | 1U << 1;
        const Setting *s = policy_get(b->policy, D_Terminal);
        unsigned terminals = find_terminals(b);

        if (s && s->value.number == TERMINAL_SHARED)
                return 0;
        /* Where the output goes elsewhere, somebody else may well read what is typed: a pager. */
        if (!s && (terminals & input_and_output) != input_and_output)
                return 0;
        if (!terminals && b->request->need_terminal)
                return report_error(b->report, ENOTTY,
                                    "--pty: standard input is no terminal, nor are standard output and error");
        /* Nobody is left to keep it up. */
        if (terminals && b->request->hand_over)
                return s ? build_error(b, s, D_Terminal, EINVAL, "\"private\" is not possible with --hand-over: isorun "
                                                                 "ends, and the terminal with it")
                         : 0;
        b->plan->terminals = terminals;
        return 0;
}
