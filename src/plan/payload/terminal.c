/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides whether the payload has the caller's terminal, or a private one that isorun relays. */
#include "plan/payload/terminal.h"

#include <errno.h>


/* The fds from 0 to 2 that are terminals of the caller and that the payload inherits. */
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
        /* If the output is not a terminal, the program that gets it (a pager) may itself read from the terminal. */
        if (!s && (terminals & input_and_output) != input_and_output)
                return 0;
        if (!terminals && b->request->need_terminal)
                return report_error(b->report, ENOTTY,
                                    "--pty: none of standard input, output and error is a terminal");
        /* After the hand-over, isorun is not there to relay the terminal. */
        if (terminals && b->request->hand_over)
                return s ? build_error(b, s, D_Terminal, EINVAL,
                                       "\"private\" does not work with --hand-over: when isorun ends, the private "
                                       "terminal ends too")
                         : 0;
        b->plan->terminals = terminals;
        return 0;
}
