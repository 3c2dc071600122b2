/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/calls.h"

#include <stdlib.h>

#include "policy/value/names.h"
#include "util/strv.h"

enum { ROW_MAX = 12 }; /* a row of so many single calls is not long */

/* The calls of a row, each at its place in syscall_numbers. */
typedef struct Row {
        const char *sign; /* "~" if they are denied */
        bool *has;  /* also what the words after the row deny again: so they may be in a group */
        bool *left; /* no group that was added has the call */
} Row;

/* The place of a word that is a single call with this sign, or -1. */
static ssize_t place_of(const char *word, const char *sign) {
        const char *name = startswith(word, sign);
        SyscallMember m = name && *name != '@' && *name != '~' ? syscall_member_find(name) : 0;

        return m ? (ssize_t) syscall_member_place(m) : -1;
}

/* The number of words at the beginning that are single calls with this sign. */
static size_t row_length(char *const *words, const char *sign) {
        size_t n = 0;

        while (words[n] && place_of(words[n], sign) >= 0)
                n++;
        return n;
}

/* The number of the group's calls that are left; 0 if the row does not have all of it. With clear, none is left. */
static size_t count_left(const Row *row, const SyscallGroup *group, bool clear) {
        size_t n = 0;

        for (const SyscallMember *m = group->members; *m; m++) {
                const SyscallGroup *inner = syscall_member_group(*m);
                bool *left;

                if (inner) {
                        n += count_left(row, inner, clear);
                        continue;
                }
                left = &row->left[syscall_member_place(*m)];
                n += *left;
                *left = *left && !clear;
        }
        return n;
}

static bool has_whole(const Row *row, const SyscallGroup *group) {
        for (const SyscallMember *m = group->members; *m; m++)
                if (syscall_member_group(*m) ? !has_whole(row, syscall_member_group(*m))
                                             : !row->has[syscall_member_place(*m)])
                        return false;
        return true;
}

/* The whole group with the most calls that are left, or NULL. */
static const SyscallGroup *find_group(const Row *row) {
        const SyscallGroup *best = NULL;
        size_t most = 0;

        for (const SyscallGroup *g = syscall_groups; g->name; g++) {
                size_t n = has_whole(row, g) ? count_left(row, g, false) : 0;

                if (n > most) {
                        best = g;
                        most = n;
                }
        }
        return best;
}

static void add(Text *text, const char *sign, const char *word) {
        text_add(text, text->size > 0 ? " " : "");
        text_add(text, sign);
        text_add(text, word);
}

static void add_row(char *const *words, size_t n, Row *row, Text *text) {
        _cleanup_free_ char *number = NULL;
        const SyscallGroup *group;
        size_t left = 0;

        for (size_t i = 0; i < n; i++) {
                const size_t place = (size_t) place_of(words[i], row->sign);

                row->has[place] = row->left[place] = true;
        }
        for (size_t i = n, end = n + row_length(words + n, "~"); !*row->sign && i < end; i++)
                row->has[place_of(words[i], "~")] = true;
        while ((group = find_group(row))) {
                add(text, row->sign, group->name);
                (void) count_left(row, group, true);
        }
        for (size_t i = 0; i < n_syscall_numbers; i++)
                left += row->left[i];
        number = left > 0 ? format("%zu calls", left) : NULL;
        if (number && left < n)
                add(text, "", "and");
        if (number)
                add(text, row->sign, number);
        text->failed |= left > 0 && !number;
}

void calls_add_brief(char *const *words, Text *text) {
        size_t n;

        for (; *words; words += n) {
                Row row = { .sign = **words == '~' ? "~" : "" };

                n = row_length(words, row.sign);
                if (n <= ROW_MAX) {
                        n = n ?: 1;
                        for (size_t i = 0; i < n; i++)
                                add(text, "", words[i]);
                        continue;
                }
                row.has = calloc(2 * n_syscall_numbers, sizeof(bool));
                row.left = row.has + n_syscall_numbers;
                if (row.has)
                        add_row(words, n, &row, text);
                text->failed |= !row.has;
                free(row.has);
        }
}
