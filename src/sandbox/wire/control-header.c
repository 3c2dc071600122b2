/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In a file of its own, so that all others read it, and the suites can make programs of another version by changing it. */
#include "sandbox/wire/control.h"

const ControlHeader control_header = { "isorun", CONTROL_VERSION, ISORUN_VERSION };
