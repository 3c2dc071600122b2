/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the unit tests: a report that is kept as text, comparisons that name the row of a table that failed,
 * temporary directories and policies. */

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* needs the headers above */

#include "policy/policy.h"
#include "util/id-map.h"
#include "util/macro.h"
#include "util/path.h"
#include "util/report.h"

/* Comparisons. what names the row. */

static inline void expect_text(const char *what, const char *got, const char *expected) {
        if (!got || !streq(got, expected))
                fail_msg("%s: got \"%s\", not \"%s\"", what, got ?: "(null)", expected);
}

static inline void expect_number(const char *what, uint64_t got, uint64_t expected) {
        if (got != expected)
                fail_msg("%s: got %llu, not %llu", what, (unsigned long long) got, (unsigned long long) expected);
}

static inline void expect_result(const char *what, int got, int expected) {
        if (got != expected)
                fail_msg("%s: returned %d, not %d", what, got, expected);
}

static inline void expect_map(const char *what, const IdMap *map, const char *expected) {
        _cleanup_free_ char *text = id_map_format(map, "\n");

        expect_text(what, text, expected);
}

static inline void expect_in(const char *what, const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("%s: \"%s\" is not in:\n%s", what, part, text);
}

static inline void expect_not_in(const char *what, const char *text, const char *part) {
        if (strstr(text, part))
                fail_msg("%s: \"%s\" is in:\n%s", what, part, text);
}

/* Text that grows. */

typedef struct Buffer {
        FILE *f;
        char *text;
        size_t size;
} Buffer;

static inline void buffer_init(Buffer *b) {
        *b = (Buffer) {};
        b->f = open_memstream(&b->text, &b->size);
        assert_non_null(b->f);
}

static inline const char *buffer_text(Buffer *b) {
        fflush(b->f);
        return b->text;
}

static inline void buffer_deinit(Buffer *b) {
        fclose(b->f);
        free(b->text);
}

/* A report that is kept as text, one line for each message: "error: …" or "notice: …". */

typedef struct Log {
        Report report;
        Buffer lines;
} Log;

static inline void log_sink(void *userdata, Severity severity, const char *line) {
        Log *log = userdata;

        fprintf(log->lines.f, "%s: %s\n", severity == SEVERITY_ERROR ? "error" : "notice", line);
}

static inline void log_init(Log *log) {
        buffer_init(&log->lines);
        log->report = (Report) { .sink = log_sink, .userdata = log };
}

static inline const char *log_text(Log *log) {
        return buffer_text(&log->lines);
}

static inline void log_deinit(Log *log) {
        buffer_deinit(&log->lines);
}

/* Random numbers, the same in each run: xorshift32. */

static inline uint32_t next_random(uint32_t *seed) {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 17;
        *seed ^= *seed << 5;
        return *seed;
}

/* Temporary directories. */

static inline char *temp_make(void) {
        _cleanup_free_ char *path = NULL;
        char *real;

        assert_true(asprintf(&path, "%s/isorun-unit-XXXXXX", getenv("TMPDIR") ?: "/tmp") > 0);
        assert_non_null(mkdtemp(path));
        real = realpath(path, NULL);
        assert_non_null(real);
        return real;
}

static inline int temp_remove_one(const char *path, _unused_ const struct stat *st, _unused_ int flag,
                                  _unused_ struct FTW *ftw) {
        return remove(path);
}

static inline void temp_remove(char *path) {
        nftw(path, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(path);
}

/* Writes dir/name to the buffer, and makes its parent directories. */
static inline const char *temp_path(char path[static PATH_MAX], const char *dir, const char *name) {
        snprintf(path, PATH_MAX, "%s/%s", dir, name);
        for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                mkdir(path, 0755);
                *slash = '/';
        }
        return path;
}

static inline void temp_dir(const char *dir, const char *name) {
        char path[PATH_MAX];

        assert_int_equal(mkdir(temp_path(path, dir, name), 0755), 0);
}

static inline void temp_file(const char *dir, const char *name, const char *text, size_t size) {
        char path[PATH_MAX];
        FILE *f = fopen(temp_path(path, dir, name), "we");

        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, size, f), size);
        assert_int_equal(fclose(f), 0);
}

static inline void temp_text(const char *dir, const char *name, const char *text) {
        temp_file(dir, name, text, strlen(text));
}

static inline void temp_link(const char *dir, const char *name, const char *target) {
        char path[PATH_MAX];

        assert_int_equal(symlink(target, temp_path(path, dir, name)), 0);
}

/* Policies. */

static const Specifiers test_specifiers = {
        .home = "/home/ada",
        .runtime = "/run/user/1000",
        .user = "ada",
        .instance = "web-1",
        .uid = 1000,
};

static inline Policy *test_policy(void) {
        Policy *policy = policy_new(&test_specifiers);

        assert_non_null(policy);
        return policy;
}

static inline int test_read(Policy *policy, Log *log, const char *text) {
        return policy_read(policy, "test.conf", text, strlen(text), &log->report);
}

static inline int test_assign(Policy *policy, Log *log, const char *key, const char *value) {
        return policy_assign(policy, (Origin) { .file = "test.conf", .line = 7 }, NULL, key, value, &log->report);
}

/* "64M n=67108864": the text, then the fields that are not 0. */
static inline void dump_value(FILE *f, const Value *v) {
        fputs(v->text, f);
        if (v->number)
                fprintf(f, " n=%lld", (long long) v->number);
        if (v->number2)
                fprintf(f, " m=%lld", (long long) v->number2);
        if (v->size.number)
                fprintf(f, " size=%llu%s", (unsigned long long) v->size.number, v->size.relative ? "%" : "");
        fprintf(f, "%s%s%s", v->relative ? " relative" : "", v->inverted ? " inverted" : "",
                v->optional ? " optional" : "");
        for (unsigned i = 0; i < v->n_bitmap; i++)
                fprintf(f, "%s%02x", i ? "" : " bits=", v->bitmap[i]);
        for (char **w = v->words; w && *w; w++)
                fprintf(f, "%s%s%s", w == v->words ? " [" : "|", *w, w[1] ? "" : "]");
}

/* Compares all values of a directive, separated by "; ". */
static inline void expect_values(const char *what, const Policy *policy, const char *directive, const char *expected) {
        const Directive *d = directive_find(directive);
        const SettingList *list;
        Buffer b;

        assert_non_null(d);
        list = &policy->settings[directive_id(d)];
        buffer_init(&b);
        for (size_t i = 0; i < list->n; i++) {
                fputs(i ? "; " : "", b.f);
                dump_value(b.f, &list->items[i].value);
        }
        expect_text(what, buffer_text(&b), expected);
        buffer_deinit(&b);
}
