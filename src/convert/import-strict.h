/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps a policy from being weaker than its unit. */

#include "convert/import-model.h"

/* Whether the unit has DynamicUser=yes, for the system's manager. */
bool import_is_dynamic(const Import *import);

/* Applies what DynamicUser=, PrivateDevices= and the Protect…= lines of the unit take away to the other lines of the
 * policy. Returns 0 or -ENOMEM. */
int import_apply_implied(Import *import);

/* Whether the policy is not weaker without the item. */
bool import_may_drop(const Import *import, const ImportItem *item);

/* Changes an item that the host refuses into another one that is at least as strict. Returns 1, 0 if there is no such
 * item, or -ENOMEM. */
int import_replace(Import *import, ImportItem *item);
