/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Guesses what was meant by a mistyped word. */

typedef struct Similar {
        const char *word;
        const char *found; /* borrowed from similar_try(); NULL: nothing is similar so far */
        unsigned distance; /* of found */
} Similar;

/* Compares word with one of the words that are right. After all of them, found is the most similar one: the fewest
 * characters differ, and at most a quarter of them, plus one. Upper and lower case are the same. If word lacks the
 * beginning of a candidate, up to its first "_", that counts as one character. */
void similar_try(Similar *s, const char *candidate);
