/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl import --drop-in: a drop-in that puts isorun before the commands of a service. Everything else of the unit
 * stays: the policy needs only the lines that concern the sandbox, and those that the drop-in removes. */

#include "convert/import-model.h"
#include "policy/unit-line.h"

/* Whether isorun runs as root in this unit. Otherwise it runs as the unit's User=. */
bool wrap_is_root(const Import *import);

/* Whether the line stays in force for the command, because systemd applies it to isorun, which passes it on, or
 * because the policy has something stricter. known: its row in unit_lines, or NULL. */
bool wrap_keeps(const ImportLine *line, const UnitLine *known);

/* Adds what the service needs besides the lines of its unit: its directories, its variables, the journal's socket, and
 * for root the usual capabilities. paths are directories and secrets that belong to the service. Returns 0 or
 * -ENOMEM. */
int wrap_open(Import *import, char *const *paths);

/* Returns the text of the drop-in, on the heap. NULL when memory runs out. isorun and isoctl are the paths of the
 * programs, policy is the policy's name. */
char *wrap_compose(const Import *import, const char *isorun, const char *isoctl, const char *policy);
