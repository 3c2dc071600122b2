/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* The directory of the credentials inside, on the heap. *ret is NULL if there are none. Returns 0 or -ENOMEM. */
int build_credentials_directory(const Builder *b, char **ret);

int build_credentials(RootBuilder *rb);
