/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prepares the heap for a fork: gives back freed memory, and sorts what stays free. Otherwise the first larger
 * malloc(3) of each of the two processes would sort it, and so write to each page that has a free part: the processes
 * would share none of these. */
void memory_settle(void);

/* Gives back 16 kB of the stack below the caller, which earlier calls have written to. For a process that now waits for
 * long, and whose stack has been used as deep before: so no other thread's stack is there. */
void memory_shed_stack(void);
