/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"

/* The last system call that a filter names, of an architecture. */
typedef struct NewestCall {
        uint32_t architecture; /* AUDIT_ARCH_* */
        int number;
} NewestCall;

/* Puts instructions before the program of ret, by which calls that are newer than the last one get ENOSYS: a C library
 * tries the older call only then. Returns 0 or -ENOMEM. */
int filter_answer_newer(Spec *ret, const NewestCall *newest, size_t n);
