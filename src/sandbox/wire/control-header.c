/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header is in a file of its own, so that the suites can build programs of another version by changing only this
 * file. */
#include "sandbox/wire/control.h"

const ControlHeader control_header = { "isorun", CONTROL_VERSION, ISORUN_VERSION };
