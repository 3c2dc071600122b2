/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl inspect FILE|DIR|NAME|PID|-...: lists the policies that programs carry in their own files. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/inspect-file.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Inspection {
        Inspected *items;
        size_t n;
        size_t n_unread; /* files in directories */
        bool failed;
        Report *report;
} Inspection;

static void inspection_deinit(Inspection *all) {
        for (size_t i = 0; i < all->n; i++)
                inspected_deinit(&all->items[i]);
        free(all->items);
}

/* keep_none: the program is listed even if it carries no policy. */
static int add(Inspection *all, int fd, const char *path, bool keep_none) {
        Inspected found, *slot;
        int r = inspect_file(&found, fd, path);

        if (r < 0)
                return r;
        slot = found.state == INSPECT_NONE && !keep_none ? NULL : ARRAY_APPEND(all->items, all->n);
        if (!slot) {
                r = found.state == INSPECT_NONE && !keep_none ? 0 : -ENOMEM;
                inspected_deinit(&found);
                return r;
        }
        *slot = found;
        all->failed = all->failed || found.state != INSPECT_VALID;
        for (char **e = found.errors; e && *e; e++)
                report_error(all->report, EBADMSG, "%s", *e);
        return 0;
}

static int add_file(Inspection *all, const char *path) {
        _cleanup_free_ char *beside = strchr(path, '/') ? strdup(path) : path_join(".", path);
        _cleanup_close_ int fd = beside ? file_open_regular(beside) : -ENOMEM;

        if (fd >= 0)
                return add(all, fd, beside, true);
        all->failed = true;
        report_error(all->report, -fd, "cannot read %s: %s", path, text_file_strerror(-fd));
        return beside ? 0 : -ENOMEM;
}

/* Programs and libraries: others are not read. */
static bool is_program(const char *path, mode_t mode) {
        return mode & (S_IXUSR | S_IXGRP | S_IXOTH) || strstr(path_name(path), ".so");
}

static int compare(const FTSENT **a, const FTSENT **b) {
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_entry(Inspection *all, const FTSENT *e) {
        _cleanup_close_ int fd = -1;

        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
                all->n_unread++;
        if (e->fts_info != FTS_F || !is_program(e->fts_name, e->fts_statp->st_mode))
                return 0;
        fd = file_open_regular(e->fts_accpath);
        if (fd >= 0)
                return add(all, fd, e->fts_path, false);
        all->n_unread++;
        return 0;
}

static int add_directory(Inspection *all, const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        FTS *tree = copy ? fts_open((char *[]) { copy, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, compare) : NULL;
        FTSENT *e;
        int r = 0;

        if (!tree)
                return -ENOMEM;
        while (r >= 0 && (e = fts_read(tree)))
                r = add_entry(all, e);
        fts_close(tree);
        return r;
}

/* Looks at a file of a list, which also names directories, documents and files that are gone. */
static int add_listed(Inspection *all, const char *path) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || !is_program(path, st.st_mode))
                return 0;
        fd = file_open_regular(path);
        if (fd >= 0)
                return add(all, fd, path, false);
        all->n_unread++;
        return 0;
}

/* The files that standard input lists, one in a line, as dpkg -L and rpm -ql print them. */
static int add_list(Inspection *all) {
        _cleanup_free_ char *line = NULL;
        size_t room = 0;
        ssize_t length;
        int r = 0;

        for (size_t n = 1; r >= 0 && (length = getline(&line, &room, stdin)) >= 0; n++) {
                line[strcspn(line, "\n")] = '\0';
                if (strlen(line) + 1 < (size_t) length || (*line && *line != '/')) {
                        report_error(all->report, EINVAL, "line %zu of standard input is not an absolute path", n);
                        all->failed = true;
                        return 0;
                }
                r = *line ? add_listed(all, line) : 0;
        }
        if (ferror(stdin))
                report_error(all->report, EIO, "cannot read standard input");
        all->failed = all->failed || ferror(stdin);
        return r;
}

static int add_process(Inspection *all, pid_t pid) {
        _cleanup_free_ char *path = format("/proc/%d/exe", pid);

        return path ? add_file(all, path) : -ENOMEM;
}

/* The program of the payload's first process. */
static int add_instance(Inspection *all, const char *word) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const Instance *instance = instances_find(&list, all->report) < 0 ? NULL
                                                                          : instances_pick(&list, word, all->report);
        _cleanup_free_ char *path = NULL, *children = NULL;
        uint64_t pid = 0;

        all->failed = all->failed || !instance;
        if (!instance)
                return 0;
        path = format("/proc/%d/task/%d/children", instance->pid, instance->pid);
        if (!path)
                return -ENOMEM;
        if (instance->pid && file_read_line(AT_FDCWD, path, &children) >= 0) {
                children[strcspn(children, " ")] = '\0';
                if (parse_u64_range(children, 1, INT32_MAX, &pid) < 0)
                        pid = 0;
        }
        if (pid)
                return add_process(all, (pid_t) pid);
        all->failed = true;
        report_error(all->report, ESRCH, "%s: cannot find its program", word);
        return 0;
}

