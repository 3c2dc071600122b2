/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of policies that isoctl new and isoctl edit write. A file is written beside its place, checked there, and
 * moved. */

#include "util/report.h"

/* The caller's own directory of policies: /etc/isorun/policies for root, otherwise that below $XDG_CONFIG_HOME or
 * ~/.config. *ret is on the heap. Returns 0 or -errno, reported. */
int policy_file_directory(char **ret, Report *report);

/* Makes directory, and those above it. Returns 0 or -errno, reported. */
int policy_file_make_directory(const char *directory, Report *report);

/* Writes text to a new file in directory, with a name that no policy can have. It gets the mode and owner of the file
 * like; 0644 if there is no such file; if like is NULL, only the caller can read it. *ret, its path, is on the heap.
 * Returns 0 or -errno, reported. */
int policy_file_write(const char *directory, const char *text, const char *like, char **ret, Report *report);

/* Makes a directory in directory, with a name that no policy can have, for the caller alone. *ret is on the heap.
 * Returns 0 or -errno, reported. */
int policy_file_make_scratch(const char *directory, char **ret, Report *report);

/* Says which files and directories of isoctl are left in directory, because a command was killed or its text was not
 * good. No start reads them. They may have work of the user, or belong to a command that runs, so they stay. */
void policy_file_say_left(const char *directory, Report *report);

/* Whether a policy of this name exists, valid or not. Returns 1, 0 or -ENOMEM, reported. */
int policy_file_exists(const char *spec, Report *report);

/* Checks a policy as isoctl check does. before, if not NULL, is a directory in which names are looked up first. Returns
 * whether it is valid and works here; if not, that is reported. */
bool policy_file_check(const char *spec, const char *before, Report *report);

/* Moves file to target, which must not exist if is_new is set. Returns 0 or -errno, reported. */
int policy_file_move(const char *file, const char *target, bool is_new, Report *report);
