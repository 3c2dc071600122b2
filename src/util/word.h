/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* The meaning of a backslash in a word, in quotes and outside. */
typedef enum WordEscapes {
        WORD_STRICT, /* in policies: starts a C escape (\a \b \f \n \r \t \v \\ \" \' \s \xHH \OOO \uXXXX \UXXXXXXXX);
                      * "\:" stays unchanged, for word_split_colons(); another escape is an error */
        WORD_C,      /* in ExecStart= and Environment=: starts a C escape; another escape stays unchanged */
        WORD_PLAIN,  /* in the other lists of a unit: the next character has no special meaning */
        WORD_COLONS, /* in BindPaths= of a unit: like WORD_PLAIN, but a colon that is escaped or quoted becomes "\:",
                      * for word_split_colons() */
} WordEscapes;

/* Splits text into all its words. The quoting is that of systemd.syntax(7): white space separates words; '…' and "…"
 * quote, also in the middle of a word. The escapes are WORD_STRICT.
 *
 * Returns 0, -EINVAL for an unbalanced quote or an unknown escape, -E2BIG for more than 10000 words or a word of more
 * than 128 KiB, or -ENOMEM. */
int word_split(const char *text, char ***ret);

/* Does the same with other escapes. */
int word_split_as(const char *text, WordEscapes escapes, char ***ret);

/* Splits *text into the words of its first command, as systemd does for ExecStart=: a ";" that stands alone ends the
 * command, "\;" that stands alone is the word ";". Moves *text to the next command or the end. Returns 0 with *ret NULL
 * if there is no command, or the errors of word_split(). */
int word_split_command(const char **text, char ***ret);

/* Replaces "$$" with "$" in a word of a command, in place. Returns 0, or -EINVAL if systemd would replace a variable
 * here: "${" anywhere, or another "$" at the start. */
int word_resolve_dollars(char *word);

/* Replaces the escapes of text like word_split(), but keeps quotes and white space. Returns 0 with *ret on the heap,
 * -EINVAL for an unknown escape, -ENOMEM. */
int word_unescape(const char *text, char **ret);

/* Splits a word at its colons; "\:" becomes a colon inside a field. Returns 0 or -ENOMEM. */
int word_split_colons(const char *word, char ***ret);

/* Characters that word_write() also doubles, because the reader of the word gives them a meaning. */
enum {
        WORD_PERCENT = 1 << 0, /* begins a specifier */
        WORD_DOLLAR = 1 << 1,  /* begins a variable of a command */
};

/* Writes a text so that word_unescape() and specifiers leave it as it is: with the escapes of C, and each % doubled.
 * colons: with "\:". */
void literal_write(FILE *f, const char *text, bool colons);

/* Writes text with each % doubled, so that no % begins a specifier. */
void percent_write(FILE *f, const char *text);

/* Writes word so that word_split() and systemd read the same word again: with double quotes if it needs them, and with
 * escapes for control characters, backslashes and double quotes. "\:" stays unchanged. */
void word_write(FILE *f, const char *word, unsigned flags);
