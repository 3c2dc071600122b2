/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "util/clock.h"
#include "util/escape.h"
#include "util/text.h"

void origin_add(Text *text, Origin origin) {
        char line[16];

        text_add(text, origin.file ?: "built-in");
        if (origin.line == 0)
                return;
        snprintf(line, sizeof(line), ":%u", origin.line);
        text_add(text, line);
}

char *origin_format(Origin origin) {
        _cleanup_text_ Text text = {};

        origin_add(&text, origin);
        return text_finish(&text);
}

bool origin_equal(Origin a, Origin b) {
        return a.line == b.line &&
               (a.file == b.file || (a.file && b.file && streq(a.file, b.file)));
}

static const char *keep(char *buffer, size_t size, const char *s) {
        if (s)
                snprintf(buffer, size, "%s", s);
        return s ? buffer : NULL;
}

/* error: 0 for a notice. */
static _printf_(5, 0) void keep_first(Report *report, int error, const Origin *origin, const char *key,
                                      const char *format, va_list ap) {
        ReportedError *first = &report->first;
        va_list copy;

        if (error == 0 || report->n_errors++ > 0)
                return;
        first->error = error;
        first->key = keep(first->key_name, sizeof(first->key_name), key);
        if (origin)
                first->origin = (Origin) { .file = keep(first->file_name, sizeof(first->file_name), origin->file),
                                           .line = origin->line };
        va_copy(copy, ap);
        vsnprintf(first->text, sizeof(first->text), format, copy);
        va_end(copy);
}

static _printf_(3, 0) char *compose(const Origin *origin, const char *key, const char *fmt, va_list ap) {
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *raw = NULL, *rest = formatv(fmt, ap);

        if (!rest)
                return NULL;
        if (origin && origin->file) {
                origin_add(&text, *origin);
                text_add(&text, ": ");
        }
        if (key) {
                text_add(&text, key);
                text_add(&text, "=: ");
        }
        text_add(&text, rest);
        raw = text_finish(&text);
        if (raw && text.size > REPORT_LINE_MAX)
                strcpy(raw + REPORT_LINE_MAX - strlen("…"), "…");
        return raw ? escape(raw) : NULL;
}

/* Does the same if memory has run out: without origin and key, and cut to REPORT_TEXT_MAX. */
static _printf_(2, 0) void compose_cut(char line[static REPORT_TEXT_MAX], const char *fmt, va_list ap) {
        vsnprintf(line, REPORT_TEXT_MAX, fmt, ap);
        for (char *c = line; *c; c++)
                if (*c < ' ' || *c > '~')
                        *c = '?';
}

static _printf_(5, 0) void emit_parts(Report *report, int error, const Origin *origin, const char *key, const char *fmt,
                                      va_list ap) {
        _cleanup_free_ char *text = NULL;

        if (error && report->n_errors > REPORT_ERRORS_MAX)
                return;
        text = formatv(fmt, ap);
        report->parts_sink(report->userdata, error ? SEVERITY_ERROR : SEVERITY_NOTICE, origin, key,
                           text ?: "out of memory");
}

static _printf_(5, 0) void emit(Report *report, int error, const Origin *origin, const char *key, const char *fmt,
                                va_list ap) {
        _cleanup_free_ char *line = NULL;
        char cut[REPORT_TEXT_MAX];
        va_list copy;

        keep_first(report, error, origin, key, fmt, ap);
        if (error == ENOMEM)
                report->out_of_memory = true;
        if (report->parts_sink) {
                emit_parts(report, error, origin, key, fmt, ap);
                return;
        }
        if (!report->sink || (error && report->n_errors > REPORT_ERRORS_MAX + 1))
                return;
        if (error && report->n_errors > REPORT_ERRORS_MAX) {
                report->sink(report->userdata, SEVERITY_ERROR, "more errors follow, which are not shown");
                return;
        }

        va_copy(copy, ap);
        line = compose(origin, key, fmt, ap);
        if (!line)
                compose_cut(cut, fmt, copy);
        va_end(copy);
        report->sink(report->userdata, error ? SEVERITY_ERROR : SEVERITY_NOTICE, line ?: cut);
}

int report_error_atv(Report *report, Origin origin, const char *key, int error, const char *format, va_list ap) {
        emit(report, error, &origin, key, format, ap);
        return -error;
}

int report_error_at(Report *report, Origin origin, const char *key, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        emit(report, error, &origin, key, format, ap);
        va_end(ap);
        return -error;
}

int report_error(Report *report, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        emit(report, error, NULL, NULL, format, ap);
        va_end(ap);
        return -error;
}

void report_notice_at(Report *report, Origin origin, const char *key, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        emit(report, 0, &origin, key, format, ap);
        va_end(ap);
}

void report_notice(Report *report, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        emit(report, 0, NULL, NULL, format, ap);
        va_end(ap);
}

void report_told(Report *report, const char *line) {
        _cleanup_free_ char *shown = escape(line);

        if (shown && report->sink)
                report->sink(report->userdata, SEVERITY_TOLD, shown);
}

void report_step(Report *report, const char *process, uint64_t when, const char *step) {
        char line[REPORT_TEXT_MAX];

        if (!report->begun || !report->sink)
                return;
        snprintf(line, sizeof(line), "%" PRIu64 " us, %s: %s", when - report->begun, process, step);
        report->sink(report->userdata, SEVERITY_STEP, line);
}

void report_own_step(Report *report, const char *step) {
        if (report->begun)
                report_step(report, "outside", clock_usec(CLOCK_MONOTONIC), step);
}

bool report_is_full(const Report *report) {
        return report->n_errors > REPORT_ERRORS_MAX;
}

int report_oom(Report *report) {
        return report->out_of_memory ? -ENOMEM : report_error(report, ENOMEM, "out of memory");
}

int report_if_oom(Report *report, int r) {
        return r == -ENOMEM ? report_oom(report) : r;
}
