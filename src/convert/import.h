/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lines of a policy that the hardening lines of a systemd service come to: isoctl import. Pure: whether the lines can
 * be held on a machine is for the caller to find out, which drops those that cannot. */

#include "convert/import-model.h"

/* Reads a unit file, or a drop-in over what was read before. Returns as unit_file_parse(). */
int import_read(Import *import, const char *file, const char *text, size_t size, Report *report);

/* Makes the items and notes of the lines. Returns 0 or -ENOMEM. */
int import_convert(Import *import);

/* Puts the notes into the order of the unit's lines. */
void import_sort(Import *import);

/* The policy, on the heap: the lines in the order of the table of directives. The names of files are shown as they are.
 * NULL when memory runs out. */
char *import_compose(const Import *import);
