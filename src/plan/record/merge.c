/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/merge.h"

#include <errno.h>

#include "policy/policy.h"
#include "policy/value/names.h"
#include "policy/value/size.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* A line of a policy, with those that continue it. */
typedef struct Line {
        char *comment; /* all lines above it that are comments, or "" */
        char *text;    /* "KEY=VALUE" */
        const char *value; /* in text */
        const Directive *directive;
        bool old;      /* of the earlier policy */
        bool gone;
} Line;

typedef struct Lines {
        Line *items;
        size_t n;
        char *header, *footer; /* comments before the first section, and after the last line */
} Lines;

static void lines_deinit(Lines *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].comment);
                free(l->items[i].text);
        }
        free(l->items);
        free(l->header);
        free(l->footer);
}

/* The end of the line that begins at text, with the lines that continue it. */
static size_t line_length(const char *text) {
        size_t n = strcspn(text, "\n");

        while (n > 0 && text[n - 1] == '\\' && text[n])
                n += 1 + strcspn(text + n + 1, "\n");
        return n;
}

static int add_line(Lines *l, Text *comment, const char *text, size_t n, bool old) {
        const size_t key = strcspn(text, "=");
        _cleanup_free_ char *copy = strndup(text, n), *name = strndup(text, key < n ? key : n);
        Line *line;

        if (!copy || !name)
                return -ENOMEM;
        line = ARRAY_APPEND(l->items, l->n);
        if (!line)
                return -ENOMEM;
        *line = (Line) { .comment = text_finish(comment), .text = TAKE_PTR(copy), .old = old,
                         .directive = directive_find(text_trim(name)) };
        line->value = line->text + (key < n ? key + 1 : n);
        line->value += strspn(line->value, " \t");
        *comment = (Text) {};
        return line->comment ? 0 : -ENOMEM;
}

static int take_comments(Text *comment, char **to) {
        free(*to);
        *to = text_finish(comment);
        *comment = (Text) {};
        return *to ? 0 : -ENOMEM;
}

static int parse(Lines *l, const char *text, bool old) {
        _cleanup_text_ Text comment = {};
        int r = 0;

        for (size_t n; r >= 0 && *text; text += n + (text[n] == '\n')) {
                n = line_length(text);
                if (*text == '#' || *text == ';') {
                        text_add_bytes(&comment, text, n);
                        text_add_char(&comment, '\n');
                } else if (*text == '[')
                        r = l->header ? 0 : take_comments(&comment, &l->header);
                else if (n > strspn(text, " \t"))
                        r = add_line(l, &comment, text, n, old);
        }
        return r < 0 ? r : take_comments(&comment, &l->footer);
}

static bool same_directive(const Line *a, const Line *b) {
        return a->directive && a->directive == b->directive;
}

static bool is(const Line *line, DirectiveId id) {
        return line->directive == &directive_table[id];
}

static uint64_t number_of(const Line *line) {
        uint64_t n;

        if (streq(line->value, "infinity"))
                return UINT64_MAX;
        return parse_size(line->value, 1024, &n) >= 0 ? n : 0;
}

/* Of two lines of a directive with one value, keeps one: of the same policy, the later one. */
static void choose_value(Line *a, Line *b) {
        Line *first = a < b ? a : b, *old = first, *new = first == a ? b : a;
        const bool limit = is(a, D_MemoryMax) || is(a, D_TasksMax);
        const bool larger = limit && number_of(old) > 0 && number_of(new) > number_of(old);

        if (larger || old->old == new->old)
                old->gone = true;
        else
                new->gone = true;
}

/* Whether this word of one line is all that it has, and says something alone. */
static bool is_plain(const Line *line) {
        return *line->value && !strpbrk(line->value, " \t:\"'\\%~") && line->value[0] != '-';
}

/* Whether a line with a path, or a call, need not be there because of another one. */
static bool covers(const Line *by, const Line *line) {
        const bool shows = is(by, D_BindPaths) || is(by, D_BindReadOnlyPaths);
        const bool is_bind = is(line, D_BindPaths) || is(line, D_BindReadOnlyPaths);
        const size_t n = strcspn(line->value, ":");
        _cleanup_free_ char *path = NULL;
        const SyscallGroup *group;

        if (!is_plain(by))
                return false;
        if (is(by, D_SystemCallFilter) && is(line, D_SystemCallFilter) && is_plain(line)) {
                group = syscall_group_find(by->value);
                return group && line->value[0] != '@' && syscall_group_has(group, line->value);
        }
        if (!shows || !(is_bind ? is_plain(line) : is(line, D_Directory) || is(line, D_Symlink)))
                return false;
        if (is_bind && is(by, D_BindReadOnlyPaths) && is(line, D_BindPaths))
                return false;
        path = strndup(line->value, n);
        return path && (path_is_below(path, by->value) ||
                        (streq(path, by->value) && (!is_bind || by->directive != line->directive)));
}

/* Whether the order of a directive's lines has a meaning. */
static bool is_ordered(const Lines *l, const Directive *d) {
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].directive == d && (!*l->items[i].value || l->items[i].value[0] == '~'))
                        return true;
        return false;
}

