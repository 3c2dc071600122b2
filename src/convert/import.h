/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl import: turns the hardening lines of a systemd service into a policy. It does not look at the machine: the
 * caller checks whether this machine can enforce the policy, and drops what it cannot. */

#include "convert/import-model.h"

/* Reads a unit file or one of its drop-ins, in the order in which systemd reads them. Returns the errors of
 * unit_file_parse(). */
int import_read(Import *import, const char *file, const char *text, size_t size, Report *report);

/* Converts all lines into items and notes. Returns 0 or -ENOMEM. */
int import_convert(Import *import);

/* Sorts the notes by the unit's files and lines. */
void import_sort(Import *import);

/* Returns the text of the policy, on the heap, with its lines in the order of the directive table. NULL when memory
 * runs out. */
char *import_compose(const Import *import);
