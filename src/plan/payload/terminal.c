/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides whether the payload has the caller's terminal, or a session of its own, with a private terminal that isorun
 * relays. */
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

/* If the output goes into a pipe, the program that gets it (a pager) may read from the terminal, too. So isorun leaves
 * the terminal alone until the payload reads. */
int build_terminal(Builder *b) {
        const unsigned input = 1U << 0;
        const Setting *s = policy_get(b->policy, D_Terminal);
        unsigned terminals = find_terminals(b);

        if (s && s->value.number == TERMINAL_SHARED)
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
        b->plan->own_session = true;
        b->plan->terminals = terminals;
        b->plan->reads_terminal = terminals & input && (s || !(b->host->pipes & ~input));
        return 0;
}
