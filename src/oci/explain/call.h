/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/explain/bundle.h"

/* What the filter of config.json answers to a system call. */
int bundle_why_call(Bundle *bundle, const WhyQuestion *question, WhyAnswer *answer);
