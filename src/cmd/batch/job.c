/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/job.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>

#include "lib/load.h"
#include "util/similar.h"
#include "util/strv.h"
#include "util/text.h"

const char *const job_file_keys[3] = { "stdin", "stdout", "stderr" };

typedef struct Reader {
        Job *job;
        const JsonLibrary *lib;
        Report *report;
} Reader;

static int wrong(const Reader *r, const char *key, const char *wanted) {
        return report_error(r->report, EINVAL, "\"%s\" must be %s", key, wanted);
}

static int take_text(const Reader *r, const char *key, json_t *value, const char **ret) {
        if (!json_is_string(value) || !*r->lib->json_string_value(value))
                return wrong(r, key, "a string that is not empty");
        *ret = r->lib->json_string_value(value);
        return 0;
}

static int take_array(const Reader *r, const char *key, json_t *value, const char ***ret) {
        size_t n = json_is_array(value) ? r->lib->json_array_size(value) : 0;
        const char **items = calloc(n + 1, sizeof(char *));

        if (!items)
                return report_oom(r->report);
        *ret = items;
        for (size_t i = 0; i < n; i++) {
                const json_t *item = r->lib->json_array_get(value, i);

                items[i] = json_is_string(item) ? r->lib->json_string_value(item) : NULL;
                if (!items[i])
                        return wrong(r, key, "an array of strings");
        }
        return json_is_array(value) ? 0 : wrong(r, key, "an array of strings");
}

static int take_argv(const Reader *r, const char *key, json_t *value) {
        int q = take_array(r, key, value, &r->job->argv);

        return q < 0 ? q : r->job->argv[0] ? 0 : wrong(r, key, "an array that begins with the command");
}

static int take_volumes(const Reader *r, const char *key, json_t *value) {
        return take_array(r, key, value, &r->job->volumes);
}

/* As Environment= of a policy has them. */
static bool is_variable(const char *name) {
        size_t n = 0;

        while (isalnum((unsigned char) name[n]) || name[n] == '_')
                n++;
        return n > 0 && !name[n] && !isdigit((unsigned char) name[0]);
}

static int take_env(const Reader *r, const char *key, json_t *value) {
        char **next;

        if (!json_is_object(value))
                return wrong(r, key, "an object of strings");
        r->job->env = next = calloc(r->lib->json_object_size(value) + 1, sizeof(char *));
        for (void *i = r->lib->json_object_iter(value); next && i; i = r->lib->json_object_iter_next(value, i)) {
                const char *name = r->lib->json_object_iter_key(i);
                const json_t *text = r->lib->json_object_iter_value(i);

                if (!json_is_string(text))
                        return wrong(r, key, "an object of strings");
                if (!is_variable(name))
                        return report_error(r->report, EINVAL, "\"env\": \"%s\" is not the name of a variable", name);
                *next = format("%s=%s", name, r->lib->json_string_value(text));
                next = *next ? next + 1 : NULL;
        }
        return next ? 0 : report_oom(r->report);
}

static int take_file(const Reader *r, const char *key, json_t *value) {
        size_t fd = 0;

        while (!streq(job_file_keys[fd], key))
                fd++;
        return take_text(r, key, value, &r->job->files[fd]);
}

static int take_name(const Reader *r, const char *key, json_t *value) {
        const char *name = NULL;
        int q = take_text(r, key, value, &name);

        if (q < 0)
                return q;
        if (!name_is_valid(name))
                return report_error(r->report, EINVAL,
                                    "\"name\": a name can contain only letters, digits, \":\", \"_\", \".\" and \"-\": "
                                    "\"%s\"", name);
        r->job->name = name;
        return 0;
}

static const struct {
        const char *name;
        int (*take)(const Reader *r, const char *key, json_t *value);
} keys[] = {
        { "name", take_name },   { "argv", take_argv },   { "env", take_env },         { "stdin", take_file },
        { "stdout", take_file }, { "stderr", take_file }, { "volumes", take_volumes },
};

static int unknown_key(const Reader *r, const char *key) {
        Similar similar = { .word = key };
        char known[128] = "";

        for (size_t i = 0, n = 0; i < ELEMENTSOF(keys); i++) {
                similar_try(&similar, keys[i].name);
                n += (size_t) snprintf(known + n, sizeof(known) - n, " %s", keys[i].name);
        }
        if (similar.found)
                return report_error(r->report, EINVAL, "unknown key \"%s\" (did you mean \"%s\"?)", key, similar.found);
        return report_error(r->report, EINVAL, "unknown key \"%s\": the keys are%s", key, known);
}

static int take(const Reader *r, const char *key, json_t *value) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i].name, key))
                        return keys[i].take(r, key, value);
        return unknown_key(r, key);
}

int job_read(Job *job, const JsonLibrary *lib, uint64_t line, const char *text, size_t size, Report *report) {
        const Reader reader = { job, lib, report };
        json_error_t error;
        int r = 0;

        *job = (Job) { .line = line };
        job->root = lib->json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!job->root)
                return report_error(report, EINVAL, "the line is not JSON: %s", error.text);
        if (!json_is_object(job->root))
                return report_error(report, EINVAL, "the line is not a JSON object");
        for (void *i = lib->json_object_iter(job->root); r >= 0 && i; i = lib->json_object_iter_next(job->root, i))
                r = take(&reader, lib->json_object_iter_key(i), lib->json_object_iter_value(i));
        if (r >= 0 && !job->argv)
                r = report_error(report, EINVAL, "the key \"argv\" is missing");
        return r;
}

void job_deinit(Job *job, const JsonLibrary *lib) {
        free(job->argv);
        free(job->volumes);
        strv_free(job->env);
        if (job->root) /* nothing else refers to it */
                lib->json_delete(job->root);
        *job = (Job) {};
}

const char *job_variable(const Job *job, const char *name) {
        return strv_variable(job->env, name);
}