/* The place after the last line that removes all values before it. */
static size_t after_reset(const Lines *l, const Directive *d) {
        size_t after = 0;

        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].directive == d && l->items[i].old && !*l->items[i].value)
                        after = i + 1;
        return after;
}

/* Whether the lines of the earlier policy begin with what they deny, and so allow all the rest. */
static bool allows_the_rest(const Lines *l, const Directive *d) {
        for (size_t i = after_reset(l, d); i < l->n; i++)
                if (l->items[i].directive == d && l->items[i].old)
                        return l->items[i].value[0] == '~';
        return false;
}

/* Whether b makes a superfluous. Where the order counts, earlier lines stay as they are. */
static bool is_superfluous(const Line *a, const Line *b, bool ordered) {
        if (streq(a->text, b->text))
                return a->old != b->old && a->old != ordered;
        if (ordered && a->old)
                return false;
        return covers(b, a) || (is(a, D_RestrictAddressFamilies) && same_directive(a, b) && streq(a->value, "none"));
}

static void join(Lines *l) {
        for (size_t i = 0; i < l->n; i++) {
                Line *a = &l->items[i];
                const bool ordered = a->directive && is_ordered(l, a->directive);

                a->gone = a->gone || (ordered && !a->old && allows_the_rest(l, a->directive));
                for (size_t j = 0; j < l->n && !a->gone; j++) {
                        Line *b = &l->items[j];

                        if (i == j || b->gone)
                                continue;
                        if (same_directive(a, b) && !a->directive->list)
                                choose_value(a, b);
                        else
                                a->gone = is_superfluous(a, b, ordered);
                }
        }
}

static int compare_lines(const void *a, const void *b) {
        return strcmp((*(const Line *const *) a)->text, (*(const Line *const *) b)->text);
}

static void write_line(Text *text, const Line *line) {
        text_add(text, line->comment);
        text_add(text, line->text);
        text_add_char(text, '\n');
}

/* The lines of one policy in [from, to). */
static void write_part(Text *text, const Lines *l, const Directive *d, bool old, size_t from, size_t to) {
        for (size_t i = from; i < to; i++)
                if (l->items[i].directive == d && !l->items[i].gone && l->items[i].old == old)
                        write_line(text, &l->items[i]);
}

/* What the earlier policy denies comes after what the newer one allows. */
static void write_ordered(Text *text, const Lines *l, const Directive *d) {
        const size_t after = after_reset(l, d);

        write_part(text, l, d, true, 0, after);
        write_part(text, l, d, false, 0, l->n);
        write_part(text, l, d, true, after, l->n);
}

static int write_directive(Text *text, const Lines *l, const Directive *d) {
        _cleanup_free_ const Line **items = NULL;
        size_t n = 0;

        if (is_ordered(l, d)) {
                write_ordered(text, l, d);
                return 0;
        }
        items = calloc(l->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].directive == d && !l->items[i].gone)
                        items[n++] = &l->items[i];
        if (n > 1)
                qsort(items, n, sizeof(*items), compare_lines);
        for (size_t i = 0; i < n; i++)
                write_line(text, items[i]);
        return 0;
}

static int write_all(const Lines *l, const char *header, char **ret) {
        _cleanup_text_ Text text = {};
        int r = 0;

        text_add(&text, header);
        for (Section section = 0; section < _SECTION_MAX; section++) {
                text_add(&text, section == 0 ? "[" : "\n[");
                text_add(&text, section_names[section]);
                text_add(&text, "]\n");
                for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                        if (directive_table[id].section == section)
                                r = write_directive(&text, l, &directive_table[id]);
        }
        text_add(&text, l->footer);
        *ret = r < 0 ? NULL : text_finish(&text);
        return *ret ? 0 : -ENOMEM;
}

static bool has_newer(const Lines *l, const Line *old) {
        for (size_t i = 0; i < l->n; i++)
                if (!l->items[i].old && streq(l->items[i].text, old->text))
                        return true;
        return false;
}

/* Takes away the lines of lists that the newer policy does not have. */
static int tighten_lines(Lines *l, char ***ret_gone) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                Line *line = &l->items[i];

                if (!line->old || !line->directive || !line->directive->list || has_newer(l, line))
                        continue;
                line->gone = true;
                r = strv_push(ret_gone, line->text);
        }
        return r;
}

int record_merge(const char *earlier, const char *newer, bool tighten, char **ret, char ***ret_gone) {
        enum { LINES_MAX = 4000 }; /* each is compared with all others */
        _cleanup_(lines_deinit) Lines lines = {};
        _cleanup_free_ char *header = NULL;
        int r = parse(&lines, earlier, true);

        header = TAKE_PTR(lines.header);
        if (r >= 0)
                r = parse(&lines, newer, false);
        if (r >= 0 && lines.n > LINES_MAX)
                r = -E2BIG;
        if (r >= 0 && tighten)
                r = tighten_lines(&lines, ret_gone);
        if (r < 0)
                return r;
        join(&lines);
        return write_all(&lines, lines.header ?: header ?: "", ret);
}
