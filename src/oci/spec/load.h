/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Reads BUNDLE/config.json. bundle is absolute. Returns 0 or -errno, reported. */
int spec_load(const char *bundle, Spec *ret, Report *report);
void spec_deinit(Spec *spec);
