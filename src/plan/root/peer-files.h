/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* With ConnectTo=, wants the files with which programs find names: /etc/resolv.conf and /etc/hosts. */
int build_peer_files(RootBuilder *rb);
