/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>

#include "cmd/instance/ended.h"
#include "cmd/instance/instance.h"
#include "util/report.h"

/* What isoctl status --json says about a running instance, which it asks. Adds an object to the array. Returns 0 or
 * -errno, reported. */
int status_json_add(json_t *array, const InstanceList *list, const Instance *i, Report *report);

/* The same for an instance that has ended. */
int status_json_add_ended(json_t *array, const Ended *ended, Report *report);

/* Asks the instance for the summary of its plan, and sets it in the object. Returns 0 or -errno, reported. */
int status_json_add_summary(json_t *object, const Instance *i, Report *report);