static int add_word(Inspection *all, const char *word) {
        struct stat st;
        uint64_t pid;

        if (streq(word, "-"))
                return add_list(all);
        if (stat(word, &st) >= 0)
                return S_ISDIR(st.st_mode) ? add_directory(all, word) : add_file(all, word);
        if (strchr(word, '/') || other_root_probe())
                return add_file(all, word);
        if (parse_u64_range(word, 1, INT32_MAX, &pid) >= 0)
                return add_process(all, (pid_t) pid);
        return add_instance(all, word);
}

static int add_row(struct libscols_table *table, const Inspected *i) {
        _cleanup_free_ char *notes = format("%zu", i->notes.n), *stages = strv_join(i->stages, " ");
        char exposure[16] = "-";

        if (!notes || !stages)
                return -ENOMEM;
        if (i->exposure >= 0)
                snprintf(exposure, sizeof(exposure), "%d.%d", i->exposure / 10, i->exposure % 10);
        return rows_add(table, (const char *[]) { i->file, i->architecture ?: "-", inspect_state_name(i->state),
                                                  exposure, notes, *stages ? stages : "-", i->description ?: "-" },
                        i->state == INSPECT_WRONG ? "red" : i->state == INSPECT_NONE ? "gray" : NULL);
}

static int print_table(const Inspection *all, bool legend) {
        static const char *const headings[] = { "FILE",  "ARCHITECTURE", "POLICY",      "EXPOSURE",
                                                "TEXTS", "STAGES",       "DESCRIPTION", NULL };
        struct libscols_table *table = rows_new(headings, legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < all->n; i++)
                r = add_row(table, &all->items[i]);
        return rows_end(table, r);
}

static json_t *make_json(const void *items, size_t n) {
        const Inspected *i = &((const Inspected *) items)[n];
        json_t *texts = json_array(), *errors = json_array(), *stages = json_array();
        bool failed = !texts || !errors || !stages;

        for (size_t k = 0; k < i->notes.n && !failed; k++)
                failed = json_array_append_new(texts, json_pack("{s:o, s:o}", "name", json_text(i->notes.items[k].name),
                                                                "text", json_text(i->notes.items[k].text))) < 0;
        for (char **e = i->errors; e && *e && !failed; e++)
                failed = json_array_append_new(errors, json_text(*e)) < 0;
        for (char **s = i->stages; s && *s && !failed; s++)
                failed = json_array_append_new(stages, json_text(*s)) < 0;
        if (failed) {
                json_decref(texts);
                json_decref(errors);
                json_decref(stages);
                return NULL;
        }
        return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "file", json_text(i->file), "architecture",
                         json_text_or_null(i->architecture), "state", inspect_state_name(i->state), "exposure",
                         i->exposure < 0 ? json_null() : json_real(i->exposure / 10.0), "description",
                         json_text_or_null(i->description), "texts", texts, "stages", stages, "errors", errors);
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(inspection_deinit) Inspection all = { .report = report };
        int r = 0;

        for (char **word = line->arguments; r >= 0 && *word; word++)
                r = add_word(&all, *word);
        if (r >= 0)
                r = command_line_has(line, ARG_JSON) ? json_print_array(make_json, all.items, all.n, stdout)
                                                     : print_table(&all, !command_line_has(line, ARG_NO_LEGEND));
        if (r < 0)
                r = report_error(report, -r, "inspect: %s", strerror(-r));
        else
                r = flush_output(report);
        if (all.n_unread > 0)
                report_notice(report, "%zu programs and directories could not be read", all.n_unread);
        return r < 0 || all.failed ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        OTHER_ROOT_OPTIONS,
        {},
};
static const Argument arguments[] = {
        { "FILE|DIR|NAME|PID|-", ARGUMENT_FILE | ARGUMENT_INSTANCE | ARGUMENT_REPEATED },
        {},
};

const Verb verb_inspect = {
        .name = "inspect",
        .help = "list the policies that programs carry",
        .details = "Reads the policies in the files of programs, and runs none of them. Of a directory, it lists all\n"
                   "programs and libraries that carry a policy; \"-\" stands for the files that standard input lists,\n"
                   "such as those of a package (dpkg -L, rpm -ql). Returns 125 if a policy is not valid, or a FILE\n"
                   "carries none.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
