/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/instance/instance.h"

/* Finds the running instances: instances_walk(), with the service managers of the system and of the caller as the
 * proof. If such a manager does not answer, one notice says so, and services of it do not count as instances. Other
 * users' managers are not asked, because they may be hostile. */
int instances_find(InstanceList *ret, Report *report);

/* The same, and measures each. */
int instances_find_measured(InstanceList *ret, Report *report);
