/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/exporter.h"

/* Writes the directives that are not mounts, and the filter. */
void export_values(Exporter *e);
