/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Makes one allocation of the code under test fail. The linker puts these functions in place of malloc(3) and similar
 * (--wrap, see meson.build) in everything that is linked statically. So the project's own calls are counted, and those
 * inside libraries are not. */

#include <stdbool.h>
#include <stddef.h>

/* Makes the nth allocation from now on fail, counted from 1. 0: none fails. */
void memory_fail(size_t nth);

/* Stops this. Returns whether the nth allocation was reached. */
bool memory_failed(void);
