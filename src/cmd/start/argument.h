/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Turns arguments of the command line into lines of a policy. A relative path becomes absolute: it begins at the
 * working directory, or with "~" at the caller's home directory. Characters that a policy would take for a specifier, a
 * quote or the end of a word are escaped. Each function returns a string, which the caller frees, or NULL if memory is
 * short. */

/* KEY=VALUE of a policy. Overwrites the text of a SetCredential= where it stands in argv. */
char *argument_assignment(const char *assignment);

/* From SRC[:DEST][:OPTIONS], where SRC is a path or a name, to "Volume=…". Without DEST, a path is shown at the same
 * place. DEST begins with "/", "." or "~"; another word is the options. */
char *argument_volume(const char *volume);

/* To the "Volume=…" that shows the working directory at the same place. options may be NULL. */
char *argument_here(const char *options);

/* From NAME=VALUE to "Environment=…", from NAME to "PassEnvironment=…". */
char *argument_variable(const char *variable);

/* To "WorkingDirectory=…". "~" alone stays: the payload's home directory. */
char *argument_directory(const char *directory);

/* From directories or names with ":" between them, "none" or "image:…", to "RootDirectory=…". A word with a slash, or
 * with a dot as its first character, is a directory. */
char *argument_root(const char *root);

/* From NAME=SOURCE[:OPTIONS] to the same with an absolute SOURCE. */
char *argument_bind(const char *bind);
