/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What keeps a policy from being weaker than its unit. */

#include "convert/import-model.h"

/* Whether the line DynamicUser= says yes. */
bool import_is_dynamic(const Import *import);

/* Adds what DynamicUser= and the Protect…= lines of the unit take away from lines that are in the policy. Returns 0 or
 * -ENOMEM. */
int import_apply_implied(Import *import);

/* Whether the policy without the item is at least as strict. */
bool import_may_drop(const Import *import, const ImportItem *item);

/* Changes an item that the host refuses into one that is at least as strict. Returns 1, 0 if there is nothing such, or
 * -ENOMEM. */
int import_replace(Import *import, ImportItem *item);
