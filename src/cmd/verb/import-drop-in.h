/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import.h"

/* The name of the drop-in. It comes after others, so that none of them sets another ExecStart= unnoticed. */
#define DROP_IN_NAME "zz-isorun.conf"

/* Finds what belongs to the unit besides its files. unit_file is its main file. Returns 0 or -ENOMEM. */
int drop_in_prepare(Import *import, const char *unit_file);

/* Prints the drop-in and the policy or, if directory is not NULL, writes them below it. Returns 0 or -errno,
 * reported. */
int drop_in_write(const Import *import, const char *policy, const char *directory, Report *report);
