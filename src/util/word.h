/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* Takes the next word off *text, which is moved behind it, with the quoting of systemd.syntax(7): words are
 * separated by white space; '…' and "…" quote, also in the middle of a word; outside single quotes a backslash
 * starts a C escape (\a \b \f \n \r \t \v \\ \" \' \s \xHH \OOO \uXXXX \UXXXXXXXX). "\:" stays as it is, for
 * word_split_colons().
 *
 * Returns 1 with *ret (the caller frees it), 0 at the end of the text, -EINVAL for an unbalanced quote or an
 * unknown escape, -ENOMEM. */
int word_next(const char **text, char **ret);

/* All words of text as a string array. Returns 0 or as word_next(). */
int word_split(const char *text, char ***ret);

/* All of text with its escapes replaced, as word_next() does, and nothing else: quotes and white space stay. Returns
 * 0 with *ret on the heap, -EINVAL for an unknown escape, -ENOMEM. */
int word_unescape(const char *text, char **ret);

/* The fields of a word between its colons, "\:" being a colon of the field. Returns 0 or -ENOMEM. */
int word_split_colons(const char *word, char ***ret);

/* What word_write() doubles beside quoting, as who reads the word wants it. */
enum {
        WORD_PERCENT = 1 << 0, /* % of specifiers */
        WORD_DOLLAR = 1 << 1,  /* $ of a command's variables */
};

/* Writes text with each % doubled, for where a % begins a specifier. */
void percent_write(FILE *f, const char *text);

/* Writes word so that word_next(), and systemd, read the same again: in double quotes where that is needed, with
 * escapes for what is no plain character. "\:" stays as it is. */
void word_write(FILE *f, const char *word, unsigned flags);
