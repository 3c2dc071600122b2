/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/text.h"

/* A Report collects messages for the user. The layers below the commands report to it and never print.
 *
 * A function that fails returns a negative errno. If it takes a Report, it has reported the failure before it returns,
 * whatever the errno: one line with the origin (the policy's file and line), the key, what failed, and why. A function
 * without a Report leaves the report to its caller. Within a file, and within the parts of a plan, -ENOMEM may go up
 * unreported: the function that others call ends with report_if_oom(). */

/* The place where a value was written. file is borrowed and must live as long as the report or plan that has the
 * origin; NULL means built-in. line 0 means no line ("command line"). */
typedef struct Origin {
        const char *file;
        unsigned line;
} Origin;

typedef enum Severity {
        SEVERITY_NOTICE, /* the sandbox starts */
        SEVERITY_ERROR,  /* the sandbox does not start */
        SEVERITY_TOLD,   /* the caller has asked for it: isorun --why */
        SEVERITY_STEP,   /* a step of a start, with its time, for isorun --verbose */
} Severity;

/* Called for each message, as one line without newline and with control characters escaped. */
typedef void (*ReportSink)(void *userdata, Severity severity, const char *line);

/* The same with the parts of the line, which are not escaped. origin and key may be NULL. */
typedef void (*ReportPartsSink)(void *userdata, Severity severity, const Origin *origin, const char *key,
                                const char *text);

enum {
        REPORT_TEXT_MAX = 512,
        REPORT_LINE_MAX = 4096, /* longer messages are cut */
        REPORT_ERRORS_MAX = 20, /* further errors are only counted */
};

/* The first error that was reported. It has its own copies of the texts, so it stays valid; longer texts are cut. Do
 * not copy the struct, because it has pointers into itself. */
typedef struct ReportedError {
        int error; /* 0: no error */
        Origin origin;
        const char *key; /* may be NULL */
        char text[REPORT_TEXT_MAX]; /* without origin and key */
        char file_name[PATH_MAX], key_name[NAME_MAX + 1]; /* origin.file and key point here */
} ReportedError;

typedef struct Report {
        ReportSink sink;            /* may be NULL */
        ReportPartsSink parts_sink; /* in its place for errors and notices, if it is not NULL */
        void *userdata;
        uint64_t begun; /* start of the steps' clock, CLOCK_MONOTONIC in µs; 0: steps are not reported */
        size_t n_errors;
        bool out_of_memory; /* it has been reported */
        ReportedError first;
} Report;

/* These three return -error, so that `return report_error(…)` ends a function. error is a positive errno. It is not
 * added to the message, so the text must say everything. key may be NULL. */
int report_error(Report *report, int error, const char *format, ...) _printf_(3, 4);
int report_error_at(Report *report, Origin origin, const char *key, int error, const char *format, ...)
        _printf_(5, 6);
int report_error_atv(Report *report, Origin origin, const char *key, int error, const char *format, va_list ap)
        _printf_(5, 0);

void report_notice(Report *report, const char *format, ...) _printf_(2, 3);
void report_notice_at(Report *report, Origin origin, const char *key, const char *format, ...) _printf_(4, 5);

/* Reports what the caller has asked for. */
void report_told(Report *report, const char *line);

/* Reports a step that a process took at the time when (CLOCK_MONOTONIC, in µs). Does nothing if begun is 0. */
void report_step(Report *report, const char *process, uint64_t when, const char *step);

/* Reports a step that isorun has taken now. */
void report_own_step(Report *report, const char *step);

/* Reports that memory has run out, once per report, however many levels call it. Returns -ENOMEM. */
int report_oom(Report *report);

/* Whether no further error is shown. A reader of hostile text then stops. */
bool report_is_full(const Report *report);

/* Calls report_oom() if r is -ENOMEM. Returns r. */
int report_if_oom(Report *report, int r);

/* Returns "web.conf:12", "command line" or "built-in", in a buffer that the caller frees. NULL when memory runs out. */
char *origin_format(Origin origin);

/* Adds the same to a text. */
void origin_add(Text *text, Origin origin);

/* Whether the two name the same line of the same file. */
bool origin_equal(Origin a, Origin b);
