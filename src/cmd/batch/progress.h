/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The line at the bottom of a terminal that shows how far isorun --batch is. */

#include <stdbool.h>
#include <stdint.h>

typedef struct ProgressBar {
        bool used;       /* standard error is a terminal */
        bool visible;
        uint64_t begun;  /* CLOCK_MONOTONIC in microseconds */
        uint64_t shown;  /* when it was last drawn */
        uint64_t size;   /* of the input in bytes; 0: not known */
} ProgressBar;

typedef struct ProgressState {
        uint64_t n_done, n_failed;
        uint64_t offset; /* bytes of the input that are done */
} ProgressState;

/* Begins the time. input is the fd of the input. */
void progress_begin(ProgressBar *bar, int input, bool quiet);

/* Draws the line, if the last time was long ago. */
void progress_show(ProgressBar *bar, const ProgressState *state);

/* Removes the line, before something else is written to the terminal. */
void progress_hide(ProgressBar *bar);
