/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

int build_libraries(RootBuilder *rb);
