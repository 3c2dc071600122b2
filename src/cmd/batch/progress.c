/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"

void progress_begin(ProgressBar *bar, int input, bool quiet) {
        const char *term = getenv("TERM");
        struct stat st;

        *bar = (ProgressBar) { .used = !quiet && isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb") != 0),
                               .begun = clock_usec(CLOCK_MONOTONIC) };
        if (fstat(input, &st) >= 0 && S_ISREG(st.st_mode))
                bar->size = (uint64_t) st.st_size;
}

/* "1:02:03" or "2:03" */
static void format_time(uint64_t seconds, char *ret, size_t size) {
        if (seconds >= 3600)
                snprintf(ret, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60,
                         seconds % 60);
        else
                snprintf(ret, size, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
}

/* The bar and the time that is left, if the size of the input is known. */
static void format_rest(const ProgressBar *bar, const ProgressState *state, double seconds, char *ret, size_t size) {
        enum { WIDTH = 20 };
        double part = bar->size ? (double) state->offset / (double) bar->size : 0;
        int filled = part < 1 ? (int) (part * WIDTH) : WIDTH;
        char left[32];

        if (part <= 0)
                return;
        format_time(part < 1 ? (uint64_t) (seconds * (1 - part) / part) : 0, left, sizeof(left));
        snprintf(ret, size, " [%.*s%*s] %d%%, %s left", filled, "####################", WIDTH - filled, "",
                 part < 1 ? (int) (part * 100) : 100, left);
}

void progress_show(ProgressBar *bar, const ProgressState *state) {
        enum { PAUSE_USEC = 200000 };
        uint64_t now = clock_usec(CLOCK_MONOTONIC);
        double seconds = (double) (now - bar->begun) / 1e6;
        char rest[128] = "";

        if (!bar->used || (bar->visible && now < bar->shown + PAUSE_USEC))
                return;
        format_rest(bar, state, seconds, rest, sizeof(rest));
        fprintf(stderr, "\r\033[K%" PRIu64 " done, %" PRIu64 " failed, %.1f/s%s", state->n_done, state->n_failed,
                seconds > 0 ? (double) state->n_done / seconds : 0, rest);
        bar->visible = true;
        bar->shown = now;
}

void progress_hide(ProgressBar *bar) {
        if (bar->visible)
                fputs("\r\033[K", stderr);
        bar->visible = false;
}
