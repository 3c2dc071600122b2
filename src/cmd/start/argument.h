/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Turns arguments of the command line into lines of a policy. A relative path becomes absolute, and characters that a
 * policy would take for a specifier, a quote or the end of a word are escaped. Each function returns a string, which
 * the caller frees, or NULL if memory is short. */

/* From SRC:DEST[:OPTIONS], where SRC is a path or a name, to "Volume=…". */
char *argument_volume(const char *volume);

/* From directories or names with ":" between them, or "none", to "RootDirectory=…". A word with a slash, or with a dot
 * as its first character, is a directory. */
char *argument_root(const char *root);

/* From NAME=SOURCE[:OPTIONS] to the same with an absolute SOURCE. */
char *argument_bind(const char *bind);
