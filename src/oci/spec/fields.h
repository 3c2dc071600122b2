/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/place.h"

/* Compares a config.json with the table of fields, fields.inc: a value of the wrong kind and a field that isorun-oci
 * refuses are errors, and an ignored field is a notice. After this, each value that is there has the kind of its row.
 * below is the path of the object in config.json: "", or "/process" for the process of exec. Returns 0 or -errno,
 * reported. */
int fields_check(const Place *place, const char *below);
