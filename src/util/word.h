/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* Takes the next word from *text, and moves *text past it. The quoting is that of systemd.syntax(7): white space
 * separates words; '…' and "…" quote, also in the middle of a word; outside single quotes a backslash starts a C escape
 * (\a \b \f \n \r \t \v \\ \" \' \s \xHH \OOO \uXXXX \UXXXXXXXX). "\:" stays unchanged, for word_split_colons().
 *
 * Returns 1 with *ret (the caller frees it), 0 at the end of the text, -EINVAL for an unbalanced quote or an unknown
 * escape, -ENOMEM. */
int word_next(const char **text, char **ret);

/* Splits text into all its words. Returns 0, or the errors of word_next(). */
int word_split(const char *text, char ***ret);

/* Replaces the escapes of text like word_next(), but keeps quotes and white space. Returns 0 with *ret on the heap,
 * -EINVAL for an unknown escape, -ENOMEM. */
int word_unescape(const char *text, char **ret);

/* Splits a word at its colons; "\:" becomes a colon inside a field. Returns 0 or -ENOMEM. */
int word_split_colons(const char *word, char ***ret);

/* Characters that word_write() also doubles, because the reader of the word gives them a meaning. */
enum {
        WORD_PERCENT = 1 << 0, /* begins a specifier */
        WORD_DOLLAR = 1 << 1,  /* begins a variable of a command */
};

/* Writes text with each % doubled, so that no % begins a specifier. */
void percent_write(FILE *f, const char *text);

/* Writes word so that word_next() and systemd read the same word again: with double quotes if it needs them, and with
 * escapes for control characters, backslashes and double quotes. "\:" stays unchanged. */
void word_write(FILE *f, const char *word, unsigned flags);
