/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import-model.h"

/* Does what needs all lines: one line can make another one needless. Returns 0 or -ENOMEM. */
int import_finish(Import *import);
