/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/explain/bundle.h"

/* What the command gets when it uses a path of the container's root. */
int bundle_why_file(Bundle *bundle, const WhyQuestion *question, WhyAnswer *answer);
