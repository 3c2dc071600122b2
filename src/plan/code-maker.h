/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs that make machine code while they run. With MemoryDenyWriteExecute=yes they end at once, and most do not say
 * why. */

#include <stdbool.h>

typedef struct CodeMaker {
        const char *name; /* of the program; a version number may follow it */
        int status;       /* the exit status with which it gives up; 0: a signal such as SIGTRAP ends it */
} CodeMaker;

/* The first program of the table that a word of the text names, also by its path; NULL: none. The words of a command of
 * a shell count, too. */
const CodeMaker *code_maker_find(const char *text);

/* Whether a payload with this status from waitpid(2) has ended as the program does. A shell reports a signal as 128 and
 * its number. */
bool code_maker_has_failed(const CodeMaker *maker, int wait_status);
