/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Says why --here does not show a directory (a resolved path): as a home directory or one above, it has more than a
 * command needs. NULL if it may be shown. */
const char *too_much_to_show(const char *here);
