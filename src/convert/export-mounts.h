/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/exporter.h"

/* Writes what is seen inside. */
void export_mounts(Exporter *e);
