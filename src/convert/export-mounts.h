/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/exporter.h"

/* Writes the lines that decide which files the service sees. */
void export_mounts(Exporter *e);
