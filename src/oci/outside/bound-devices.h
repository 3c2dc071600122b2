/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Where the container's root may not make devices, the host's are bound, and a bound file keeps its owner and mode. For
 * each device of config.json for which these differ from what it says, gives a notice. */
void bound_devices_tell(const Spec *spec, Report *report);
