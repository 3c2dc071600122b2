/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl embed [-o OUT] POLICY BINARY: puts a policy into a finished program. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/verb/embed-file.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "policy/note.h"
#include "policy/policy-load.h"
#include "util/fd.h"
#include "util/strv.h"

/* The text of the policy's own file. */
typedef struct Source {
        char *file, *text;
        size_t size, n_drop_ins;
} Source;

static void source_deinit(Source *s) {
        free(s->file);
        free(s->text);
        *s = (Source) {};
}

/* A PolicyVisit: the bases come first, and the drop-ins last. */
static int take_file(void *userdata, const char *file, const char *text, size_t size) {
        Source *s = userdata;

        if (strstr(file, ".conf.d/")) {
                s->n_drop_ins++;
                return 0;
        }
        source_deinit(s);
        *s = (Source) { .file = strdup(file), .text = strndup(text, size), .size = size };
        return s->file && s->text ? 0 : -ENOMEM;
}

static int read_path(Source *s, const char *path, Report *report) {
        int r = text_file_read(path, &s->text, &s->size);

        if (r < 0)
                return report_error(report, -r, "cannot read the policy %s: %s", path, text_file_strerror(-r));
        s->file = strdup(path);
        return s->file ? 0 : report_oom(report);
}

/* Checks the lines as isoctl check --syntax, and that a program may bring them along. */
static int check_source(const Source *s, const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(notes_deinit) Notes notes = {};
        int r = notes_from_text(s->file, strndup(s->text, s->size), s->size, &notes, report);

        return r < 0 ? r : loaded_init(&loaded, spec, NULL, NULL, report);
}

static int read_source(Source *s, const char *spec, Report *report) {
        char **search_path;
        int r;

        if (policy_spec_is_path(spec))
                return read_path(s, spec, report);
        search_path = policy_search_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"), geteuid());
        r = search_path ? policy_visit(spec, search_path, take_file, s, report) : report_oom(report);
        strv_free(search_path);
        if (r >= 0 && s->n_drop_ins > 0)
                report_notice(report, "the drop-ins of %s stay outside of the program", spec);
        return r;
}

/* Plans a start of the program, as isorun --own --dry-run does. */
static int try_program(const EmbedFiles *f, const Source *s, Report *report) {
        char *arguments[] = { f->made, NULL };
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = f->made, .arguments = arguments, .need_command = true, .only_plan = true };
        Report silent = {};
        struct stat st;

        if (stat(f->made, &st) < 0)
                return report_error(report, errno, "cannot read %s: %s", f->made, strerror(errno));
        request.program_device = st.st_dev;
        request.program_inode = st.st_ino;
        if (loaded_init(&loaded, f->made, NULL, arguments, &silent) >= 0 &&
            loaded_plan(&loaded, NULL, 0, &request, &plan, &silent) == 0)
                return 0;
        report_error_at(report, (Origin) { .file = silent.first.origin.line ? s->file : f->binary,
                                           .line = silent.first.origin.line },
                        silent.first.key, silent.first.error ?: EIO, "%s", silent.first.text);
        report_notice(report, "--syntax puts the policy into the program even if it does not work on this host");
        return -EIO;
}

static int embed(const CommandLine *line, Report *report) {
        const char *spec = line->arguments[0], *binary = line->arguments[1];
        _cleanup_(embed_files_deinit) EmbedFiles files = { .fd = -1, .parent = -1, .place = -1 };
        _cleanup_(source_deinit) Source source = {};
        int r;

        r = read_source(&source, spec, report);
        if (r >= 0)
                r = check_source(&source, spec, report);
        if (r >= 0)
                r = embed_files_init(&files, binary, command_line_get(line, 'o'), report);
        if (r >= 0)
                r = embed_files_make(&files, source.text, source.size, report);
        if (r >= 0 && !command_line_has(line, ARG_SYNTAX))
                r = try_program(&files, &source, report);
        return r < 0 ? r : embed_files_move(&files, report);
}

static int run(const CommandLine *line, Report *report) {
        return embed(line, report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { 'o', "output", "write the program with the policy to OUT", { "OUT", ARGUMENT_FILE } },
        { ARG_SYNTAX, "syntax", "test only the lines, and not whether they work here" },
        {},
};
static const Argument arguments[] = { { "POLICY", ARGUMENT_POLICY }, { "BINARY", ARGUMENT_FILE }, {} };

const Verb verb_embed = {
        .name = "embed",
        .help = "put a policy into a finished program",
        .details = "Puts POLICY into the ELF file BINARY, in place of the policy that it carries, and tests a start\n"
                   "of it. Uses objcopy(1), or the program that $OBJCOPY names. isorun --own uses the policy of a\n"
                   "program.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
