/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Policies whose permits the tests compare. */

#include "helper.h"

#include "plan/permit/permit.h"
#include "plan/permit/read.h"

/* A policy with its permit. */
typedef struct Sample {
        Policy *policy;
        Permit *permit;
        char text[4096];
} Sample;

static inline void sample_read(Sample *sample, const char *text) {
        Log log;

        log_init(&log);
        *sample = (Sample) { .policy = test_policy() };
        snprintf(sample->text, sizeof(sample->text), "%s", text);
        if (test_read(sample->policy, &log, text) < 0 || policy_complete(sample->policy, &log.report) < 0)
                fail_msg("%s\nin:\n%s", log_text(&log), text);
        assert_int_equal(permit_new(&sample->permit, sample->policy, NULL, &log.report), 0);
        log_deinit(&log);
}

/* Lines without sections. */
static inline void sample_lines(Sample *sample, const char *lines) {
        _cleanup_free_ char *copy = strdup(lines);
        char text[2048] = "", *position = copy;

        for (char *line; (line = strsep(&position, "\n"));) {
                _cleanup_free_ char *key = strndup(line, strcspn(line, "="));
                const Directive *d = directive_find(key);
                size_t n = strlen(text);

                if (d)
                        snprintf(text + n, sizeof(text) - n, "[%s]\n%s\n", section_names[d->section], line);
        }
        sample_read(sample, text);
}

static inline void sample_free(Sample *sample) {
        permit_free(sample->permit);
        policy_free(sample->policy);
}

static inline Permit *meet(const Permit *a, const Permit *b) {
        Permit *permit;

        assert_int_equal(permit_meet(&permit, a, b), 0);
        return permit;
}
