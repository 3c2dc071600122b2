/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun --batch prints about a line of its input: an object in one line. isorun(1) lists the keys. */

#include "cmd/show/json-library.h"
#include "sandbox/outside/outcome.h"

typedef struct Result {
        uint64_t line;
        const char *name;   /* of the instance; NULL: it has none */
        bool was_run;       /* the command has run, and ended as wait_status says */
        int wait_status;
        int status;         /* an exit status as isorun's own */
        const char *error;  /* NULL: none */
        const Usage *usage; /* NULL: nothing has run */
        uint64_t wall_usec;
} Result;

/* Returns the line with its newline, on the heap, or NULL if memory is short. */
char *result_write(const JsonLibrary *lib, const Result *result);
