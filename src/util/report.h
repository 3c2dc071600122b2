/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* What the user is told, as it comes up in the layers below the commands, which never print themselves.
 *
 * A function that fails returns a negative errno. If it takes a Report, it has reported the failure first, whatever the
 * errno, in one line: where from (the policy's file and line), which key, what, why. A function without a Report leaves
 * that to its caller. Within a file, and within the parts of a plan, -ENOMEM may go up without a line of its own: the
 * function that others call ends with report_if_oom(). */

/* Where a value was written. file is borrowed and must live as long as the report or plan that names it; it is
 * NULL for what is built in. line 0: no line ("command line"). */
typedef struct Origin {
        const char *file;
        unsigned line;
} Origin;

typedef enum Severity {
        SEVERITY_NOTICE, /* the sandbox starts, and the user should know this about it */
        SEVERITY_ERROR,  /* it does not start */
        SEVERITY_STEP,   /* one step of a start, for those who look for what takes long, or where it ends */
} Severity;

/* Gets each message as one line without newline, control characters escaped. */
typedef void (*ReportSink)(void *userdata, Severity severity, const char *line);

enum { REPORT_TEXT_MAX = 512 };

/* What went wrong first, as it was reported. It outlives what it was about: texts are copies, cut where they are longer.
 * It is not to be copied itself, since it points into itself. */
typedef struct ReportedError {
        int error; /* 0: nothing */
        Origin origin;
        const char *key; /* may be NULL */
        char text[REPORT_TEXT_MAX]; /* without origin and key */
        char file_name[PATH_MAX], key_name[NAME_MAX + 1]; /* what origin and key point to */
} ReportedError;

typedef struct Report {
        ReportSink sink; /* may be NULL */
        void *userdata;
        uint64_t begun; /* steps are reported, with the time since then, of CLOCK_MONOTONIC in µs; 0: they are not */
        size_t n_errors;
        bool out_of_memory; /* has been said */
        ReportedError first;
} Report;

/* Each of these returns -error, so that `return report_error(…)` ends a function. error is a positive errno. The
 * text says all there is to say: error is not appended to it. key may be NULL. */
int report_error(Report *report, int error, const char *format, ...) _printf_(3, 4);
int report_error_at(Report *report, Origin origin, const char *key, int error, const char *format, ...)
        _printf_(5, 6);
int report_error_atv(Report *report, Origin origin, const char *key, int error, const char *format, va_list ap)
        _printf_(5, 0);

void report_notice(Report *report, const char *format, ...) _printf_(2, 3);
void report_notice_at(Report *report, Origin origin, const char *key, const char *format, ...) _printf_(4, 5);

/* A process has taken a step, at that time. Nothing happens where steps are not reported. */
void report_step(Report *report, const char *process, uint64_t when, const char *step);

/* isorun itself has, now. */
void report_own_step(Report *report, const char *step);

/* -ENOMEM, said: once in a report, however many levels do so. */
int report_oom(Report *report);

/* r, said if it is -ENOMEM. */
int report_if_oom(Report *report, int r);

/* "web.conf:12", "command line" or "built-in" into a buffer that the caller frees; NULL when memory runs out. */
char *origin_format(Origin origin);

/* Whether two are of the same line. */
bool origin_equal(Origin a, Origin b);
