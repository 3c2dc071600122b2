/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/result.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "util/text.h"

typedef struct Writer {
        const JsonLibrary *lib;
        json_t *object;
        bool failed;
} Writer;

/* Takes over value. */
static void set(Writer *w, const char *key, json_t *value) {
        if (w->lib->json_object_set_new(w->object, key, value) < 0)
                w->failed = true;
}

static void set_text(Writer *w, const char *key, const char *text) {
        set(w, key, text ? json_library_text(w->lib, text) : w->lib->json_null());
}

static void set_number(Writer *w, const char *key, uint64_t number) {
        set(w, key, w->lib->json_integer((json_int_t) number));
}

static void set_usage(Writer *w, const Usage *usage, uint64_t wall_usec) {
        set_number(w, "wall_usec", wall_usec);
        set_number(w, "cpu_usec", usage->cpu_usec);
        set_number(w, "max_rss", usage->max_rss);
        if (usage->memory_peak > 0)
                set_number(w, "memory_peak", usage->memory_peak);
        set(w, "oom_killed", usage->oom_killed ? w->lib->json_true() : w->lib->json_false());
}

static void set_signal(Writer *w, int sig) {
        char name[32];

        if (sig >= SIGRTMIN)
                snprintf(name, sizeof(name), "SIGRTMIN+%d", sig - SIGRTMIN);
        else
                snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(sig) ?: "?");
        set_text(w, "signal", name);
}

char *result_write(const JsonLibrary *lib, const Result *r) {
        Writer w = { .lib = lib, .object = lib->json_object() };
        _cleanup_free_ char *text = NULL;

        if (!w.object)
                return NULL;
        set_number(&w, "line", r->line);
        set_text(&w, "name", r->name);
        set(&w, "run", r->was_run ? lib->json_true() : lib->json_false());
        set_number(&w, "status", (uint64_t) r->status);
        if (r->was_run && WIFSIGNALED(r->wait_status))
                set_signal(&w, WTERMSIG(r->wait_status));
        if (r->error)
                set_text(&w, "error", r->error);
        if (r->usage)
                set_usage(&w, r->usage, r->wall_usec);
        text = w.failed ? NULL : lib->json_dumps(w.object, JSON_COMPACT | JSON_ENSURE_ASCII);
        lib->json_delete(w.object);
        return text ? format("%s\n", text) : NULL;
}
