/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "convert/import-model.h"

/* Finishes the import when all lines are known, because one line can make another one unnecessary. Returns 0 or
 * -ENOMEM. */
int import_finish(Import *import);
