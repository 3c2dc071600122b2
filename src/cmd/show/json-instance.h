/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "cmd/show/table.h"

/* An integer, or null if the value is not known. */
json_t *json_number(bool known, uint64_t value);

/* Makes the object for an instance that list, status and top share: "instance" of docs/isoctl.schema.json, without the
 * nested ones. Returns NULL if memory is short. */
json_t *json_instance(const Instance *i, const Usage *usage);
