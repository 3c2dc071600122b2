/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lets one allocation of the code under test fail. The linker puts these in front of malloc(3) and its kin (--wrap, see
 * meson.build), in what is linked statically: the project's own calls are counted, those within libraries are not. */

#include <stdbool.h>
#include <stddef.h>

/* The nth allocation from now on fails, the first being 1. 0: none does. */
void memory_fail(size_t nth);

/* Ends it. Returns whether the nth was reached. */
bool memory_failed(void);
