/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What stands on a command line, in the form that a policy has: a relative path becomes absolute, and what a policy
 * would take for a specifier, a quote or the end of a word is protected. Each returns a string on the heap, or NULL
 * when memory runs out. */

/* SRC:DEST[:OPTIONS], SRC a path or a name: "Volume=…" */
char *argument_volume(const char *volume);

/* Directories or names with ":" between, or "none": "RootDirectory=…". What has no slash is a name. */
char *argument_root(const char *root);

/* NAME=SOURCE[:OPTIONS]: the same, with an absolute SOURCE */
char *argument_bind(const char *bind);
